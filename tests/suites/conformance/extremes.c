// SPDX-License-Identifier: BSD-2-Clause
/*
 * The ends of what fields can hold, where devices that take fewer bits go wrong: virtio 1.4 sections
 * 5.13.6 and 4.1.4.3, 4.2.2. First and last bytes of mappings are in edge.c.
 */
#include "lib/array/array.h"
#include "tests/framework/memory.h"
#include "tests/framework/properties.h"
#include "tests/framework/state.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.extremes"

#define NEEDS         (NEEDS_DMA | NEEDS_MAP_UNMAP)
#define INDICES       65536u
#define FIRST_INDICES 2048
#define ENOUGH_NS     10000000000ull /* for the others */
#define USUAL_GRANULE 0x200000
#define PAGES         3
#define FAR_BIT       41 /* of a physical address where no machine has memory */

/* Where so many bytes can be mapped, of which the last is one that may be reached; else skips. */
static uint64_t room_for(struct test *test, const struct scene *s, uint64_t size)
{
    uint64_t last = scene_last(test, s), at = (last - size + 1) & -memory_unit(test);

    if (last < size || !addresses_can_be_mapped(test, at, at + size - 1))
        at = s->at;
    if (at + (size - 1) < at || at + (size - 1) > last ||
        !addresses_can_be_mapped(test, at, at + size - 1) ||
        (s->engine->footprint < at + size && s->engine->footprint + s->engine->footprint_size > at))
        skip(test, "no 0x%llx bytes in a row can be mapped", (unsigned long long)size);
    return at;
}

/*
 * A device that takes the lower bits of a length maps its first granule, or nothing: what is behind that
 * shows it by a transfer, its end by requests, as no memory is that large.
 */
static void judge_long(struct test *test, uint64_t length_bits, unsigned units)
{
    uint64_t unit = memory_unit(test), size = length_bits + units * unit;
    struct scene s = scene_new(test, fixture_engine(test), PAGES);
    uint64_t at = room_for(test, &s, size), granule = viommu_granule(fixture_iommu(test));
    uint64_t last = at + (size - 1);
    uint32_t length = transfer_length(s.engine);

    require_ok(test, viommu_map(s.domain, at, last, target_physical(&s.target), READ_WRITE));
    for (uint32_t page = 0; page < PAGES; page++)
        expect_write_lands(test, IOMMU_MAP_P03, s.engine, at + page * unit, &s.target,
                           page * (uint32_t)unit, length);
    expect_refusal(test, IOMMU_MAP_D07, IOMMU_MAP_D08,
                   viommu_map(s.domain, last - granule + 1, last, 0, READ_WRITE),
                   VIRTIO_IOMMU_S_INVAL);
    expect_refusal(test, IOMMU_UNMAP_P04, IOMMU_UNMAP_D06,
                   viommu_unmap(s.domain, at, at + granule - 1), VIRTIO_IOMMU_S_RANGE);
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, at, &s.target, 0, length); /* still */
    expect_status(test, IOMMU_UNMAP_P05, viommu_unmap(s.domain, at, last), VIRTIO_IOMMU_S_OK);
    expect_write_denied(test, IOMMU_UNMAP_P02, s.engine, at, &s.target, length);
    scene_end(test, &s);
}

TEST(mapping_of_4_gib,
     .clauses = CLAUSES(IOMMU_MAP_P03, IOMMU_MAP_D07, IOMMU_UNMAP_P04, IOMMU_UNMAP_P05,
                        IOMMU_UNMAP_P02),
     .needs = NEEDS)
{
    judge_long(test, 1ull << 32, 0);
}

TEST(mapping_of_4_gib_and_a_page,
     .clauses = CLAUSES(IOMMU_MAP_P03, IOMMU_MAP_D07, IOMMU_UNMAP_P04, IOMMU_UNMAP_P05,
                        IOMMU_UNMAP_P02),
     .needs = NEEDS)
{
    judge_long(test, 1ull << 32, 1);
}

