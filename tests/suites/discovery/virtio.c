// SPDX-License-Identifier: BSD-2-Clause
/*
 * Virtio devices whose transfers no IOMMU translates: virtio 1.4 sections 5.2 and 5.4. On a machine
 * without an IOMMU this proves that the kernel drives its devices, elsewhere that bypass is the
 * identity.
 */
#include <string.h>

#include "tests/framework/transfer.h"

#define SUITE "discovery.virtio"

#define LENGTH 1024u
#define OFFSET 512u

/* Calls `judge` for every engine of that name that is not translated. */
static void for_each(struct test *test, const char *name,
                     void (*judge)(struct test *test, struct dma_engine *engine))
{
    struct dma_engine *engine;
    const char *flaw = NULL;
    unsigned judged = 0;

    for (unsigned n = 0; (engine = fixture_untranslated_engine(test, name, n)); n++)
        if (engine->flaw) {
            flaw = engine->flaw;
        } else {
            judge(test, engine);
            judged++;
        }
    if (!judged && flaw)
        skip(test, "%s: %s", name, flaw);
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

/* Twice: bytes that come again are not random. That is a WARN, as it may be chance. */
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

/* Reads back what it wrote, at an offset that is not page aligned. */
TEST(blk_reads_and_writes, .clauses = CLAUSES(DEV_INIT_P01), .needs = 0)
{
    for_each(test, "virtio-blk", judge_blk);
}
