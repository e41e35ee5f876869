// SPDX-License-Identifier: BSD-2-Clause
/*
 * Mappings next to each other: each has its own permissions, and leads where it leads. Virtio 1.4
 * sections 5.13.6 and 5.13.6.5.
 */
#include <string.h>

#include "lib/array/array.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.translation"
#define NEEDS (NEEDS_WRITER | NEEDS_MAP_UNMAP)

/*
 * Units 0 and 2 can be written, unit 1 between them can't. A transfer over an edge may do the one half,
 * and not the other, whichever of them is first.
 */
static void judge_permissions(struct test *test, const struct scene *s, uint32_t length)
{
    const struct target_part before = {0, s->unit}, behind = {2 * s->unit, s->unit};
    const uint32_t over[] = {1, length / 2, length - 1};

    expect_write_lands(test, IOMMU_MAP_P11, s->engine, s->at, &s->target, 0, length);
    expect_write_denied(test, IOMMU_MAP_D15, s->engine, s->at + s->unit, &s->target, length);
    expect_write_denied(test, IOMMU_MAP_D15, s->engine, s->at + 2 * s->unit - length, &s->target,
                        length);
    expect_write_lands(test, IOMMU_MAP_P11, s->engine, s->at + 2 * s->unit, &s->target, 2 * s->unit,
                       length);
    for (unsigned i = 0; i < ARRAY_LENGTH(over); i++) {
        expect_write_cut(test, IOMMU_MAP_D15, s->engine, s->at + s->unit + over[i] - length,
                         &s->target, &before, length);
        expect_write_cut(test, IOMMU_MAP_D15, s->engine, s->at + 2 * s->unit - over[i], &s->target,
                         &behind, length);
    }
    if (s->engine->can_read)
        expect_read_sees(test, IOMMU_MAP_P11, s->engine, s->at + s->unit - length / 2, &s->target,
                         s->unit - length / 2, length);
}

/* Catches a device that asks the first mapping of a transfer for all of it, or takes the wrong one. */
TEST(neighbours_keep_their_permissions, .clauses = CLAUSES(IOMMU_MAP_D15, IOMMU_MAP_P11),
     .needs = NEEDS, .limit_s = 60)
{
    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), 3);
        const struct viommu_request read_only =
            viommu_map(s.domain, s.at + s.unit, s.at + 2 * s.unit - 1,
                       target_physical(&s.target) + s.unit, VIRTIO_IOMMU_MAP_F_READ);

        scene_map(test, &s, 0, 0, READ_WRITE);
        if (submit(test, &read_only).status != VIRTIO_IOMMU_S_OK)
            skip(test, "the device refuses read-only mappings");
        scene_map(test, &s, 2, 2, READ_WRITE);
        judge_permissions(test, &s, transfer_length(s.engine));
        scene_end(test, &s);
    }
}

/* Unit 0 leads to the second half of the target, unit 1 to the first. */
static struct scene reversed(struct test *test, struct dma_engine *engine)
{
    struct scene s = scene_new(test, engine, 2);

    scene_map_unit(test, &s, 0, 1);
    scene_map_unit(test, &s, 1, 0);
    return s;
}

/* `first` bytes of a transfer go to the end of the target, the others to its start. */
static void judge_reversed(struct test *test, const struct scene *s, uint32_t first,
                           uint32_t length)
{
    const uint8_t *content = s->engine->content;
    uint8_t *end = s->target.bytes + 2 * s->unit - first, *start = s->target.bytes;

    target_poison(&s->target);
    dma_write(s->engine, s->at + s->unit - first, length, transfer_timeout(s->engine, false));
    expect(
        test, IOMMU_MAP_P05,
        !memcmp(end, content, first) && !memcmp(start, content + first, length - first),
        "%s writes %u bytes over two mappings, %u of them in the first: they did not arrive where "
        "each leads",
        s->engine->ops->name, length, first);
    memset(end, DMA_POISON, first);
    memset(start, DMA_POISON, length - first);
    expect(test, IOMMU_MAP_P05, !target_is_touched(&s->target),
           "%s writes %u bytes over two mappings: others changed, too", s->engine->ops->name,
           length);
}

/*
 * Each part goes where its own mapping leads. Catches a device that translates the first byte and
 * continues linearly.
 */
TEST(transfer_over_pages_in_reverse_order, .clauses = CLAUSES(IOMMU_MAP_P05), .needs = NEEDS,
     .limit_s = 30)
{
    unsigned judged = 0;

    for (unsigned n = 0; fixture_kind(test, n); n++) {
        if (!fixture_kind(test, n)->content)
            continue;

        struct scene s = reversed(test, fixture_kind(test, n));
        uint32_t length = transfer_length(s.engine);
        const uint32_t firsts[] = {1, length / 2, length - 1};

        for (unsigned i = 0; i < ARRAY_LENGTH(firsts); i++)
            judge_reversed(test, &s, firsts[i], length);
        scene_end(test, &s);
        judged++;
    }
    if (!judged)
        skip(test, "no engine writes what is known before");
}

/* The same for what is seen. */
TEST(read_over_pages_in_reverse_order, .clauses = CLAUSES(IOMMU_MAP_P05),
     .needs = NEEDS | NEEDS_DMA, .limit_s = 60)
{
    struct scene s = reversed(test, fixture_engine(test));
    uint32_t length = transfer_length(s.engine);
    const uint32_t firsts[] = {1, length / 2, length - 1};
    uint8_t *seen = fixture_pages(test, 1 + length / PAGE_SIZE);

    for (uint32_t i = 0; i < s.target.size; i++)
        s.target.bytes[i] = (uint8_t)rng_next64(&test->rng);
    for (unsigned i = 0; i < ARRAY_LENGTH(firsts); i++) {
        uint32_t first = firsts[i];

        dma_read(s.engine, s.at + s.unit - first, length, transfer_timeout(s.engine, false));
        dma_report(s.engine, seen, length, transfer_timeout(s.engine, false));
        expect(test, IOMMU_MAP_P05,
               !memcmp(seen, s.target.bytes + 2 * s.unit - first, first) &&
                   !memcmp(seen + first, s.target.bytes, length - first),
               "%s reads %u bytes over two mappings, %u of them in the first: it did not see what "
               "each "
               "leads to",
               s.engine->ops->name, length, first);
    }
}
