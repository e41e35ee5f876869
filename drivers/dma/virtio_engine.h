/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What virtio-blk and virtio-rng have in common as DMA engines: one queue, ACCESS_PLATFORM where it
 * is offered (without it a virtio device bypasses the IOMMU by definition, virtio 1.4 section 6.1),
 * and everything that the device reaches on its own inside the engine's footprint.
 */
#pragma once

#include "drivers/dma/engines.h"
#include "drivers/virtio/device.h"

/* Whole pages of a queue of 1024 entries: descriptors, available and used ring, virtq_pending. */
#define VIRTIO_ENGINE_RING_PAGES (4 + 1 + 3 + 4)

struct virtio_engine {
    union virtio_any device;
    uint64_t offered, features; /* ... and that are negotiated */
    struct virtq queue;
    struct pages pages; /* of the footprint: the rings first, then what the engine adds */
};

/*
 * Opens the transport, brings the device up to FEATURES_OK, where its configuration can be read, and
 * takes a footprint with `more_pages` after the rings. False, and a diagnostic: it does not come up,
 * or its queue has no room for a chain of `longest` descriptors.
 */
bool virtio_engine_open(struct dma_engine *engine, struct virtio_engine *virtio,
                        uint32_t more_pages, unsigned longest, struct pages *pages,
                        const struct sink *diagnostics);
/* Resets the device and initialises it with queue 0 in fresh rings; false: it does not come up. */
bool virtio_engine_start(struct dma_engine *engine);
/* Whether the device has set NEEDS_RESET. */
bool virtio_engine_needs_reset(struct dma_engine *engine);
/*
 * One chain, waited for; `*written` is the used length, at most the bytes that are writable, set
 * when completed.
 */
enum dma_result virtio_engine_run(struct dma_engine *engine, const struct virtq_segment *segments,
                                  unsigned count, uint64_t timeout_ns, uint32_t *written);
/* The pages after the rings. */
uint8_t *virtio_engine_own_pages(const struct dma_engine *engine);
