// SPDX-License-Identifier: BSD-2-Clause
/*
 * Virtio devices at work with no IOMMU between them and memory: on a machine without one the proof
 * that this kernel drives its devices, elsewhere that bypass is the identity.
 */
#include <string.h>

#include "tests/framework/transfer.h"

#define SUITE "discovery.virtio"

#define LENGTH 1024u
#define OFFSET 512u

/* `judge` for every such engine there is. */
static void for_each(struct test *test, const char *name,
                     void (*judge)(struct test *test, struct dma_engine *engine))
{
    struct dma_engine *engine;
    unsigned judged = 0;

    while ((engine = fixture_untranslated_engine(test, name, judged))) {
        judge(test, engine);
        judged++;
    }
    if (!judged)
        skip(test, "no %s whose transfers are not translated", name);
    note(test, "%u devices judged", judged);
}

static void judge_rng(struct test *test, struct dma_engine *engine)
{
    struct target target = target_new(test, 1);
    uint64_t address = target_physical(&target) + OFFSET;
    uint8_t first[LENGTH];

    if (!expect_write_lands(test, DEV_INIT_P01, engine, address, &target, OFFSET, LENGTH))
        return;
    memcpy(first, target.bytes + OFFSET, LENGTH);
    if (expect_write_lands(test, DEV_INIT_P01, engine, address, &target, OFFSET, LENGTH))
        expect_should(test, DEV_INIT_P01, memcmp(first, target.bytes + OFFSET, LENGTH),
                      "virtio-rng gives the same %u bytes twice", LENGTH);
}

TEST(rng_gives_bytes, .clauses = CLAUSES(DEV_INIT_P01), .needs = 0)
{
    for_each(test, "virtio-rng", judge_rng);
}

static void judge_blk(struct test *test, struct dma_engine *engine)
{
    struct target target = target_new(test, 1);
    uint64_t address = target_physical(&target) + OFFSET;

    prepare_engine(test, engine);
    expect_write_lands(test, DEV_INIT_P01, engine, address, &target, OFFSET, LENGTH);
    expect_read_sees(test, DEV_INIT_P01, engine, address, &target, OFFSET, LENGTH);
}

TEST(blk_reads_and_writes, .clauses = CLAUSES(DEV_INIT_P01), .needs = 0)
{
    for_each(test, "virtio-blk", judge_blk);
}
