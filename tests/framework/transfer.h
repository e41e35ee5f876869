/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real DMA and its judgement. A target is memory between guard pages; every check looks at all of
 * it, so a byte that arrives in the wrong place is seen. What the engine itself says is never
 * trusted. What is judged as denied is noted, and tried where it is allowed: see control.h.
 */
#pragma once

#include "tests/framework/addresses.h"
#include "tests/framework/memory.h"
#include "tests/framework/request.h"

/* A stretch of memory, whole units (memory.h), with a unit as a guard on either side. */
struct target {
    uint8_t *bytes;
    uint32_t size, unit;
};

/* Skips the test where the machine has too little memory. */
struct target target_new(struct test *test, unsigned units);
static inline uint64_t target_physical(const struct target *target)
{
    return (uintptr_t)target->bytes;
}

/* Bytes [offset, offset + size) of a target. */
struct target_part {
    uint32_t offset, size;
};

/*
 * How many bytes a test transfers unless it asks for another number: enough that 8 in a row are
 * recognised in them, and what the engine is capable of.
 */
uint32_t transfer_length(const struct dma_engine *engine);

/*
 * Makes an engine usable in `domain`: attaches its endpoint and maps its footprint at its own
 * address. detach_engine() sends DETACH, and skips the test where the device can't.
 */
void attach_engine(struct test *test, uint32_t domain, struct dma_engine *engine);
/*
 * The same in a domain that already has an engine, which skips the test where the device does not share
 * domains.
 */
void join_engine(struct test *test, uint32_t domain, struct dma_engine *engine);
void detach_engine(struct test *test, uint32_t domain, struct dma_engine *engine);
/*
 * Loads the engine's content, in bypass or else through a mapping in a domain of its own; the first
 * step of a DMA test.
 */
void prepare_engine(struct test *test, struct dma_engine *engine);

/*
 * The engine writes `length` bytes to `address`, and they must arrive at `offset` of the target and
 * nowhere else in it.
 */
bool expect_write_lands(struct test *test, enum clause clause, struct dma_engine *engine,
                        uint64_t address, const struct target *target, uint32_t offset,
                        uint32_t length);
/* ... and nothing of the target may change. */
bool expect_write_denied(struct test *test, enum clause clause, struct dma_engine *engine,
                         uint64_t address, const struct target *target, uint32_t length);
/*
 * Their steps, for whoever takes them apart: poison, dma_write() with so much timeout, and the
 * judgement of what is there after it.
 */
uint64_t transfer_timeout(const struct dma_engine *engine, bool is_denied);
void target_poison(const struct target *target);
bool target_is_touched(const struct target *target);
bool expect_landed(struct test *test, enum clause clause, const struct dma_engine *engine,
                   uint64_t address, const struct target *target, uint32_t offset, uint32_t length,
                   enum dma_result result);
bool expect_untouched(struct test *test, enum clause clause, const struct dma_engine *engine,
                      uint64_t address, const struct target *target, uint32_t length);
/* Of a target that was poison: nothing but [offset, offset + length) of it may have changed. */
bool expect_only_touched(struct test *test, enum clause clause, const struct dma_engine *engine,
                         uint64_t address, const struct target *target, uint32_t offset,
                         uint32_t length);
/*
 * The engine reads `length` bytes at `address`, and must see what stands at `offset` of the target.
 */
bool expect_read_sees(struct test *test, enum clause clause, struct dma_engine *engine,
                      uint64_t address, const struct target *target, uint32_t offset,
                      uint32_t length);
/*
 * ... and must not see any 8 bytes of the target, of 16 or more that it reads. The engine is asked afterwards, with its
 * footprint reachable by then: `make_reachable` (NULL: it is) restores that.
 */
bool expect_read_denied(struct test *test, enum clause clause, struct dma_engine *engine,
                        uint64_t address, const struct target *target, uint32_t length,
                        void (*make_reachable)(struct test *test, struct dma_engine *engine));

/*
 * Of a transfer that is denied in part: nothing but the part of the target that is allowed may be
 * changed ...
 */
bool expect_write_cut(struct test *test, enum clause clause, struct dma_engine *engine,
                      uint64_t address, const struct target *target,
                      const struct target_part *allowed, uint32_t length);
/* ... or seen, down to a single byte. `offset`: of the target, what would be at `address`. */
bool expect_read_cut(struct test *test, enum clause clause, struct dma_engine *engine,
                     uint64_t address, const struct target *target, uint32_t offset,
                     const struct target_part *allowed, uint32_t length);
