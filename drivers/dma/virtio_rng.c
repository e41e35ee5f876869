// SPDX-License-Identifier: BSD-2-Clause
/* virtio-rng (virtio 1.4 section 5.4) as an engine: writes bytes that nobody can predict. */
#include "drivers/dma/virtio_engine.h"

#define LENGTH_MAX 65536u

static struct virtio_engine states[DMA_MAX_ENGINES];
static unsigned states_used;

/* The device may give fewer bytes than asked for; the rest is asked for again. */
static enum dma_result write(struct dma_engine *engine, uint64_t address, uint32_t length,
                             uint64_t timeout_ns)
{
    uint32_t written;

    for (uint32_t done = 0; done < length; done += written) {
        const struct virtq_segment segment = {address + done, length - done, true};
        enum dma_result result = virtio_engine_run(engine, &segment, 1, timeout_ns, &written);

        if (result != DMA_COMPLETED)
            return result;
        if (!written)
            return DMA_REFUSED;
    }
    return DMA_COMPLETED;
}

static const struct dma_engine_ops ops = {
    .name = "virtio-rng",
    .start = virtio_engine_start,
    .needs_reset = virtio_engine_needs_reset,
    .write = write,
};

bool virtio_rng_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics)
{
    if (!virtio_engine_open(engine, &states[states_used], 0, 1, pages, diagnostics))
        return false;
    states_used++;
    engine->ops = &ops;
    engine->can_write = true;
    engine->min_length = 8; /* fewer random bytes could be what was there before */
    engine->step = 1;
    engine->max_length = LENGTH_MAX;
    return true;
}
