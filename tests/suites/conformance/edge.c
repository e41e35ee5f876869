// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where mappings begin and end, to the byte: virtio 1.4 sections 5.13.6 and 5.13.6.5. With an engine
 * that transfers single bytes, if there is one, and with the quick one, whose sectors are longer.
 */
#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.translation"

#define NEEDS (NEEDS_DMA | NEEDS_MAP_UNMAP)

/* The engines of the scenes are edge engines. */
static struct scene scene_of(struct test *test, unsigned n, unsigned pages)
{
    return scene_new(test, fixture_edge_engine(test, n), pages);
}

/* Before, right before, and right after the mapping; writes and reads apart. */
TEST(outside_every_mapping_is_denied, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 30)
{
    for (unsigned n = 0; fixture_edge_engine(test, n); n++) {
        struct scene s = scene_of(test, n, 4);
        uint32_t usual = transfer_length(s.engine), least = s.engine->min_length;

        scene_map(test, &s, 1, 2, READ_WRITE);
        expect_write_denied(test, IOMMU_MAP_P04, s.engine, s.at, &s.target, usual);
        expect_write_denied(test, IOMMU_MAP_P04, s.engine, s.at + PAGE_SIZE - least, &s.target,
                            least);
        expect_write_denied(test, IOMMU_MAP_P04, s.engine, s.at + 3 * PAGE_SIZE, &s.target, least);
        expect_read_denied(test, IOMMU_MAP_P04, s.engine, s.at, &s.target, usual, NULL);
        expect_read_denied(test, IOMMU_MAP_P04, s.engine, s.at + PAGE_SIZE - usual, &s.target,
                           usual, NULL);
        expect_read_denied(test, IOMMU_MAP_P04, s.engine, s.at + 3 * PAGE_SIZE, &s.target, usual,
                           NULL);
        scene_end(test, &s);
    }
}

/* How far transfers of the lengths reach over an edge: from a byte to all bytes but one. */
static unsigned overhangs(uint32_t length, uint32_t overhang[5])
{
    const uint32_t all[] = {1, 2, 7, length / 2, length - 1};

    for (unsigned i = 0; i < ARRAY_LENGTH(all); i++)
        overhang[i] = all[i];
    return ARRAY_LENGTH(all);
}

/* What a transfer over an edge of page 1 is about: `begin` is its first byte in the target. */
static void cut_over_edges(struct test *test, const struct scene *s,
                           void (*judge)(struct test *test, const struct scene *s, uint32_t begin,
                                         const struct target_part *allowed, uint32_t length))
{
    static const struct target_part page = {PAGE_SIZE, PAGE_SIZE};
    uint32_t length = transfer_length(s->engine), over[5];
    unsigned count = overhangs(length, over);

    scene_map(test, s, 1, 1, READ_WRITE);
    for (unsigned i = 0; i < count; i++) {
        judge(test, s, PAGE_SIZE - over[i], &page, length);
        judge(test, s, 2 * PAGE_SIZE + over[i] - length, &page, length);
    }
}

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

/*
 * Of a transfer that is denied in part, what is inside the mapping may arrive or not; what is
 * outside may not.
 */
TEST(transfer_that_straddles_an_edge, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 30)
{
    for (unsigned n = 0; fixture_edge_engine(test, n); n++) {
        struct scene s = scene_of(test, n, 3);

        cut_over_edges(test, &s, judge_write);
        scene_end(test, &s);
    }
}

/* The same for what is seen: catches a device that checks writes to their last byte only. */
TEST(read_that_straddles_an_edge, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS, .limit_s = 60)
{
    for (unsigned n = 0; fixture_edge_engine(test, n); n++) {
        struct scene s = scene_of(test, n, 3);

        cut_over_edges(test, &s, judge_read);
        scene_end(test, &s);
    }
}

/* Single bytes at both ends: catches ends that are off by one. */
TEST(first_and_last_byte_are_mapped, .clauses = CLAUSES(IOMMU_MAP_P02),
     .needs = NEEDS | NEEDS_EXACT_DMA, .limit_s = 20)
{
    struct scene s = scene_new(test, fixture_exact_engine(test), 4);
    const uint32_t bytes[] = {PAGE_SIZE, 3 * PAGE_SIZE - 1};

    scene_map(test, &s, 1, 2, READ_WRITE);
    for (unsigned i = 0; i < ARRAY_LENGTH(bytes); i++) {
        expect_write_lands(test, IOMMU_MAP_P02, s.engine, s.at + bytes[i], &s.target, bytes[i], 1);
        expect_read_sees(test, IOMMU_MAP_P02, s.engine, s.at + bytes[i], &s.target, bytes[i], 1);
    }
}

