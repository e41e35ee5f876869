// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where mappings begin and end, to the byte: virtio 1.4 sections 5.13.6 and 5.13.6.5. With an engine of
 * each kind, because they differ in the lengths that they transfer.
 */
#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.translation"

#define NEEDS (NEEDS_WRITER | NEEDS_MAP_UNMAP)

/* Of unit 0, which is not mapped, the last byte is before the mapping; the first of unit 3 behind it. */
static void judge_neighbours(struct test *test, const struct scene *s, uint32_t length)
{
    const struct target_part mapped = {s->unit, 2 * s->unit};
    const uint32_t begins[] = {s->unit - 1, 3 * s->unit - (length - 1)};

    for (unsigned i = 0; i < ARRAY_LENGTH(begins); i++) {
        uint64_t at = s->at + begins[i];

        expect_write_cut(test, IOMMU_MAP_P04, s->engine, at, &s->target, &mapped, length);
        if (s->engine->can_read)
            expect_read_cut(test, IOMMU_MAP_P04, s->engine, at, &s->target, begins[i], &mapped,
                            length);
    }
}

/* Before, right before, and right after the mapping; writes and reads apart. */
TEST(outside_every_mapping_is_denied, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 60)
{
    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), 4);
        uint32_t usual = transfer_length(s.engine);
        const uint64_t outside[] = {s.at, s.at + s.unit - usual, s.at + 3ull * s.unit};

        scene_map(test, &s, 1, 2, READ_WRITE);
        for (unsigned i = 0; i < ARRAY_LENGTH(outside); i++) {
            expect_write_denied(test, IOMMU_MAP_P04, s.engine, outside[i], &s.target, usual);
            if (s.engine->can_read)
                expect_read_denied(test, IOMMU_MAP_P04, s.engine, outside[i], &s.target, usual,
                                   NULL);
        }
        judge_neighbours(test, &s, s.engine->min_length);
        scene_end(test, &s);
    }
}

#define OVERHANGS_MAX 512
#define FEW           3u /* of a slow engine that reads twice to show one of them */

/*
 * How many bytes of a transfer are over an edge: every number from one to all but one where that is
 * no matter of minutes, else those at both ends and some at random.
 */
static unsigned overhangs(struct test *test, uint32_t length, bool is_every, bool is_few,
                          uint32_t over[OVERHANGS_MAX])
{
    unsigned count = 0;

    if (is_every && length <= OVERHANGS_MAX) {
        while (count + 1 < length)
            over[count] = count + 1, count++;
        return count;
    }

    const uint32_t some[] = {1, length - 1, length / 2, 2, 7};

    for (unsigned i = 0; i < (is_few ? FEW : ARRAY_LENGTH(some)); i++)
        over[count++] = some[i];
    for (unsigned i = 0; i < (is_few ? 1 : 3); i++)
        over[count++] = 1 + (uint32_t)rng_below(&test->rng, length - 1);
    return count;
}

typedef void (*judge_cut)(struct test *test, const struct scene *s, uint32_t begin,
                          const struct target_part *allowed, uint32_t length);

static void judge_write(struct test *test, const struct scene *s, uint32_t begin,
                        const struct target_part *allowed, uint32_t length)
{
    expect_write_cut(test, IOMMU_MAP_P04, s->engine, s->at + begin, &s->target, allowed, length);
}

static void judge_read(struct test *test, const struct scene *s, uint32_t begin,
                       const struct target_part *allowed, uint32_t length)
{
    expect_read_cut(test, IOMMU_MAP_P04, s->engine, s->at + begin, &s->target, begin, allowed,
                    length);
}

/* Over both edges of unit 1; `begin` is the transfer's first byte in the target. */
static void cut_over_edges(struct test *test, const struct scene *s, judge_cut judge,
                           uint32_t length, bool is_every)
{
    const struct target_part unit = {s->unit, s->unit};
    uint32_t over[OVERHANGS_MAX];
    bool is_few = judge == judge_read && s->engine->is_slow;
    unsigned count = overhangs(test, length, is_every, is_few, over);

    for (unsigned i = 0; i < count; i++) {
        judge(test, s, s->unit - over[i], &unit, length);
        judge(test, s, 2 * s->unit + over[i] - length, &unit, length);
    }
}