TEST(mapping_of_2_to_the_40_and_a_page,
     .clauses = CLAUSES(IOMMU_MAP_P03, IOMMU_MAP_D07, IOMMU_UNMAP_P04, IOMMU_UNMAP_P05,
                        IOMMU_UNMAP_P02),
     .needs = NEEDS)
{
    judge_long(test, 1ull << 40, 1);
}

/* A target that differs in a high bit is elsewhere: where it is cut off, the write arrives here. */
TEST(high_bits_of_the_target_count, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS,
     .limit_s = 30)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    unsigned tried = 0;

    for (unsigned bit = FAR_BIT; bit < 64; bit += 4) {
        struct viommu_request map =
            viommu_map(s.domain, s.at, s.at + memory_unit(test) - 1,
                       target_physical(&s.target) ^ 1ull << bit, READ_WRITE);

        if (submit(test, &map).status != VIRTIO_IOMMU_S_OK)
            continue; /* 5.13.6.5.1: it need not accept what is no memory */
        expect_write_denied(test, IOMMU_MAP_P03, s.engine, s.at, &s.target,
                            transfer_length(s.engine));
        require_ok(test, viommu_unmap(s.domain, s.at, s.at + memory_unit(test) - 1));
        tried++;
    }
    if (!tried)
        skip(test, "the device maps to no address without memory");
}

/*
 * A granule for which a machine has no memory, as page_size_mask shows it in another byte order: what
 * is smaller must be refused, as in map.c.
 */
TEST(half_of_a_huge_granule_is_refused, .clauses = CLAUSES(IOMMU_MAP_D01, IOMMU_MAP_D02),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint64_t granule = viommu_granule(fixture_iommu(test)), at;

    if (granule <= USUAL_GRANULE)
        skip(test, "the granule is 0x%llx bytes, not more than 0x%x", (unsigned long long)granule,
             USUAL_GRANULE);
    at = free_iova(test);
    require_attach(test, 0, 0);
    expect_refusal(
        test, IOMMU_MAP_D01, IOMMU_MAP_D02,
        viommu_map(fixture_domain(test, 0), at + granule / 2, at + granule - 1, 0, READ_WRITE),
        VIRTIO_IOMMU_S_RANGE);
}

/* Ids that differ in one bit, whichever it is, are two domains: what one maps is free in the other. */
TEST(every_bit_of_a_domain_counts, .clauses = CLAUSES(IOMMU_ATTACH_P05),
     .needs = NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP)
{
    const struct viommu *viommu = fixture_iommu(test);
    bool ranged = viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE);
    uint32_t first = fixture_domain(test, 0);
    uint32_t last = ranged ? viommu->config.domain_range.end : UINT32_MAX;
    uint64_t at = free_iova(test), end = at + viommu_granule(viommu) - 1;
    unsigned tried = 0;

    require_attach(test, 0, 0);
    require_ok(test, viommu_map(first, at, end, at, READ_WRITE));
    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t other = first ^ 1u << bit;

        if (other > last || other < first)
            continue;
        require_ok(test, viommu_attach(other, fixture_endpoint_id(test, 1), 0));
        expect(test, IOMMU_ATTACH_P05, !is_mapped(test, other, at, end),
               "domain %u has a mapping of domain %u", (unsigned)other, (unsigned)first);
        require_ok(test, viommu_map(other, at, end, at, READ_WRITE));
        require_ok(test, viommu_detach(other, fixture_endpoint_id(test, 1)));
        expect(test, IOMMU_ATTACH_P05, is_mapped(test, first, at, end),
               "domain %u has lost a mapping with domain %u", (unsigned)first, (unsigned)other);
        tried++;
    }
    if (!tried)
        skip(test, "no id of domain_range differs in one bit from %u", (unsigned)first);
}

