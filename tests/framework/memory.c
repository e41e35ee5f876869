// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/memory.h"

#include "lib/spec/wire.h"
#include "tests/framework/addresses.h"

/* Of a device whose page_size_mask is 0, which another test judges, it is that of most. */
static uint64_t granule_of(struct test *test)
{
    uint64_t granule = viommu_granule(fixture_iommu(test));

    return granule ? granule : PAGE_SIZE;
}

uint64_t memory_unit(struct test *test)
{
    return memory_unit_of(granule_of(test));
}

void *memory_units(struct test *test, unsigned count)
{
    struct pages *pages = &test->fixture->pages;
    uint64_t unit = memory_unit(test), left = pages_left(pages) * (uint64_t)PAGE_SIZE;

    /* 32 bits, because targets have offsets of so many. */
    if (unit > UINT32_MAX / count || unit * count > left || !pages_align(pages, unit) ||
        unit * count > pages_left(pages) * (uint64_t)PAGE_SIZE)
        skip(test, "%llu KiB of memory are left, expected %u aligned granules of %llu KiB",
             (unsigned long long)left >> 10, count, (unsigned long long)unit >> 10);
    return fixture_pages(test, (unsigned)(unit / PAGE_SIZE * count));
}

uint64_t memory_unused_count(struct test *test)
{
    const struct pages *pages = &test->fixture->pages;
    uint64_t granule = granule_of(test);
    uint64_t end = pages->end & -granule, next = (pages->next + (granule - 1)) & -granule;

    return end > next ? (end - next) / granule : 0;
}

/* From the end of memory down, so that it is apart from what the test takes. */
uint64_t memory_unused(struct test *test, uint64_t n, uint64_t count)
{
    uint64_t granule = granule_of(test), room = memory_unused_count(test);

    if (count > room)
        skip(test, "%llu granules of 0x%llx bytes are left of memory, expected %llu",
             (unsigned long long)room, (unsigned long long)granule, (unsigned long long)count);
    return (test->fixture->pages.end & -granule) - (n % (room - count + 1) + count) * granule;
}

struct fixture_range footprint_range(struct test *test, const struct dma_engine *engine)
{
    uint64_t unit = memory_unit(test);

    return (struct fixture_range){
        .first = engine->footprint & -unit,
        .last = (engine->footprint + (engine->footprint_size - 1)) | (unit - 1),
    };
}

bool is_apart_from_footprint(struct test *test, const struct dma_engine *engine, uint64_t first,
                             uint64_t last)
{
    struct fixture_range own = footprint_range(test, engine);

    return !engine->footprint_size || last < own.first || first > own.last;
}

bool footprint_can_be_mapped(struct test *test, const struct dma_engine *engine)
{
    struct fixture_range own = footprint_range(test, engine);

    return !engine->footprint_size || addresses_can_be_mapped(test, own.first, own.last);
}

struct viommu_request footprint_map(struct test *test, uint32_t domain,
                                    const struct dma_engine *engine)
{
    struct fixture_range own = footprint_range(test, engine);

    return viommu_map(domain, own.first, own.last, own.first, READ_WRITE);
}