#define SHORT       9u      /* bytes: a slow engine can have every number of them over an edge */
#define QUICK_UNITS 0x10000 /* in longer ones than that every look takes its time */

static void cut_by_each_kind(struct test *test, judge_cut judge, bool is_read)
{
    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct dma_engine *engine = fixture_kind(test, n);

        if (is_read && !engine->can_read)
            continue;

        struct scene s = scene_new(test, engine, 3);
        uint32_t usual = transfer_length(engine);

        scene_map(test, &s, 1, 1, READ_WRITE);
        cut_over_edges(test, &s, judge, usual,
                       !is_read && !engine->is_slow && s.unit <= QUICK_UNITS);
        if (engine->min_length <= SHORT && engine->step == 1)
            cut_over_edges(test, &s, judge, SHORT, !is_read || !engine->is_slow);
        scene_end(test, &s);
    }
}

/*
 * Of a transfer that is denied in part, what is inside the mapping may arrive or not; what is
 * outside may not.
 */
TEST(transfer_that_straddles_an_edge, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 60)
{
    cut_by_each_kind(test, judge_write, false);
}

/* The same for what is seen: catches a device that checks writes to their last byte only. */
TEST(read_that_straddles_an_edge, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS | NEEDS_DMA,
     .limit_s = 60)
{
    cut_by_each_kind(test, judge_read, true);
}

/* Both ways, and so that nothing else of the target changes. */
static void judge_inside(struct test *test, const struct scene *s, uint32_t offset, uint32_t length)
{
    expect_write_lands(test, IOMMU_MAP_P02, s->engine, s->at + offset, &s->target, offset, length);
    if (s->engine->can_read)
        expect_read_sees(test, IOMMU_MAP_P02, s->engine, s->at + offset, &s->target, offset,
                         length);
}

/* As few bytes as the engine transfers at both ends: catches ends that are off by one. */
TEST(first_and_last_byte_are_mapped, .clauses = CLAUSES(IOMMU_MAP_P02), .needs = NEEDS,
     .limit_s = 30)
{
    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), 4);

        scene_map(test, &s, 1, 2, READ_WRITE);
        judge_inside(test, &s, s.unit, s.engine->min_length);
        judge_inside(test, &s, 3 * s.unit - s.engine->min_length, s.engine->min_length);
        scene_end(test, &s);
    }
}

/* A single byte before or behind unit 1, written and read. */
static void judge_byte_outside(struct test *test, bool is_behind)
{
    struct scene s = scene_new(test, fixture_exact_engine(test), 3);
    const struct target_part none = {s.unit, 0};
    uint32_t at = is_behind ? 2 * s.unit : s.unit - 1;

    scene_map(test, &s, 1, 1, READ_WRITE);
    expect_write_denied(test, IOMMU_MAP_P04, s.engine, s.at + at, &s.target, 1);
    expect_read_cut(test, IOMMU_MAP_P04, s.engine, s.at + at, &s.target, at, &none, 1);
}

/* The other side of the same edge. */
TEST(byte_before_a_mapping_is_denied, .clauses = CLAUSES(IOMMU_MAP_P04),
     .needs = NEEDS | NEEDS_EXACT_DMA)
{
    judge_byte_outside(test, false);
}

/* virt_end is inclusive: the next byte is outside. */
TEST(byte_behind_a_mapping_is_denied, .clauses = CLAUSES(IOMMU_MAP_P04),
     .needs = NEEDS | NEEDS_EXACT_DMA)
{
    judge_byte_outside(test, true);
}

/* Two units of which the first is at `at`; false: they can't be mapped for this engine. */
static bool map_two_at(struct test *test, struct scene *s, uint64_t at)
{
    s->at = at;
    if (!addresses_can_be_mapped(test, at, at + 2 * s->unit - 1) ||
        !is_apart_from_footprint(test, s->engine, at, at + 2 * s->unit - 1))
        return false;
    scene_map(test, s, 0, 1, READ_WRITE);
    return true;
}

