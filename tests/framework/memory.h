/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory to which mappings lead. An IOMMU maps whole granules (5.13.4, page_size_mask), so what is
 * mapped apart from something else has granules of its own: targets, and the footprints of engines.
 */
#pragma once

#include "drivers/dma/dma.h"
#include "tests/framework/fixture.h"

/* What tests that transfer map at once, in bytes: a granule, and no less than a page. */
uint64_t memory_unit(struct test *test);
/* The same for a granule that is known otherwise. */
static inline uint64_t memory_unit_of(uint64_t granule)
{
    return granule > PAGE_SIZE ? granule : PAGE_SIZE;
}

/*
 * `count` units of zeroed memory until the end of the test, the first a multiple of a unit; skips the
 * test where the machine has too little memory for that.
 */
void *memory_units(struct test *test, unsigned count);
/*
 * The physical address of `count` granules of RAM, for mappings through which nothing is
 * transferred: an IOMMU in front of an assigned device can't map anything else. Other values of `n`
 * give other memory, as far as there is some, and the same gives the same. Skips the test where there
 * are fewer than `count` granules.
 */
uint64_t memory_unused(struct test *test, uint64_t n, uint64_t count);
/* How large `count` can be. */
uint64_t memory_unused_count(struct test *test);

/* The units in which an engine's own rings and buffers are; of an engine that has some. */
struct fixture_range footprint_range(struct test *test, const struct dma_engine *engine);
/* Whether [first, last] is apart from the units of the engine's own rings and buffers. */
bool is_apart_from_footprint(struct test *test, const struct dma_engine *engine, uint64_t first,
                             uint64_t last);
/* Whether they can be mapped at their own address, or there are none. */
bool footprint_can_be_mapped(struct test *test, const struct dma_engine *engine);
/* MAP of them at their own address; of an engine that has some. */
struct viommu_request footprint_map(struct test *test, uint32_t domain,
                                    const struct dma_engine *engine);
