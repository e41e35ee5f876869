// SPDX-License-Identifier: BSD-2-Clause
/* UNMAP: virtio 1.4 section 5.13.6.6, with its seven numbered examples. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.unmap"

#define NEEDS (NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)

/*
 * The examples of the specification count addresses; here each stands for one granule, from
 * `origin` on.
 */
struct scale {
    struct test *test;
    uint32_t domain;
    uint64_t origin, granule;
};

static struct scale attached(struct test *test)
{
    require_attach(test, 0, 0);
    return (struct scale){.test = test,
                          .domain = fixture_domain(test, 0),
                          .origin = free_iova(test),
                          .granule = viommu_granule(fixture_iommu(test))};
}

static uint64_t first_of(const struct scale *scale, unsigned n)
{
    return scale->origin + n * scale->granule;
}

static uint64_t last_of(const struct scale *scale, unsigned n)
{
    return first_of(scale, n + 1) - 1;
}

/* Where a mapping leads does not matter here. */
static void map(const struct scale *scale, unsigned first, unsigned last)
{
    require_ok(scale->test,
               viommu_map(scale->domain, first_of(scale, first), last_of(scale, last),
                          memory_unused(scale->test, first, last - first + 1), READ_WRITE));
}

static struct viommu_request unmap(const struct scale *scale, unsigned first, unsigned last)
{
    return viommu_unmap(scale->domain, first_of(scale, first), last_of(scale, last));
}

/* Asks by MAP, which is refused over what is mapped: translation.c looks by DMA. */
static void expect_mapped(const struct scale *scale, enum clause clause, unsigned first,
                          unsigned last, bool mapped)
{
    bool found =
        is_mapped(scale->test, scale->domain, first_of(scale, first), last_of(scale, last));

    expect(scale->test, clause, found == mapped, "granules %u to %u are %s, expected %s", first,
           last, found ? "mapped" : "not mapped", mapped ? "mapped" : "not mapped");
}

static void expect_all_gone(const struct scale *scale, enum clause clause, unsigned last)
{
    for (unsigned i = 0; i <= last; i++)
        expect_mapped(scale, clause, i, i, false);
}

/* Drivers unmap whole ranges without a list of what is there. */
TEST(example_1_nothing_mapped, .clauses = CLAUSES(IOMMU_UNMAP_E01), .needs = NEEDS)
{
    struct scale scale = attached(test);

    expect_status(test, IOMMU_UNMAP_E01, unmap(&scale, 0, 4), VIRTIO_IOMMU_S_OK);
}

TEST(example_2_exactly_one_mapping, .clauses = CLAUSES(IOMMU_UNMAP_E02), .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 0, 9);
    expect_status(test, IOMMU_UNMAP_E02, unmap(&scale, 0, 9), VIRTIO_IOMMU_S_OK);
    expect_all_gone(&scale, IOMMU_UNMAP_E02, 9);
}

/* Catches a device that removes exact matches or the first mapping only. */
TEST(example_3_two_adjacent_mappings, .clauses = CLAUSES(IOMMU_UNMAP_E03), .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 0, 4);
    map(&scale, 5, 9);
    expect_status(test, IOMMU_UNMAP_E03, unmap(&scale, 0, 9), VIRTIO_IOMMU_S_OK);
    expect_all_gone(&scale, IOMMU_UNMAP_E03, 9);
}

/* Refused whole: neither half may be gone. */
TEST(example_4_half_of_a_mapping, .clauses = CLAUSES(IOMMU_UNMAP_E04, IOMMU_UNMAP_D06),
     .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 0, 9);
    expect_refusal(test, IOMMU_UNMAP_E04, IOMMU_UNMAP_D06, unmap(&scale, 0, 4),
                   VIRTIO_IOMMU_S_RANGE);
    expect_mapped(&scale, IOMMU_UNMAP_E04, 0, 4, true);
    expect_mapped(&scale, IOMMU_UNMAP_E04, 5, 9, true);
}

