// SPDX-License-Identifier: BSD-2-Clause
/*
 * How long transfers are: a mapping translates every byte of them, whatever their number (virtio 1.4
 * section 5.13.6). An engine of each kind, with the lengths of which it is capable.
 */
#include "lib/array/array.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.translation"
#define NEEDS (NEEDS_WRITER | NEEDS_MAP_UNMAP)

/* One, odd ones, around words, cache lines, sectors, pages, and the longest of all. */
static const uint32_t lengths[] = {1,    2,    3,    4,     5,     7,    8,    9,    15,
                                   17,   63,   64,   65,    127,   255,  256,  257,  511,
                                   512,  513,  1023, 1024,  2048,  2049, 4093, 4095, 4096,
                                   4097, 8192, 8195, 32768, 65535, 65536};
/* A slow engine takes a tenth of a second for each transfer. */
static const uint32_t few_lengths[] = {1, 3, 8, 65, 513, 2049, 4095};

#define LONGEST 65536u
#define OFFSET  3u /* an odd one, from the start of the mapping */

static bool is_capable(const struct dma_engine *engine, uint32_t length)
{
    return length >= engine->min_length && length <= engine->max_length &&
           length % engine->step == 0;
}

static void judge_length(struct test *test, const struct scene *s, uint32_t offset, uint32_t length)
{
    if (!is_capable(s->engine, length))
        return;
    expect_write_lands(test, IOMMU_MAP_P03, s->engine, s->at + offset, &s->target, offset, length);
    if (s->engine->can_read)
        expect_read_sees(test, IOMMU_MAP_P11, s->engine, s->at + offset, &s->target, offset,
                         length);
}

/* Catches a device that moves whole words only, or only so many bytes at once. */
TEST(transfers_of_every_length, .clauses = CLAUSES(IOMMU_MAP_P03, IOMMU_MAP_P11), .needs = NEEDS,
     .limit_s = 60)
{
    unsigned units = (unsigned)((LONGEST + OFFSET) / memory_unit(test)) + 1;

    waive(test, IOMMU_MAP_P11, "no DMA engine reads");
    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), units);
        bool is_slow = s.engine->is_slow;
        unsigned count = is_slow ? ARRAY_LENGTH(few_lengths) : ARRAY_LENGTH(lengths);

        scene_map(test, &s, 0, units - 1, READ_WRITE);
        for (unsigned i = 0; i < count; i++)
            judge_length(test, &s, OFFSET, is_slow ? few_lengths[i] : lengths[i]);
        judge_length(test, &s, s.target.size - transfer_length(s.engine),
                     transfer_length(s.engine));
        scene_end(test, &s);
    }
}
