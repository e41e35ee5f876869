// SPDX-License-Identifier: BSD-2-Clause
/*
 * MAP, as far as its status shows: virtio 1.4 section 5.13.6.5. What it does to accesses is in
 * translation.c.
 */
#include "lib/array/array.h"
#include "tests/framework/addresses.h"
#include "tests/framework/properties.h"
#include "tests/framework/request.h"

#define SUITE "conformance.map"

#define READ  VIRTIO_IOMMU_MAP_F_READ
#define NEEDS (NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)

#define USUAL_ROOM 64u /* granules */

/* A domain with an endpoint, and where tests map in it. */
struct window {
    struct test *test;
    uint32_t domain;
    uint64_t at, granule;
};

static struct window attached_with_room(struct test *test, uint64_t granules)
{
    require_attach(test, 0, 0);
    return (struct window){.test = test,
                           .domain = fixture_domain(test, 0),
                           .at = free_iova_of(test, granules * viommu_granule(fixture_iommu(test))),
                           .granule = viommu_granule(fixture_iommu(test))};
}

static struct window attached(struct test *test)
{
    return attached_with_room(test, USUAL_ROOM);
}

/* MAP of granules first..last. */
static struct viommu_request map(const struct window *window, uint64_t first, uint64_t last)
{
    uint64_t start = window->at + first * window->granule;

    return viommu_map(window->domain, start, window->at + (last + 1) * window->granule - 1,
                      memory_unused(window->test, first, last - first + 1), READ_WRITE);
}

/*
 * expect_refusal() for a MAP into an empty domain. Where it succeeds the domain is created again,
 * so that the next MAP does not overlap.
 */
static void expect_no_map(struct test *test, enum clause refused, enum clause clause,
                          struct viommu_request request, uint8_t status)
{
    if (expect_refusal(test, refused, clause, request, status))
        return;
    require_ok(test, viommu_detach(request.map.domain, fixture_endpoint_id(test, 0)));
    require_ok(test, viommu_attach(request.map.domain, fixture_endpoint_id(test, 0), 0));
}

/* The second granule, so that a device that can map nothing but address 0 or large pages fails. */
TEST(one_granule, .clauses = CLAUSES(IOMMU_CFG_P03), .needs = NEEDS)
{
    struct window window = attached(test);

    expect_status(test, IOMMU_CFG_P03, map(&window, 1, 1), VIRTIO_IOMMU_S_OK);
}

/* Higher bits of page_size_mask are hints. Catches a device that accepts only sizes of the mask. */
TEST(sizes_that_are_no_page_size, .clauses = CLAUSES(IOMMU_CFG_P04), .needs = NEEDS)
{
    static const uint64_t sizes[] = {3, 5, 7, 511, 513};
    struct window window = attached_with_room(test, sizes[ARRAY_LENGTH(sizes) - 1] + 1);

    for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
        if (sizes[i] > memory_unused_count(test)) {
            note(test, "%llu granules are more memory than there is", (unsigned long long)sizes[i]);
            break;
        }
        expect_status(test, IOMMU_CFG_P04, map(&window, 1, sizes[i]), VIRTIO_IOMMU_S_OK);
        require_ok(test, viommu_unmap(window.domain, window.at + window.granule,
                                      window.at + (sizes[i] + 1) * window.granule - 1));
    }
}

