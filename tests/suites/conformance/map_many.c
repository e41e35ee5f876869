// SPDX-License-Identifier: BSD-2-Clause
/* MAP of many mappings, and of a very long one: virtio 1.4 section 5.13.6.5. */
#include "lib/array/array.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.map"

#define NEEDS (NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)

#define MANY 1000u /* mappings */

/* A domain, and two targets; what leads to them is proven by DMA, where there is an engine. */
struct many {
    struct dma_engine *engine; /* or NULL */
    struct target targets[2];  /* of the first and of the last mapping */
    uint32_t domain;
    uint64_t at, unit;
};

/* With `size` bytes to map. */
static struct many many_new(struct test *test, uint64_t size)
{
    uint64_t unit = memory_unit(test);
    struct many many = {.engine = fixture_writer(test, 0),
                        .domain = fixture_domain(test, 0),
                        .at = free_iova_of(test, size),
                        .unit = unit};

    if (many.engine && !footprint_can_be_mapped(test, many.engine))
        many.engine = NULL;
    for (unsigned i = 0; i < ARRAY_LENGTH(many.targets); i++)
        many.targets[i] = target_new(test, 1);
    if (many.engine) {
        prepare_engine(test, many.engine);
        attach_engine(test, many.domain, many.engine);
    } else {
        require_attach(test, 0, 0);
    }
    return many;
}

/* MAP of unit n. */
static struct viommu_request map_of_many(struct test *test, const struct many *many, unsigned n)
{
    uint64_t first = many->at + n * many->unit;
    uint64_t physical =
        n == 0 ? target_physical(&many->targets[0])
        : n == 2 * (MANY - 1)
            ? target_physical(&many->targets[1])
            : memory_unused(test, n, many->unit / viommu_granule(fixture_iommu(test)));

    return viommu_map(many->domain, first, first + many->unit - 1, physical, READ_WRITE);
}

static void map_many(struct test *test, const struct many *many)
{
    for (unsigned i = 0; i < MANY; i++) {
        struct viommu_request request = map_of_many(test, many, 2 * i);
        struct viommu_reply reply = submit(test, &request);

        if (reply.status == VIRTIO_IOMMU_S_NOMEM)
            skip(test, "the device has room for %u mappings", i);
        require(test, IOMMU_OP_D01, reply.status == VIRTIO_IOMMU_S_OK,
                "mapping %u: %s, expected OK", i, viommu_reply_text(&reply));
    }
}

/* By DMA: the first and the last mapping lead where they should, what is between them nowhere. */
static void judge_transfers(struct test *test, const struct many *many, bool is_mapped)
{
    const unsigned ends[] = {0, 2 * (MANY - 1)};

    for (unsigned i = 0; many->engine && i < ARRAY_LENGTH(ends); i++) {
        uint64_t at = many->at + ends[i] * many->unit;
        uint32_t length = transfer_length(many->engine);

        if (is_mapped)
            expect_write_lands(test, IOMMU_MAP_P03, many->engine, at, &many->targets[i], 0, length);
        else
            expect_write_denied(test, IOMMU_UNMAP_D08, many->engine, at, &many->targets[i], length);
        expect_write_denied(test, IOMMU_MAP_P04, many->engine, at + many->unit, &many->targets[i],
                            length);
    }
}

/*
 * With gaps, so that they cannot be merged. Catches a table of fixed size that drops entries
 * silently, or in which they collide; a device that runs out of room says NOMEM.
 */
TEST(thousand_mappings,
     .clauses = CLAUSES(IOMMU_UNMAP_D08, IOMMU_MAP_P01, IOMMU_MAP_P03, IOMMU_MAP_D07,
                        IOMMU_MAP_P02),
     .needs = NEEDS, .limit_s = 60, .requests = 1000)
{
    struct many many = many_new(test, 2 * MANY * memory_unit(test));

    waive(test, IOMMU_MAP_P03, "no DMA engine writes");
    map_many(test, &many);
    expect(test, IOMMU_MAP_P01, is_mapped(test, many.domain, many.at, many.at + many.unit - 1),
           "the first of many mappings is not there any more");
    expect_refused(test, IOMMU_MAP_D07, map_of_many(test, &many, MANY));
    expect_status(test, IOMMU_MAP_P02, map_of_many(test, &many, MANY + 1), VIRTIO_IOMMU_S_OK);
    judge_transfers(test, &many, true);
    expect_status(test, IOMMU_UNMAP_D08,
                  viommu_unmap(many.domain, many.at, many.at + 2 * MANY * many.unit - 1),
                  VIRTIO_IOMMU_S_OK);
    for (unsigned i = 0; i < 2 * MANY; i += MANY / 10)
        expect(test, IOMMU_UNMAP_D08,
               !is_mapped(test, many.domain, many.at + i * many.unit,
                          many.at + (i + 1) * many.unit - 1),
               "unit %u of %u is still mapped", i, 2 * MANY);
    judge_transfers(test, &many, false);
}

#define GIBIBYTES_4 (4ull << 30)

/* MAP of 4 GiB and a unit, of which the first unit leads to the target: there is not more RAM. */
static void map_gibibytes(struct test *test, const struct many *many)
{
    const struct viommu_request request =
        viommu_map(many->domain, many->at, many->at + GIBIBYTES_4 + many->unit - 1,
                   target_physical(&many->targets[0]), READ_WRITE);
    struct viommu_reply reply = submit(test, &request);

    if (reply.status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device does not map 4 GiB to what is not all memory: %s",
             viommu_reply_text(&reply));
}

static void expect_unit_mapped(struct test *test, enum clause clause, const struct many *many,
                               uint64_t offset, bool mapped)
{
    uint64_t first = many->at + offset;

    expect(test, clause, is_mapped(test, many->domain, first, first + many->unit - 1) == mapped,
           "0x%llx from the start of a mapping of 4 GiB and a granule: %s, expected %s",
           (unsigned long long)offset, mapped ? "not mapped" : "mapped",
           mapped ? "mapped" : "not mapped");
}

/* Catches lengths of 32 bits: at the start, at both sides of 4 GiB, and behind the end. */
TEST(more_than_4_gib, .clauses = CLAUSES(IOMMU_MAP_P02, IOMMU_UNMAP_D08), .needs = NEEDS)
{
    struct many many = many_new(test, GIBIBYTES_4 + 2 * memory_unit(test));
    const uint64_t inside[] = {0, many.unit, GIBIBYTES_4 / 2, GIBIBYTES_4 - many.unit, GIBIBYTES_4};

    map_gibibytes(test, &many);
    for (unsigned i = 0; i < ARRAY_LENGTH(inside); i++)
        expect_unit_mapped(test, IOMMU_MAP_P02, &many, inside[i], true);
    expect_unit_mapped(test, IOMMU_MAP_P02, &many, GIBIBYTES_4 + many.unit, false);
    if (many.engine)
        expect_write_lands(test, IOMMU_MAP_P02, many.engine, many.at, &many.targets[0], 0,
                           transfer_length(many.engine));
    require_ok(test, viommu_unmap(many.domain, many.at, many.at + GIBIBYTES_4 + many.unit - 1));
    for (unsigned i = 0; i < ARRAY_LENGTH(inside); i++)
        expect_unit_mapped(test, IOMMU_UNMAP_D08, &many, inside[i], false);
    if (many.engine)
        expect_write_denied(test, IOMMU_UNMAP_D08, many.engine, many.at, &many.targets[0],
                            transfer_length(many.engine));
}
