// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/addresses.h"

#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/framework/fitness.h"
#include "tests/framework/fixture.h"
#include "tests/framework/properties.h"
#include "tests/framework/qualify.h"

#define ALIGNMENT     0x200000ull
#define SIZE_WANTED   0x1000000ull /* of the window behind free_iova() */
#define SIZE_AT_LEAST 0x400000ull  /* the longest mapping of most tests, and some room */
#define AT_LEAST      64ull        /* granules, likewise */
#define WANTED        2048ull      /* granules */

static void add_reserved(struct fixture_addresses *addresses, const struct reserved_region *region)
{
    if (addresses->reserved_count == FIXTURE_MAX_RESERVED || region->first > region->last)
        return;
    addresses->reserved[addresses->reserved_count++] =
        (struct fixture_range){region->first, region->last};
}

/* Nothing is judged here: a test of PROBE says what is wrong with the answer. */
static bool add_regions_of(struct test *test, uint32_t endpoint, uint8_t *bytes)
{
    struct viommu *viommu = fixture_iommu(test);
    struct reserved_region regions[RESERVED_REGIONS_MAX];
    struct viommu_reply reply = viommu_probe(viommu, endpoint, NULL, bytes);
    const struct properties properties = {.bytes = bytes, .size = viommu->config.probe_size};

    if (reply.outcome > VIOMMU_UNWRITTEN)
        return false;
    if (reply.status != VIRTIO_IOMMU_S_OK)
        return true;

    unsigned count = regions_among(&properties, regions);

    for (unsigned i = 0; i < count; i++)
        add_reserved(&test->fixture->addresses, &regions[i]);
    return true;
}

/* False: the IOMMU does not answer. */
static bool find_reserved(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);

    if (!viommu_has(viommu, VIRTIO_IOMMU_F_PROBE) || viommu->config.probe_size > VIOMMU_PROBE_MAX)
        return true;
    uint8_t *bytes = properties_area(test);

    for (unsigned i = 0; i < test->fixture->endpoint_count; i++)
        if (!add_regions_of(test, test->fixture->endpoints[i].id, bytes))
            return false;
    return true;
}

void addresses_find(struct test *test)
{
    test->fixture->addresses = (struct fixture_addresses){.is_known = true};
    if (!find_reserved(test))
        return;
    qualify_engines(test);
    judge_fitness(test);
}

static struct fixture_range input_range(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);

    if (!viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE))
        return (struct fixture_range){0, UINT64_MAX};
    return (struct fixture_range){viommu->config.input_range.start, viommu->config.input_range.end};
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

/* What [first, last] runs into: the lowest address of that; UINT64_MAX: nothing. */
static uint64_t obstacle(struct test *test, uint64_t first, uint64_t last)
{
    const struct fixture *fixture = test->fixture;
    const struct fixture_addresses *addresses = &fixture->addresses;
    const struct fixture_range memory = {fixture->pages.base, fixture->pages.end - 1};

    for (unsigned i = 0; i < addresses->reserved_count; i++)
        if (overlap(&addresses->reserved[i], first, last))
            return addresses->reserved[i].first;
    for (unsigned i = 0; i < fixture->engine_count; i++) {
        const struct dma_engine *engine = &fixture->engines[i];
        const struct fixture_range footprint = {engine->footprint,
                                                engine->footprint + engine->footprint_size - 1};

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

uint64_t free_iova_of(struct test *test, uint64_t size)
{
    struct fixture_range limits = input_range(test);
    uint64_t wanted = larger(WANTED * viommu_granule(fixture_iommu(test)), SIZE_WANTED), at;
    uint64_t reach = engines_reach(test);

    limits.last = limits.last < reach ? limits.last : reach;
    for (wanted = larger(wanted, size); wanted > size; wanted /= 2)
        if (choose(test, limits, wanted, &at))
            return at;
    if (choose(test, limits, size, &at))
        return at;
    skip(test, "no 0x%llx bytes of the input range are free to be mapped",
         (unsigned long long)size);
}

uint64_t free_iova(struct test *test)
{
    return free_iova_of(test,
                        larger(AT_LEAST * viommu_granule(fixture_iommu(test)), SIZE_AT_LEAST));
}