/* 0, 2^31 and 2^32 - 1 at once: as signed numbers, or as a mark for none, they are special. */
TEST(special_domain_ids_are_ids, .clauses = CLAUSES(IOMMU_ATTACH_P01),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    static const uint32_t ids[] = {0, 1u << 31, (1u << 31) - 1, UINT32_MAX, UINT32_MAX - 1};
    const struct viommu *viommu = fixture_iommu(test);
    bool ranged = viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE);
    uint64_t at = free_iova(test), end = at + viommu_granule(viommu) - 1;
    unsigned tried = 0;

    for (unsigned i = 0; i < ARRAY_LENGTH(ids); i++) {
        if (ranged && (ids[i] < viommu->config.domain_range.start ||
                       ids[i] > viommu->config.domain_range.end))
            continue;
        expect_status(test, IOMMU_ATTACH_P01,
                      viommu_attach(ids[i], fixture_endpoint_id(test, 0), 0), VIRTIO_IOMMU_S_OK);
        expect_status(test, IOMMU_ATTACH_P01, viommu_map(ids[i], at, end, at, READ_WRITE),
                      VIRTIO_IOMMU_S_OK);
        expect_status(test, IOMMU_ATTACH_P01, viommu_detach(ids[i], fixture_endpoint_id(test, 0)),
                      VIRTIO_IOMMU_S_OK);
        tried++;
    }
    if (!tried)
        skip(test, "domain_range has none of them");
}

/* The first ones, and those beside a power of two. */
static bool is_telling(uint32_t queue)
{
    uint32_t beside = (queue + 1) & queue;

    return queue < FIRST_INDICES || !beside || !(queue & (queue - 1)) ||
           !((queue - 1) & (queue - 2));
}

/*
 * Every index that the register can name, each after one that exists: a device that does not take an
 * index keeps the queue that was selected before. Where an access takes milliseconds there is time for
 * some only, and the telling ones come first.
 */
TEST(only_queues_that_exist_have_a_size, .clauses = CLAUSES(PCI_COM_D14, MMIO_REG_P03),
     .needs = NEEDS_IOMMU, .limit_s = 60)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    uint32_t count = transport->ops->queue_count(transport);
    unsigned wrong = 0, first = INDICES, looked = 0;
    uint64_t start = arch_now_ns();

    for (uint32_t i = 0; i < 2 * INDICES; i++) {
        uint32_t queue = i % INDICES;

        if (queue < count || is_telling(queue) != (i < INDICES) ||
            (i >= INDICES && arch_now_ns() - start > ENOUGH_NS))
            continue;
        looked++;
        transport->ops->queue_size(transport, 0);
        if (!transport->ops->queue_size(transport, (uint16_t)queue))
            continue;
        wrong++;
        first = queue < first ? queue : first;
    }
    if (looked < INDICES - count)
        note(test, "%u of %u indices were looked at, as it takes long here", looked,
             (unsigned)(INDICES - count));
    expect(test, fixture_clause(test, PCI_COM_D14, MMIO_REG_P03), !wrong,
           "%u queues that do not exist have a size, the first is %u", wrong, first);
}

/* With the feature the flag is one of MAP's, and a mapping with it is a mapping. */
TEST(mmio_flag_maps, .clauses = CLAUSES(IOMMU_MAP_P08, IOMMU_MAP_D07, IOMMU_MAP_P03),
     .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    uint32_t length = transfer_length(s.engine);

    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MMIO))
        skip(test, "VIRTIO_IOMMU_F_MMIO is not offered");
    if (!expect_status(test, IOMMU_MAP_P08,
                       viommu_map(s.domain, s.at, s.at + memory_unit(test) - 1,
                                  target_physical(&s.target), READ_WRITE | VIRTIO_IOMMU_MAP_F_MMIO),
                       VIRTIO_IOMMU_S_OK))
        return;
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at, &s.target, 0, length);
    expect_refused(test, IOMMU_MAP_D07,
                   viommu_map(s.domain, s.at, s.at + memory_unit(test) - 1,
                              target_physical(&s.target), READ_WRITE));
}