/* The last bytes of all, up to the end of 64 bits where the input range and the engine go there. */
TEST(last_bytes_that_can_be_mapped, .clauses = CLAUSES(IOMMU_MAP_P02, IOMMU_MAP_P04),
     .needs = NEEDS, .limit_s = 60)
{
    unsigned judged = 0;

    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), 2);
        const struct target_part all = {0, s.target.size};
        uint32_t usual = transfer_length(s.engine);

        if (map_two_at(test, &s, scene_last(test, &s) - 2 * s.unit + 1)) {
            judge_inside(test, &s, 2 * s.unit - usual, usual);
            judge_inside(test, &s, 0, usual);
            expect_write_cut(test, IOMMU_MAP_P04, s.engine, s.at - 1, &s.target, &all, usual);
            judged++;
        }
        scene_end(test, &s);
    }
    if (!judged)
        skip(test, "the last granules can't be mapped for any engine");
}

/* Catches a device that looks for the byte behind it, too. */
TEST(last_byte_that_can_be_mapped, .clauses = CLAUSES(IOMMU_MAP_P02),
     .needs = NEEDS | NEEDS_EXACT_DMA)
{
    struct scene s = scene_new(test, fixture_exact_engine(test), 2);

    scene_skip_beyond_reach(test, &s);
    if (!map_two_at(test, &s, scene_last(test, &s) - 2 * s.unit + 1))
        skip(test, "the last granules can't be mapped for %s", s.engine->ops->name);
    judge_inside(test, &s, 2 * s.unit - 1, 1);
}

/* The first unit of the input range (5.13.5), which begins at 0 where there is none. */
static uint64_t lowest(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);
    uint64_t unit = memory_unit(test);

    return viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE)
               ? (viommu->config.input_range.start + (unit - 1)) & -unit
               : 0;
}

/* Catches a device that takes address 0 for no address. */
TEST(first_bytes_that_can_be_mapped, .clauses = CLAUSES(IOMMU_MAP_P02, IOMMU_MAP_P04),
     .needs = NEEDS, .limit_s = 60)
{
    unsigned judged = 0;

    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), 2);
        const struct target_part all = {0, s.target.size};
        uint32_t least = s.engine->min_length, usual = transfer_length(s.engine);

        if (map_two_at(test, &s, lowest(test))) {
            judge_inside(test, &s, 0, least);
            judge_inside(test, &s, 0, usual);
            judge_inside(test, &s, 2 * s.unit - usual, usual);
            expect_write_cut(test, IOMMU_MAP_P04, s.engine, s.at + 2 * s.unit - usual + 1,
                             &s.target, &all, usual);
            judged++;
        }
        scene_end(test, &s);
    }
    if (!judged)
        skip(test, "the granules at 0x%llx are reserved, or the engines' own",
             (unsigned long long)lowest(test));
}

/* Whether the engine can say what is beyond the last address of the input range, `last`. */
static bool goes_beyond(struct test *test, const struct scene *s, uint64_t last)
{
    return last < UINT64_MAX && s->engine->reach > last && scene_last(test, s) == last &&
           (last + 1) % s->unit == 0;
}

/*
 * Where a mapping ends with the input range (5.13.5) there is no address behind it that could be mapped,
 * and a device may have no check of its own: it is denied all the same.
 */
TEST(transfer_that_leaves_the_input_range, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 30)
{
    const struct viommu *viommu = fixture_iommu(test);
    uint64_t last = viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) ? viommu->config.input_range.end
                                                                   : UINT64_MAX;
    unsigned judged = 0;

    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), 3);
        uint32_t usual = transfer_length(s.engine);

        if (goes_beyond(test, &s, last) && map_two_at(test, &s, last - 2 * s.unit + 1)) {
            const struct target_part mapped = {0, 2 * s.unit};
            const uint32_t begins[] = {2 * s.unit - 1, 2 * s.unit - usual + 1, 2 * s.unit - 7};

            for (unsigned i = 0; i < ARRAY_LENGTH(begins); i++) {
                judge_write(test, &s, begins[i], &mapped, usual);
                if (s.engine->can_read)
                    judge_read(test, &s, begins[i], &mapped, usual);
            }
            expect_write_denied(test, IOMMU_MAP_P04, s.engine, last + 1, &s.target, usual);
            judged++;
        }
        scene_end(test, &s);
    }
    if (!judged)
        skip(test, "no engine reaches beyond what can be mapped");
}
