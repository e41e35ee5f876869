// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/addresses.h"

#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/framework/fitness.h"
#include "tests/framework/fixture.h"
#include "tests/framework/memory.h"
#include "tests/framework/properties.h"
#include "tests/framework/qualify.h"
#include "tests/framework/trial.h"

#define ALIGNMENT     0x200000ull
#define SIZE_WANTED   0x1000000ull /* of the window behind free_iova() */
#define SIZE_AT_LEAST 0x400000ull  /* the longest mapping of most tests, and some room */
#define AT_LEAST      64ull        /* granules, likewise */
#define WANTED        2048ull      /* granules */
#define TRIES         26           /* for the highest granule: down to addresses of 40 bits */

/* Most endpoints have the same ones. */
static void add_reserved(struct fixture_addresses *addresses, const struct reserved_region *region)
{
    for (unsigned i = 0; i < addresses->reserved_count; i++)
        if (addresses->reserved[i].first == region->first &&
            addresses->reserved[i].last == region->last)
            return;
    if (region->first > region->last)
        return;
    if (addresses->reserved_count == FIXTURE_MAX_RESERVED)
        addresses->unknown = "there are more regions than room for them";
    else
        addresses->reserved[addresses->reserved_count++] = (struct fixture_range){
            region->first, region->last, region->subtype == VIRTIO_IOMMU_RESV_MEM_T_MSI};
}

/* Nothing is judged here: a test of PROBE says what is wrong with the answer. */
static bool add_regions_of(struct test *test, uint32_t endpoint, uint8_t *bytes)
{
    struct viommu *viommu = fixture_iommu(test);
    struct reserved_region region;
    uint32_t at = 0;
    struct viommu_reply reply = viommu_probe(viommu, endpoint, NULL, bytes);
    const struct properties properties = {.bytes = bytes, .size = viommu->config.probe_size};

    if (reply.outcome > VIOMMU_UNWRITTEN)
        return false;
    if (reply.status != VIRTIO_IOMMU_S_OK)
        return true;
    while (region_next(&properties, &at, &region))
        add_reserved(&test->fixture->addresses, &region);
    return true;
}

/* False: the IOMMU does not answer. */
static bool find_reserved(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);
    struct pages *pages = &test->fixture->pages;
    uintptr_t mark = pages_mark(pages);
    bool is_answered = true;

    if (!viommu_has(viommu, VIRTIO_IOMMU_F_PROBE))
        return true;

    uint8_t *bytes = viommu->config.probe_size > VIOMMU_PROBE_MAX
                         ? NULL
                         : pages_for(pages, viommu->config.probe_size + (size_t)1);

    if (!bytes)
        test->fixture->addresses.unknown = "probe_size is more than a PROBE is sent for";
    for (unsigned i = 0; bytes && is_answered && i < test->fixture->endpoint_count; i++)
        is_answered = add_regions_of(test, test->fixture->endpoints[i].id, bytes);
    pages_release(pages, mark);
    return is_answered;
}

/* 5.13.6.5: it holds where it is offered, whatever the driver accepts. */
static struct fixture_range input_range(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);

    if (!(viommu->offered >> VIRTIO_IOMMU_F_INPUT_RANGE & 1))
        return (struct fixture_range){.last = UINT64_MAX};
    return (struct fixture_range){.first = viommu->config.input_range.start,
                                  .last = viommu->config.input_range.end};
}

static bool overlap(const struct fixture_range *range, uint64_t first, uint64_t last)
{
    return range->first <= last && range->last >= first;
}

bool addresses_can_be_mapped(struct test *test, uint64_t first, uint64_t last)
{
    const struct fixture_addresses *addresses = &test->fixture->addresses;
    struct fixture_range input = input_range(test);

    for (unsigned i = 0; i < addresses->reserved_count; i++)
        if (overlap(&addresses->reserved[i], first, last))
            return false;
    return first >= input.first && last <= input.last;
}

bool addresses_have_doorbell(struct test *test, uint64_t first, uint64_t last)
{
    const struct fixture_addresses *addresses = &test->fixture->addresses;

    for (unsigned i = 0; i < addresses->reserved_count; i++)
        if (addresses->reserved[i].is_msi && overlap(&addresses->reserved[i], first, last))
            return true;
    return false;
}

/* What [first, last] runs into: the lowest address of that; UINT64_MAX: nothing. */
static uint64_t obstacle(struct test *test, uint64_t first, uint64_t last)
{
    const struct fixture *fixture = test->fixture;
    const struct fixture_addresses *addresses = &fixture->addresses;
    const struct fixture_range memory = {.first = fixture->pages.base,
                                         .last = fixture->pages.end - 1};

    for (unsigned i = 0; i < addresses->reserved_count; i++)
        if (overlap(&addresses->reserved[i], first, last))
            return addresses->reserved[i].first;
    for (unsigned i = 0; i < fixture->engine_count; i++) {
        const struct dma_engine *engine = &fixture->engines[i];
        const struct fixture_range footprint = {
            .first = engine->footprint,
            .last = engine->footprint + engine->footprint_size - 1,
        };

        if (engine->footprint_size && overlap(&footprint, first, last))
            return footprint.first;
    }
    return fixture->pages.base && overlap(&memory, first, last) ? memory.first : UINT64_MAX;
}