/* Catches a device that merges adjacent mappings, or whose end is off by one. */
TEST(example_5_one_of_two_mappings, .clauses = CLAUSES(IOMMU_UNMAP_E05), .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 0, 4);
    map(&scale, 5, 9);
    expect_status(test, IOMMU_UNMAP_E05, unmap(&scale, 0, 4), VIRTIO_IOMMU_S_OK);
    expect_mapped(&scale, IOMMU_UNMAP_E05, 0, 4, false);
    expect_mapped(&scale, IOMMU_UNMAP_E05, 5, 9, true);
}

/* Catches a device that removes exact matches only. */
TEST(example_6_more_than_the_mapping, .clauses = CLAUSES(IOMMU_UNMAP_E06), .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 0, 4);
    expect_status(test, IOMMU_UNMAP_E06, unmap(&scale, 0, 9), VIRTIO_IOMMU_S_OK);
    expect_all_gone(&scale, IOMMU_UNMAP_E06, 9);
}

/* Catches a device that stops at the first hole. */
TEST(example_7_hole_between_mappings, .clauses = CLAUSES(IOMMU_UNMAP_E07), .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 0, 4);
    map(&scale, 10, 14);
    expect_status(test, IOMMU_UNMAP_E07, unmap(&scale, 0, 14), VIRTIO_IOMMU_S_OK);
    expect_all_gone(&scale, IOMMU_UNMAP_E07, 14);
}

/*
 * A range without any mapping between others, then one over three of them: no limit on how many one
 * UNMAP removes.
 */
TEST(holes_before_between_and_after, .clauses = CLAUSES(IOMMU_UNMAP_D08, IOMMU_UNMAP_D09),
     .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 2, 2);
    map(&scale, 4, 6);
    map(&scale, 9, 9);
    expect_status(test, IOMMU_UNMAP_D09, unmap(&scale, 3, 3), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_UNMAP_D09, unmap(&scale, 0, 12), VIRTIO_IOMMU_S_OK);
    expect_all_gone(&scale, IOMMU_UNMAP_D08, 12);
}

/* The length 2^64 does not fit into 64 bits, and bits above 32 must not be lost. */
TEST(whole_address_space, .clauses = CLAUSES(IOMMU_UNMAP_D09), .needs = NEEDS)
{
    const struct viommu *viommu = fixture_iommu(test);
    struct scale scale = attached(test);
    uint64_t first = 0, last = UINT64_MAX;

    if (viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE)) {
        first = viommu->config.input_range.start;
        last = viommu->config.input_range.end;
    }
    map(&scale, 0, 3);
    map(&scale, 5, 5);
    expect_status(test, IOMMU_UNMAP_D09, viommu_unmap(scale.domain, first, last),
                  VIRTIO_IOMMU_S_OK);
    expect_all_gone(&scale, IOMMU_UNMAP_D08, 5);
}

/* First, middle and last granule, and ranges that begin or end inside: every way to split. */
TEST(no_part_of_a_mapping_can_go, .clauses = CLAUSES(IOMMU_UNMAP_P04, IOMMU_UNMAP_D06),
     .needs = NEEDS)
{
    static const struct {
        unsigned first, last;
    } parts[] = {{4, 4}, {5, 6}, {7, 7}, {4, 6}, {5, 7}, {2, 4}, {7, 9}, {3, 6}, {5, 9}};
    struct scale scale = attached(test);

    map(&scale, 4, 7);
    for (unsigned i = 0; i < ARRAY_LENGTH(parts); i++) {
        expect_refusal(test, IOMMU_UNMAP_P04, IOMMU_UNMAP_D06,
                       unmap(&scale, parts[i].first, parts[i].last), VIRTIO_IOMMU_S_RANGE);
        expect_mapped(&scale, IOMMU_UNMAP_P04, 4, 7, true);
    }
}