/* With MMIO alone it allows nothing: no write without WRITE. */
TEST(mmio_flag_does_not_let_writes_through, .clauses = CLAUSES(IOMMU_MAP_D15), .needs = NEEDS)
{
    static const uint32_t flags[] = {VIRTIO_IOMMU_MAP_F_MMIO,
                                     VIRTIO_IOMMU_MAP_F_MMIO | VIRTIO_IOMMU_MAP_F_READ};
    struct scene s = scene_new(test, fixture_engine(test), 1);
    unsigned tried = 0;

    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MMIO))
        skip(test, "VIRTIO_IOMMU_F_MMIO is not offered");
    for (unsigned i = 0; i < ARRAY_LENGTH(flags); i++) {
        struct viommu_request map = viommu_map(s.domain, s.at, s.at + memory_unit(test) - 1,
                                               target_physical(&s.target), flags[i]);

        if (submit(test, &map).status != VIRTIO_IOMMU_S_OK)
            continue;
        tried++;
        expect_write_denied(test, IOMMU_MAP_D15, s.engine, s.at, &s.target,
                            transfer_length(s.engine));
        require_ok(test, viommu_unmap(s.domain, s.at, s.at + memory_unit(test) - 1));
    }
    if (!tried)
        skip(test, "the device accepts no mapping with MMIO and without WRITE");
}

/*
 * Not negotiated, the flag is refused or does what it says; submit() proves which. It must not be
 * taken for another one.
 */
TEST(mmio_flag_without_the_feature, .clauses = CLAUSES(IOMMU_MAP_P08), .needs = NEEDS)
{
    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_IOMMU_F_MMIO));

    struct scene s = scene_new(test, fixture_engine(test), 1);
    struct viommu_request map =
        viommu_map(s.domain, s.at, s.at + memory_unit(test) - 1, target_physical(&s.target),
                   READ_WRITE | VIRTIO_IOMMU_MAP_F_MMIO);
    struct viommu_reply reply = submit(test, &map);

    expect(test, IOMMU_MAP_P08,
           reply.status == VIRTIO_IOMMU_S_OK || reply.status == VIRTIO_IOMMU_S_INVAL ||
               reply.status == VIRTIO_IOMMU_S_UNSUPP,
           "MAP with MMIO, which was not negotiated: %s, expected OK, INVAL or UNSUPP",
           viommu_status_text(reply.status));
}

/*
 * Every length of the readable part below that of the request: never OK, never a property, and the
 * device goes on. A device may ask for a reset.
 */
TEST(probe_of_every_readable_length, .clauses = CLAUSES(IOMMU_OP_P03, IOMMU_OP_P02, IOMMU_OP_P01),
     .needs = NEEDS_ENDPOINT | NEEDS_PROBE, .limit_s = 60, .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    const struct virtio_iommu_req_probe request = {.head.type = VIRTIO_IOMMU_T_PROBE,
                                                   .endpoint = fixture_endpoint_id(test, 0)};
    uint32_t size = viommu->config.probe_size + (uint32_t)sizeof(struct virtio_iommu_req_tail);
    uint8_t *bytes = properties_area(test);

    for (uint32_t length = 1; length < sizeof(request); length++) {
        struct viommu_reply reply = viommu_submit_malformed(viommu, &request, length, bytes, size);

        if (reply.outcome == VIOMMU_FULL)
            skip(test, "the request queue has no room for a PROBE");
        if (reply.outcome > VIOMMU_UNWRITTEN) {
            expect(test, IOMMU_OP_P01, viommu_needs_reset(viommu),
                   "PROBE of %u bytes does not come back", (unsigned)length);
            fixture_restart(test, test->fixture->features);
            continue;
        }
        expect(test, IOMMU_OP_P03, reply.status != VIRTIO_IOMMU_S_OK,
               "PROBE succeeds with %u of its %u bytes", (unsigned)length,
               (unsigned)sizeof(request));
        expect(test, IOMMU_OP_P02, !reply.out_of_bounds,
               "PROBE of %u bytes: a byte outside the reply was changed", (unsigned)length);
    }
    waive(test, IOMMU_OP_P03, "the device asks for a reset");
    waive(test, IOMMU_OP_P02, "the device asks for a reset");
    probe(test, fixture_endpoint_id(test, 0));
}