static bool is_free(struct test *test, struct fixture_range limits, uint64_t at, uint64_t size)
{
    return at >= limits.first && at <= limits.last && limits.last - at >= size - 1 &&
           obstacle(test, at, at + (size - 1)) == UINT64_MAX;
}

/* The highest address for it; false: there is none. */
static bool search(struct test *test, struct fixture_range limits, uint64_t alignment,
                   uint64_t size, uint64_t *at)
{
    uint64_t end = limits.last; /* nothing behind it is wanted */

    while (end >= size && end - size + 1 >= limits.first) {
        *at = (end - size + 1) & -alignment;
        if (*at < limits.first)
            return false;
        uint64_t hit = obstacle(test, *at, *at + (size - 1));

        if (hit == UINT64_MAX)
            return true;
        if (!hit)
            return false;
        end = hit - 1;
    }
    return false;
}

/* Whether the device maps a granule there; what it was asked is undone. */
static bool is_taken(struct test *test, uint64_t at)
{
    uint64_t last = at + (viommu_granule(fixture_iommu(test)) - 1);
    uint32_t domain = fixture_spare_domain(test);

    return trial_ok(test, viommu_map(domain, at, last, memory_unused(test, 0, 1), READ_WRITE)) &&
           trial_ok(test, viommu_unmap(domain, at, last));
}

/*
 * A device that does not map the last granule, or takes fewer bits of an address, is judged by the test
 * about that. All others end their mappings at the first of these that it takes: the last granule, the
 * one before it, the last ones below powers of two; UINT64_MAX: at the last one, or nobody knows.
 */
static uint64_t highest_taken(struct test *test)
{
    struct fixture_range limits = input_range(test);
    uint64_t granule = viommu_granule(fixture_iommu(test)), at;

    for (unsigned n = 0; n < TRIES; n++) {
        if (n > 1 && limits.last > UINT64_MAX >> (n - 1))
            limits.last = UINT64_MAX >> (n - 1);
        if (!search(test, limits, granule, granule, &at))
            return UINT64_MAX;
        if (is_taken(test, at))
            return n ? at + (granule - 1) : UINT64_MAX;
        if (!at)
            return UINT64_MAX;
        limits.last = at - 1;
    }
    return UINT64_MAX;
}

static void find_highest(struct test *test)
{
    struct fixture *fixture = test->fixture;
    struct viommu_request attach, detach;

    if (!fixture->endpoint_count || !viommu_has(&fixture->iommu, VIRTIO_IOMMU_F_MAP_UNMAP) ||
        !viommu_granule(&fixture->iommu) || !memory_unused_count(test))
        return;
    attach = viommu_attach(fixture_spare_domain(test), fixture_endpoint_id(test, 0), 0);
    detach = viommu_detach(fixture_spare_domain(test), fixture_endpoint_id(test, 0));
    if (!trial_ok(test, attach))
        return;
    fixture->addresses.highest = highest_taken(test);
    trial_ok(test, detach);
}

void addresses_find(struct test *test)
{
    test->fixture->addresses = (struct fixture_addresses){.is_known = true, .highest = UINT64_MAX};
    if (!find_reserved(test))
        return;
    find_highest(test);
    qualify_engines(test);
    judge_fitness(test);
    fixture_rank_endpoints(test->fixture);
}

/* Addresses with bits in both halves are the best, then those in the upper part of the range. */
static bool choose(struct test *test, struct fixture_range limits, uint64_t size, uint64_t *at)
{
    uint64_t granule = viommu_granule(fixture_iommu(test));
    uint64_t alignment = granule > ALIGNMENT ? granule : ALIGNMENT, usual = 0x600000000;
    const uint64_t wanted[] = {
        limits.last >= 2 * usual ? usual : limits.last / 4 * 3,
        limits.last / 4 * 3,
        limits.first + (limits.last - limits.first) / 4 * 3,
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(wanted); i++)
        if (is_free(test, limits, *at = wanted[i] & -alignment, size))
            return true;
    return search(test, limits, alignment, size, at);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* As large a window as there is, of `size` bytes at least. */
static bool find_window(struct test *test, uint64_t size, uint64_t *at)
{
    struct fixture_range limits = input_range(test);
    uint64_t wanted = larger(WANTED * viommu_granule(fixture_iommu(test)), SIZE_WANTED);
    uint64_t reach = engines_reach(test);

    if (test->fixture->addresses.unknown)
        return false;
    limits.last = limits.last < reach ? limits.last : reach;
    for (wanted = larger(wanted, size); wanted > size; wanted /= 2)
        if (choose(test, limits, wanted, at))
            return true;
    return choose(test, limits, size, at);
}

uint64_t addresses_least(struct test *test)
{
    return larger(AT_LEAST * viommu_granule(fixture_iommu(test)), SIZE_AT_LEAST);
}

bool addresses_free(struct test *test, uint64_t *at)
{
    return find_window(test, addresses_least(test), at);
}

uint64_t free_iova_of(struct test *test, uint64_t size)
{
    uint64_t at;

    if (find_window(test, size, &at))
        return at;
    if (test->fixture->addresses.unknown)
        skip(test, "which addresses are reserved is unknown: %s", test->fixture->addresses.unknown);
    skip(test, "no 0x%llx bytes of the input range are free to be mapped",
         (unsigned long long)size);
}

uint64_t free_iova(struct test *test)
{
    return free_iova_of(test, addresses_least(test));
}