/* The middle one of three adjacent mappings: a device that merged them cannot remove it alone. */
TEST(unit_of_removal_is_the_map_request, .clauses = CLAUSES(IOMMU_UNMAP_P01), .needs = NEEDS)
{
    struct scale scale = attached(test);

    for (unsigned i = 0; i < 3; i++)
        map(&scale, i, i);
    expect_status(test, IOMMU_UNMAP_P01, unmap(&scale, 1, 1), VIRTIO_IOMMU_S_OK);
    expect_mapped(&scale, IOMMU_UNMAP_P01, 0, 0, true);
    expect_mapped(&scale, IOMMU_UNMAP_P01, 1, 1, false);
    expect_mapped(&scale, IOMMU_UNMAP_P01, 2, 2, true);
}

/*
 * `small` mappings of one granule, then one of four granules of which the UNMAP covers two. Counts
 * what is left, since D07 is one finding however many are gone.
 */
static void split_after(struct test *test, unsigned small)
{
    struct scale scale = attached(test);
    unsigned kept = 0;

    for (unsigned i = 0; i < small; i++)
        map(&scale, i, i);
    map(&scale, small, small + 3);
    expect_refusal(test, IOMMU_UNMAP_P04, IOMMU_UNMAP_D06, unmap(&scale, 0, small + 1),
                   VIRTIO_IOMMU_S_RANGE);
    for (unsigned i = 0; i < small; i++)
        kept += is_mapped(test, scale.domain, first_of(&scale, i), last_of(&scale, i));
    expect(test, IOMMU_UNMAP_D07, kept == small,
           "UNMAP that would split a mapping removed %u of the %u before it, expected none",
           small - kept, small);
    expect_mapped(&scale, IOMMU_UNMAP_P04, small, small + 3, true);
    require_ok(test, viommu_detach(scale.domain, fixture_endpoint_id(test, 0)));
}

/* A device that removes as it walks has removed what comes before the split when it finds it. */
TEST(refused_split_removes_nothing_before_it, .clauses = CLAUSES(IOMMU_UNMAP_D07, IOMMU_UNMAP_D06),
     .needs = NEEDS)
{
    static const unsigned counts[] = {1, 2, 3, 7};

    for (unsigned i = 0; i < ARRAY_LENGTH(counts); i++)
        split_after(test, counts[i]);
}

/* The other order: the split is at the start of the range. */
TEST(refused_split_removes_nothing_after_it,
     .clauses = CLAUSES(IOMMU_UNMAP_D07, IOMMU_UNMAP_D06, IOMMU_UNMAP_P04), .needs = NEEDS)
{
    struct scale scale = attached(test);

    map(&scale, 0, 3);
    for (unsigned i = 4; i < 8; i++)
        map(&scale, i, i);
    expect_refusal(test, IOMMU_UNMAP_P04, IOMMU_UNMAP_D06, unmap(&scale, 2, 7),
                   VIRTIO_IOMMU_S_RANGE);
    for (unsigned i = 4; i < 8; i++)
        expect_mapped(&scale, IOMMU_UNMAP_D07, i, i, true);
    expect_mapped(&scale, IOMMU_UNMAP_P04, 0, 3, true);
}

/* Another domain exists, so a device that looks in the wrong one finds something. */
TEST(missing_domain_is_not_found, .clauses = CLAUSES(IOMMU_UNMAP_D03), .needs = NEEDS)
{
    uint64_t address = free_iova(test);

    require_attach(test, 0, 0);
    expect_status(test, IOMMU_UNMAP_D03,
                  viommu_unmap(fixture_domain(test, 1), address, address + 0xffff),
                  VIRTIO_IOMMU_S_NOENT);
}

/* A bypass domain has no mappings; OK would claim that something was removed. */
TEST(bypass_domain_is_refused, .clauses = CLAUSES(IOMMU_UNMAP_D04, IOMMU_UNMAP_D05),
     .needs = NEEDS | NEEDS_BYPASS_CONFIG)
{
    uint32_t domain = fixture_domain(test, 0);
    uint64_t address = free_iova(test);

    require_ok(test,
               viommu_attach(domain, fixture_endpoint_id(test, 0), VIRTIO_IOMMU_ATTACH_F_BYPASS));
    expect_refusal(test, IOMMU_UNMAP_D04, IOMMU_UNMAP_D05,
                   viommu_unmap(domain, address, address + 0xffff), VIRTIO_IOMMU_S_INVAL);
}