/* Odd addresses at both ends, with a physical address that is not aligned the same way. */
TEST(byte_granule, .clauses = CLAUSES(IOMMU_CFG_P05), .needs = NEEDS)
{
    struct window window = attached(test);

    if (window.granule != 1)
        skip(test, "the granule is 0x%llx bytes, not 1", (unsigned long long)window.granule);
    expect_status(test, IOMMU_CFG_P05,
                  viommu_map(window.domain, window.at + 1, window.at + 3,
                             memory_unused(test, 8, 8) + 7, READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
}

/* Every power of two below the granule: a device may check against 4 KiB whatever its mask says. */
TEST(unaligned_virt_start_is_refused, .clauses = CLAUSES(IOMMU_MAP_D01, IOMMU_MAP_D02),
     .needs = NEEDS)
{
    struct window window = attached(test);

    if (window.granule == 1)
        skip(test, "every address is aligned to a granule of 1");
    for (uint64_t off = 1; off < window.granule; off *= 2) {
        expect_no_map(test, IOMMU_MAP_D01, IOMMU_MAP_D02,
                      viommu_map(window.domain, window.at + off, window.at + 2 * window.granule - 1,
                                 memory_unused(test, 0, 2), READ_WRITE),
                      VIRTIO_IOMMU_S_RANGE);
    }
    expect_status(test, IOMMU_MAP_D01, map(&window, 0, 1), VIRTIO_IOMMU_S_OK);
}

/* Rounding it down would give the endpoint another page than the driver meant. */
TEST(unaligned_phys_start_is_refused, .clauses = CLAUSES(IOMMU_MAP_D03, IOMMU_MAP_D04),
     .needs = NEEDS)
{
    struct window window = attached(test);

    if (window.granule == 1)
        skip(test, "every address is aligned to a granule of 1");
    for (uint64_t off = 1; off < window.granule; off *= 2)
        expect_no_map(test, IOMMU_MAP_D03, IOMMU_MAP_D04,
                      viommu_map(window.domain, window.at, window.at + window.granule - 1,
                                 memory_unused(test, 0, 2) + off, READ_WRITE),
                      VIRTIO_IOMMU_S_RANGE);
    expect_status(test, IOMMU_MAP_D03, map(&window, 0, 0), VIRTIO_IOMMU_S_OK);
}

/*
 * virt_end is the last byte, so a device that checks virt_end itself for alignment refuses the good
 * ones and accepts these.
 */
TEST(unaligned_virt_end_is_refused, .clauses = CLAUSES(IOMMU_MAP_D05, IOMMU_MAP_D06),
     .needs = NEEDS)
{
    struct window window = attached(test);
    const uint64_t ends[] = {window.granule / 2 - 1, window.granule - 2, window.granule,
                             window.granule + window.granule / 2};

    if (window.granule < 4)
        skip(test, "a granule of 0x%llx bytes has no room for an unaligned end",
             (unsigned long long)window.granule);
    for (unsigned i = 0; i < ARRAY_LENGTH(ends); i++)
        expect_no_map(test, IOMMU_MAP_D05, IOMMU_MAP_D06,
                      viommu_map(window.domain, window.at, window.at + ends[i],
                                 memory_unused(test, 0, 2), READ_WRITE),
                      VIRTIO_IOMMU_S_RANGE);
    expect_status(test, IOMMU_MAP_D05, map(&window, 0, 1), VIRTIO_IOMMU_S_OK);
}

/*
 * Equal, inside, at either edge by one granule, around, and beyond. The granules next to it stay
 * free.
 */
TEST(overlap_is_rejected, .clauses = CLAUSES(IOMMU_MAP_D07, IOMMU_MAP_D08), .needs = NEEDS)
{
    static const struct {
        unsigned first, last;
    } overlaps[] = {{4, 7}, {5, 6}, {4, 4}, {7, 7}, {0, 9},
                    {3, 8}, {3, 4}, {7, 8}, {0, 4}, {7, 20}};
    struct window window = attached(test);

    require_ok(test, map(&window, 4, 7));
    for (unsigned i = 0; i < ARRAY_LENGTH(overlaps); i++)
        expect_refusal(test, IOMMU_MAP_D07, IOMMU_MAP_D08,
                       map(&window, overlaps[i].first, overlaps[i].last), VIRTIO_IOMMU_S_INVAL);
    expect_status(test, IOMMU_MAP_D07, map(&window, 3, 3), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_MAP_D07, map(&window, 8, 8), VIRTIO_IOMMU_S_OK);
}

/* A MAP is not a remap: the same range is refused whatever it leads to. */
TEST(overlap_with_other_flags_or_target_is_rejected,
     .clauses = CLAUSES(IOMMU_MAP_D07, IOMMU_MAP_D08), .needs = NEEDS)
{
    struct window window = attached(test);
    struct viommu_request again = map(&window, 0, 0);

    require_ok(test, again);
    again.map.phys_start = memory_unused(test, 1, 1);
    expect_refusal(test, IOMMU_MAP_D07, IOMMU_MAP_D08, again, VIRTIO_IOMMU_S_INVAL);
    again = map(&window, 0, 0);
    again.map.flags = READ;
    expect_refusal(test, IOMMU_MAP_D07, IOMMU_MAP_D08, again, VIRTIO_IOMMU_S_INVAL);
}

/* Touching at the edge is no overlap: catches an end that is off by one in the check. */
TEST(adjacent_mappings_do_not_overlap, .clauses = CLAUSES(IOMMU_MAP_P02), .needs = NEEDS)
{
    struct window window = attached(test);

    require_ok(test, map(&window, 4, 5));
    expect_status(test, IOMMU_MAP_P02, map(&window, 6, 6), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_MAP_P02, map(&window, 3, 3), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_MAP_P02, map(&window, 7, 9), VIRTIO_IOMMU_S_OK);
}

/* Aliases are allowed: only virtual ranges must not overlap. */
TEST(two_addresses_of_one_page, .clauses = CLAUSES(IOMMU_MAP_P01), .needs = NEEDS)
{
    struct window window = attached(test);
    struct viommu_request alias = map(&window, 0, 0);

    require_ok(test, alias);
    alias.map.virt_start += window.granule;
    alias.map.virt_end += window.granule;
    expect_status(test, IOMMU_MAP_P01, alias, VIRTIO_IOMMU_S_OK);
}

/* Every bit above MMIO: a flag of a later version must not be taken as if it were not set. */
TEST(unknown_flags_are_refused, .clauses = CLAUSES(IOMMU_MAP_D09, IOMMU_MAP_D10), .needs = NEEDS)
{
    struct window window = attached(test);

    for (unsigned bit = 3; bit < 32; bit++) {
        struct viommu_request request = map(&window, 0, 0);

        request.map.flags |= 1u << bit;
        expect_no_map(test, IOMMU_MAP_D09, IOMMU_MAP_D10, request, VIRTIO_IOMMU_S_INVAL);
    }
    expect_status(test, IOMMU_MAP_D09, map(&window, 0, 0), VIRTIO_IOMMU_S_OK);
}

/* UNMAP afterwards shows that the refused MAP did not create the domain. */
TEST(missing_domain_is_not_found, .clauses = CLAUSES(IOMMU_MAP_D11, IOMMU_MAP_D12), .needs = NEEDS)
{
    struct window window = attached(test);

    window.domain = fixture_domain(test, 1);
    expect_refusal(test, IOMMU_MAP_D11, IOMMU_MAP_D12, map(&window, 0, 0), VIRTIO_IOMMU_S_NOENT);
    /* ... and did not make it. */
    expect_refused(test, IOMMU_MAP_D11,
                   viommu_unmap(window.domain, window.at, window.at + window.granule - 1));
}

TEST(bypass_domain_is_refused, .clauses = CLAUSES(IOMMU_MAP_D13, IOMMU_MAP_D14),
     .needs = NEEDS | NEEDS_BYPASS_CONFIG)
{
    struct window window = {test, fixture_domain(test, 0), free_iova(test),
                            viommu_granule(fixture_iommu(test))};

    require_ok(test, viommu_attach(window.domain, fixture_endpoint_id(test, 0),
                                   VIRTIO_IOMMU_ATTACH_F_BYPASS));
    expect_refusal(test, IOMMU_MAP_D13, IOMMU_MAP_D14, map(&window, 0, 0), VIRTIO_IOMMU_S_INVAL);
}

/*
 * The range is inclusive up to 2^64 - 1: last + 1 overflows in a device that computes with
 * exclusive ends. MAP again shows that it is there, UNMAP that it can be removed.
 */
TEST(last_granule_of_the_input_range,
     .clauses = CLAUSES(IOMMU_CFG_P09, IOMMU_MAP_D07, IOMMU_UNMAP_P05), .needs = NEEDS)
{
    struct window window = attached(test);
    uint64_t last = last_mappable(test, fixture_endpoint_id(test, 0));
    uint64_t first = last - window.granule + 1;

    expect_status(test, IOMMU_CFG_P09,
                  viommu_map(window.domain, first, last, memory_unused(test, 0, 1), READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
    expect_refused(test, IOMMU_MAP_D07,
                   viommu_map(window.domain, first, last, memory_unused(test, 0, 1), READ_WRITE));
    expect_status(test, IOMMU_UNMAP_P05, viommu_unmap(window.domain, first, last),
                  VIRTIO_IOMMU_S_OK);
}

/* Address 0 is as good as any other. */
TEST(first_granule_of_the_input_range, .clauses = CLAUSES(IOMMU_CFG_P09), .needs = NEEDS)
{
    const struct viommu *viommu = fixture_iommu(test);
    struct window window = attached(test);

    window.at =
        viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) ? viommu->config.input_range.start : 0;
    if (is_reserved(test, fixture_endpoint_id(test, 0), window.at, window.at + window.granule - 1))
        skip(test, "the first granule is reserved");
    expect_status(test, IOMMU_CFG_P09, map(&window, 0, 0), VIRTIO_IOMMU_S_OK);
}

/*
 * Sent without INPUT_RANGE being negotiated, because then no rule forbids it to the driver. One
 * range is outside, one crosses the end, one is the last good one.
 */
TEST(outside_the_input_range_fails, .clauses = CLAUSES(IOMMU_CFG_P08, IOMMU_CFG_P09),
     .needs = NEEDS)
{
    struct viommu *viommu = fixture_iommu(test);
    uint64_t last = viommu->config.input_range.end;

    if (!viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) || last == UINT64_MAX)
        skip(test, "the input range ends at 2^64 - 1");

    uint64_t mappable = last_taken(test, fixture_endpoint_id(test, 0));

    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_IOMMU_F_INPUT_RANGE));

    struct window window = attached(test);

    expect_refused(test, IOMMU_CFG_P08,
                   viommu_map(window.domain, last + 1, last + window.granule,
                              memory_unused(test, 0, 1), READ_WRITE));
    expect_refused(test, IOMMU_CFG_P08,
                   viommu_map(window.domain, last - window.granule + 1, last + window.granule,
                              memory_unused(test, 0, 2), READ_WRITE));
    expect_status(test, IOMMU_CFG_P09,
                  viommu_map(window.domain, mappable - window.granule + 1, mappable,
                             memory_unused(test, 0, 1), READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
}

/*
 * A driver must not send it, so no status is required; but success would claim that something is
 * mapped. The device must still work afterwards.
 */
TEST(inverted_range_maps_nothing, .clauses = CLAUSES(IOMMU_MAP_P02, IOMMU_OP_P01), .needs = NEEDS)
{
    struct window window = attached(test);
    struct viommu_request inverted = map(&window, 0, 0);

    inverted.map.virt_start = window.at + 4 * window.granule;

    struct viommu_reply reply = submit(test, &inverted);

    expect_should(test, IOMMU_MAP_P02,
                  reply.outcome != VIOMMU_ANSWERED || reply.status != VIRTIO_IOMMU_S_OK,
                  "MAP with virt_end < virt_start: OK, expected a refusal");
    require_ok(test, viommu_detach(window.domain, fixture_endpoint_id(test, 0)));
    require_attach(test, 0, 0);
    expect_status(test, IOMMU_OP_P01, map(&window, 0, 8), VIRTIO_IOMMU_S_OK);
}

/* Whether such a target is refused is left open. The device must answer the next request. */
TEST(target_beyond_memory_leaves_the_device_alive, .clauses = CLAUSES(IOMMU_MAP_P06),
     .needs = NEEDS)
{
    struct window window = attached(test);
    struct viommu_request request = map(&window, 0, 0);

    request.map.phys_start = 1ull << 50;

    struct viommu_reply reply = submit(test, &request);

    note(test, "MAP to physical 2^50: %s", viommu_reply_text(&reply));
    expect_status(test, IOMMU_MAP_P06, map(&window, 1, 1), VIRTIO_IOMMU_S_OK);
}