/* A single byte at the edge of page 1, written and read. */
static void judge_byte_outside(struct test *test, uint32_t at)
{
    static const struct target_part none = {PAGE_SIZE, 0};
    struct scene s = scene_new(test, fixture_exact_engine(test), 3);

    scene_map(test, &s, 1, 1, READ_WRITE);
    expect_write_denied(test, IOMMU_MAP_P04, s.engine, s.at + at, &s.target, 1);
    expect_read_cut(test, IOMMU_MAP_P04, s.engine, s.at + at, &s.target, at, &none, 1);
}

/* The other side of the same edge. */
TEST(byte_before_a_mapping_is_denied, .clauses = CLAUSES(IOMMU_MAP_P04),
     .needs = NEEDS | NEEDS_EXACT_DMA, .limit_s = 20)
{
    judge_byte_outside(test, PAGE_SIZE - 1);
}

/* virt_end is inclusive: the next byte is outside. */
TEST(byte_behind_a_mapping_is_denied, .clauses = CLAUSES(IOMMU_MAP_P04),
     .needs = NEEDS | NEEDS_EXACT_DMA, .limit_s = 20)
{
    judge_byte_outside(test, 2 * PAGE_SIZE);
}

/* A page at the last address of all, or at the last that the engine reaches. */
static struct scene last_page(struct test *test, struct dma_engine *engine)
{
    struct scene s = scene_new(test, engine, 1);

    s.at = scene_last(test, &s) - PAGE_SIZE + 1;
    return s;
}

static void judge_last(struct test *test, const struct scene *s, uint32_t length)
{
    uint32_t offset = PAGE_SIZE - length;

    scene_map(test, s, 0, 0, READ_WRITE);
    expect_write_lands(test, IOMMU_MAP_P02, s->engine, s->at + offset, &s->target, offset, length);
    expect_read_sees(test, IOMMU_MAP_P02, s->engine, s->at + offset, &s->target, offset, length);
}

/* A transfer up to the end of 64 bits, where the input range and the engine go there. */
TEST(last_bytes_that_can_be_mapped, .clauses = CLAUSES(IOMMU_MAP_P02), .needs = NEEDS,
     .limit_s = 20)
{
    struct scene s = last_page(test, fixture_engine(test));

    judge_last(test, &s, transfer_length(s.engine));
}

/* Catches a device that looks for the byte behind it, too. */
TEST(last_byte_that_can_be_mapped, .clauses = CLAUSES(IOMMU_MAP_P02),
     .needs = NEEDS | NEEDS_EXACT_DMA, .limit_s = 20)
{
    struct scene s = last_page(test, fixture_exact_engine(test));

    scene_skip_beyond_reach(test, &s);
    judge_last(test, &s, 1);
}

/* The lowest address of the input range (5.13.5), which is 0 where it has none. */
static uint64_t lowest(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);

    return viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) ? viommu->config.input_range.start : 0;
}

/* Catches a device that takes address 0 for no address. */
TEST(first_bytes_that_can_be_mapped, .clauses = CLAUSES(IOMMU_MAP_P02), .needs = NEEDS,
     .limit_s = 20)
{
    for (unsigned n = 0; fixture_edge_engine(test, n); n++) {
        struct scene s = scene_of(test, n, 1);
        uint32_t least = s.engine->min_length;

        s.at = lowest(test);
        if (!addresses_can_be_mapped(test, s.at, s.at + PAGE_SIZE - 1) ||
            s.at + PAGE_SIZE > s.engine->footprint)
            skip(test, "the page at 0x%llx is reserved, or the engine's own",
                 (unsigned long long)s.at);
        scene_map(test, &s, 0, 0, READ_WRITE);
        expect_write_lands(test, IOMMU_MAP_P02, s.engine, s.at, &s.target, 0, least);
        expect_read_sees(test, IOMMU_MAP_P02, s.engine, s.at, &s.target, 0, least);
        scene_end(test, &s);
    }
}