/*
 * Both conform (UNMAP-D01), and after INVAL the mapping may be gone or not (D02). After OK it must
 * be gone.
 */
TEST(reserved_bytes_are_ignored_or_invalid, .clauses = CLAUSES(IOMMU_OP_D01, IOMMU_UNMAP_P02),
     .needs = NEEDS)
{
    struct scale scale = attached(test);
    struct viommu_request request = unmap(&scale, 0, 0);

    map(&scale, 0, 0);
    memset(request.unmap.reserved, 0xff, sizeof(request.unmap.reserved));

    struct viommu_reply reply = submit(test, &request);

    expect(test, IOMMU_OP_D01,
           reply.outcome == VIOMMU_ANSWERED &&
               (reply.status == VIRTIO_IOMMU_S_OK || reply.status == VIRTIO_IOMMU_S_INVAL),
           "UNMAP with reserved bytes: %s, expected OK or INVAL", viommu_status_text(reply.status));
    if (reply.status == VIRTIO_IOMMU_S_OK)
        expect_mapped(&scale, IOMMU_UNMAP_P02, 0, 0, false);
}

/*
 * By DMA, several times, and then with another page at the same address: catches a cache of
 * translations that UNMAP does not invalidate.
 */
TEST(access_ends_with_the_mapping, .clauses = CLAUSES(IOMMU_UNMAP_P02, IOMMU_MAP_P01),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target old = target_new(test, 1), new = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);
    uint64_t first = free_iova(test), last = first + memory_unit(test) - 1;

    prepare_engine(test, engine);
    attach_engine(test, domain, engine);
    for (unsigned round = 0; round < 8; round++) {
        require_ok(test, viommu_map(domain, first, last, target_physical(&old), READ_WRITE));
        expect_write_lands(test, IOMMU_MAP_P01, engine, first, &old, 0, transfer_length(engine));
        require_ok(test, viommu_unmap(domain, first, last));
        expect_write_denied(test, IOMMU_UNMAP_P02, engine, first, &old, transfer_length(engine));
        require_ok(test, viommu_map(domain, first, last, target_physical(&new), READ_WRITE));
        expect_write_lands(test, IOMMU_UNMAP_P02, engine, first, &new, 0, transfer_length(engine));
        require_ok(test, viommu_unmap(domain, first, last));
    }
}

/* Reads apart from writes: caches may hold them apart. */
TEST(reads_end_with_the_mapping, .clauses = CLAUSES(IOMMU_UNMAP_P02, IOMMU_MAP_P01),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);
    uint64_t first = free_iova(test), last = first + memory_unit(test) - 1;

    prepare_engine(test, engine);
    attach_engine(test, domain, engine);
    for (unsigned round = 0; round < 4; round++) {
        require_ok(test, viommu_map(domain, first, last, target_physical(&target), READ_WRITE));
        expect_read_sees(test, IOMMU_MAP_P01, engine, first, &target, 0, transfer_length(engine));
        require_ok(test, viommu_unmap(domain, first, last));
        expect_read_denied(test, IOMMU_UNMAP_P02, engine, first, &target, transfer_length(engine),
                           NULL);
    }
}

/* The mapping that was not split must still translate from its first page to its last. */
TEST(refused_split_still_translates, .clauses = CLAUSES(IOMMU_UNMAP_P04),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 4);
    uint32_t domain = fixture_domain(test, 0), unit = target.unit;
    uint64_t first = free_iova(test);

    prepare_engine(test, engine);
    attach_engine(test, domain, engine);
    require_ok(test, viommu_map(domain, first, first + target.size - 1, target_physical(&target),
                                READ_WRITE));
    expect_refused(test, IOMMU_UNMAP_P04, viommu_unmap(domain, first + unit, first + 2 * unit - 1));
    for (uint32_t offset = 0; offset < target.size; offset += unit)
        expect_write_lands(test, IOMMU_UNMAP_P04, engine, first + offset, &target, offset,
                           transfer_length(engine));
}
