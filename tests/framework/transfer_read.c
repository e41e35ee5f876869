// SPDX-License-Identifier: BSD-2-Clause
/* What an engine sees of memory, and the judgement of it. */
#include <string.h>

#include "lib/spec/wire.h"
#include "tests/framework/control.h"
#include "tests/framework/transfer.h"

#define WORD 8u

/* SplitMix64's finaliser, and back. */
static uint64_t mix(uint64_t word)
{
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
}

static uint64_t unmix(uint64_t word)
{
    word = (word ^ word >> 31 ^ word >> 62) * 0x319642b2d24d8ec3;
    word = (word ^ word >> 27 ^ word >> 54) * 0x96de1b173f119089;
    return word ^ word >> 30 ^ word >> 60;
}

/* Words that look random, and of which each says where it is: see shares_a_word(). */
static uint64_t fill_secret(struct test *test, const struct target *target)
{
    uint64_t first = rng_next64(&test->rng);

    for (uint32_t i = 0; i < target->size; i += WORD) {
        uint64_t word = mix(first + i / WORD);

        memcpy(target->bytes + i, &word, sizeof(word));
    }
    return first;
}

bool expect_read_sees(struct test *test, enum clause clause, struct dma_engine *engine,
                      uint64_t address, const struct target *target, uint32_t offset,
                      uint32_t length)
{
    uint8_t *seen = fixture_pages(test, (length + PAGE_SIZE - 1) / PAGE_SIZE);

    fill_secret(test, target);

    enum dma_result read = dma_read(engine, address, length, transfer_timeout(engine, false));
    enum dma_result report = dma_report(engine, seen, length, transfer_timeout(engine, false));
    if (read == DMA_CANNOT)
        error(test, "%s can't be started, or does not read %u bytes", engine->ops->name, length);
    bool has_seen = !memcmp(seen, target->bytes + offset, length);

    if (has_seen)
        control_arrived(engine, CONTROL_READ, address, length);
    return expect_impact(
        test, clause, IMPACT_DATA, has_seen,
        "%s reads %u bytes at 0x%llx: it did not see offset 0x%x of the target (read: "
        "%s, report: %s)",
        engine->ops->name, length, (unsigned long long)address, offset, dma_result_text(read),
        dma_result_text(report));
}

/* Any aligned word of the target, wherever it is; `first` is what fill_secret() returned. */
static bool shares_a_word(const uint8_t *seen, uint32_t length, const struct target *target,
                          uint64_t first)
{
    for (uint32_t at = 0; at + WORD <= length; at++) {
        uint64_t word;

        memcpy(&word, seen + at, sizeof(word));
        if (unmix(word) - first < target->size / WORD)
            return true;
    }
    return false;
}

bool expect_read_denied(struct test *test, enum clause clause, struct dma_engine *engine,
                        uint64_t address, const struct target *target, uint32_t length,
                        void (*make_reachable)(struct test *test, struct dma_engine *engine))
{
    uint8_t *seen = fixture_pages(test, (length + PAGE_SIZE - 1) / PAGE_SIZE);

    if (length < 2 * WORD)
        error(test, "a read of %u bytes can't show 8 of the target in a row", length);
    uint64_t first = fill_secret(test, target);

    dma_read(engine, address, length, transfer_timeout(engine, true));
    if (make_reachable)
        make_reachable(test, engine);

    enum dma_result report = dma_report(engine, seen, length, transfer_timeout(engine, false));

    if (report != DMA_COMPLETED)
        error(test, "%s: cannot report what it read: %s", engine->ops->name,
              dma_result_text(report));
    control_denied(test, engine, CONTROL_READ, address, length);
    return expect_impact(
        test, clause, IMPACT_ISOLATION, !shares_a_word(seen, length, target, first),
        "%s reads %u bytes at 0x%llx, which must be denied: it saw bytes of the target",
        engine->ops->name, length, (unsigned long long)address);
}

/* Reads once, with what is in the target now; adds to `leaks` what was not seen before. */
static void read_cut(struct test *test, struct dma_engine *engine, uint64_t address,
                     const uint8_t *source, uint8_t *seen, bool *leaks, uint32_t length)
{
    dma_read(engine, address, length, transfer_timeout(engine, true));

    enum dma_result report = dma_report(engine, seen, length, transfer_timeout(engine, false));

    if (report != DMA_COMPLETED)
        error(test, "%s: cannot report what it read: %s", engine->ops->name,
              dma_result_text(report));
    for (uint32_t i = 0; i < length; i++)
        leaks[i] &= seen[i] == source[i];
}

/*
 * Twice, with the complement of each byte: what the engine had kept before, or anything else that is
 * not the target's, is the same as one of them at the most.
 */
bool expect_read_cut(struct test *test, enum clause clause, struct dma_engine *engine,
                     uint64_t address, const struct target *target, uint32_t offset,
                     const struct target_part *allowed, uint32_t length)
{
    uint32_t pages = (length + PAGE_SIZE - 1) / PAGE_SIZE, i = 0;
    uint8_t *seen = fixture_pages(test, pages);
    bool *leaks = fixture_pages(test, pages);

    memset(leaks, true, length);
    fill_secret(test, target);
    read_cut(test, engine, address, target->bytes + offset, seen, leaks, length);
    for (uint32_t byte = 0; byte < target->size; byte++)
        target->bytes[byte] = (uint8_t)~target->bytes[byte];
    read_cut(test, engine, address, target->bytes + offset, seen, leaks, length);
    control_denied(test, engine, CONTROL_READ, address, length);
    while (i < length && (!leaks[i] || offset + i - allowed->offset < allowed->size))
        i++;
    return expect_impact(
        test, clause, IMPACT_ISOLATION, i == length,
        "%s reads %u bytes at 0x%llx: it saw offset 0x%x of the target, expected none but "
        "0x%x to 0x%x",
        engine->ops->name, length, (unsigned long long)address, offset + i, allowed->offset,
        allowed->offset + allowed->size - 1);
}
