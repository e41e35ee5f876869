/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA engines: devices that read or write memory at an address of our choice, which proves that a
 * mapping works, or that there is none. One interface for all of them. What an engine reports of a
 * transfer is a hint only: the caller verifies memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "drivers/platform/platform.h"
#include "lib/mem/pages.h"
#include "lib/text/sink.h"

#define DMA_MAX_ENGINES 16

/* No byte of the content that is filled in here; so memory full of it shows each byte that arrives. */
#define DMA_POISON 0x5a

enum dma_result {
    DMA_COMPLETED, /* the engine saw no error */
    DMA_REFUSED,   /* the engine reported an error */
    DMA_NO_ANSWER, /* nothing came back within the caller's timeout */
    DMA_CANNOT,    /* not within what this engine can do, or it could not be started */
};

const char *dma_result_text(enum dma_result result);

struct dma_engine;

struct dma_engine_ops {
    const char *name;
    /*
     * Resets the endpoint, which ends every transfer, and makes it ready without any DMA; false
     * when that fails.
     */
    bool (*start)(struct dma_engine *engine);
    /*
     * Whether the endpoint asks to be started again. It may do so whenever it looks at rings that
     * the IOMMU keeps from it, as after a notification that it handles late. NULL: never.
     */
    bool (*needs_reset)(struct dma_engine *engine);
    /* Loads what write() writes; needs the footprint; idempotent. NULL: nothing to load. */
    enum dma_result (*prepare)(struct dma_engine *engine, uint64_t timeout_ns);
    /* The engine writes `length` bytes to memory at `address` (as the engine sees addresses). */
    enum dma_result (*write)(struct dma_engine *engine, uint64_t address, uint32_t length,
                             uint64_t timeout_ns);
    /* The engine reads `length` bytes of memory and keeps them. */
    enum dma_result (*read)(struct dma_engine *engine, uint64_t address, uint32_t length,
                            uint64_t timeout_ns);
    /* Copies what the last read kept into `bytes`; needs the footprint. */
    enum dma_result (*report)(struct dma_engine *engine, void *bytes, uint32_t length,
                              uint64_t timeout_ns);
    /* Raises one interrupt by MSI or MSI-X; NULL: not on demand. */
    bool (*raise_msi)(struct dma_engine *engine, const struct arch_msi *message);
    /* Raises or lowers its interrupt line (INTx); NULL: not on demand. */
    void (*set_line)(struct dma_engine *engine, bool is_raised);
};

struct dma_engine {
    const struct dma_engine_ops *ops;
    struct device_location place;
    bool bypasses; /* a virtio device without ACCESS_PLATFORM: no IOMMU translates its transfers */
    /* Set by the fixture from the topology: whether the IOMMU translates, and by which id. */
    bool is_managed;
    uint32_t endpoint;

    bool can_read, can_write;
    /* Lengths in bytes that it can transfer: min..max in multiples of step, at any alignment. */
    uint32_t min_length, max_length, step;
    /* What write() writes, from the first byte on; NULL: random bytes. */
    const uint8_t *content;
    bool can_raise_msi; /* raise_msi() may be called: the function has a capability for it */
    /* Its addresses may have fewer bits than 64, and no register says how many. */
    bool may_fall_short;
    uint64_t reach; /* the last address it reaches; UINT64_MAX until someone finds out otherwise */
    bool is_slow;   /* a transfer takes 100 ms: use it sparingly */
    /* Why it is not to be used, be it found here or by who tried it; NULL: it is. */
    const char *flaw;
    /*
     * Its rings and buffers, whole pages: [footprint, footprint + footprint_size) must be reachable
     * at their own address, readable and writable, for the engine to work at all.
     */
    uint64_t footprint;
    uint64_t footprint_size;
    /* The endpoint is not usable until start() is called (again). */
    bool needs_start;
    void *state;
};

/*
 * Finds every engine among the PCI functions and virtio-mmio devices, and gives each memory from
 * `pages`, which begins at a multiple of `alignment` bytes (a power of two) where there is enough.
 * Nothing is started. Returns how many were found (at most DMA_MAX_ENGINES).
 */
unsigned dma_find_engines(const struct platform *platform, struct pages *pages, size_t alignment,
                          struct dma_engine *engines, const struct sink *diagnostics);

/* Whether it has no flaw, and reaches its own footprint. */
static inline bool dma_is_usable(const struct dma_engine *engine)
{
    return !engine->flaw && (!engine->footprint_size ||
                             engine->footprint + (engine->footprint_size - 1) <= engine->reach);
}

/* The operations, with what is the same for every engine: limits, and start() when it is needed. */
enum dma_result dma_prepare(struct dma_engine *engine, uint64_t timeout_ns);
enum dma_result dma_write(struct dma_engine *engine, uint64_t address, uint32_t length,
                          uint64_t timeout_ns);
enum dma_result dma_read(struct dma_engine *engine, uint64_t address, uint32_t length,
                         uint64_t timeout_ns);
enum dma_result dma_report(struct dma_engine *engine, void *bytes, uint32_t length,
                           uint64_t timeout_ns);
bool dma_raise_msi(struct dma_engine *engine, const struct arch_msi *message);
/* False: it can't raise a line on demand, or can't be started. */
bool dma_set_line(struct dma_engine *engine, bool is_raised);
