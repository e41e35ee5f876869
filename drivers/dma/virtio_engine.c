// SPDX-License-Identifier: BSD-2-Clause
/* One queue of a virtio device, polled: virtio 1.4 sections 2.7 and 3.1. */
#include "drivers/dma/virtio_engine.h"

/*
 * A few entries would do, but kvmtool keeps its own number whatever the driver writes, and shows it
 * on PCI only.
 */
#define QUEUE_SIZE_MAX 1024
/*
 * Polls between two looks at the status and the clock: a VMM that is busy with reads of a register may
 * not come to the request.
 */
#define SPINS_PER_LOOK 256
#define USUAL_NS       1000000ull /* later than that, the CPU is left to the VMM */

_Static_assert(QUEUE_SIZE_MAX * sizeof(struct virtq_pending) <= 4 * PAGE_SIZE,
               "VIRTIO_ENGINE_RING_PAGES");

static bool is_useless(const struct dma_engine *engine, const char *why,
                       const struct sink *diagnostics)
{
    char text[LOCATION_TEXT];

    sink_printf(diagnostics, "virtio device at %s: %s", location_text(&engine->place, text), why);
    return false;
}

bool virtio_engine_open(struct dma_engine *engine, struct virtio_engine *virtio,
                        uint32_t more_pages, unsigned longest, struct pages *pages,
                        const struct sink *diagnostics)
{
    struct virtio_transport *transport = &virtio->device.transport;
    uint8_t *block = dma_take_footprint(engine, pages, VIRTIO_ENGINE_RING_PAGES + more_pages);

    if (!block || !location_open_virtio(&engine->place, &virtio->device, diagnostics))
        return false;
    /* 3.1.1; kvmtool fills the device configuration when it is asked for a reset. */
    enum virtio_result result = virtio_reset(transport);

    if (!result) {
        virtio_acknowledge(transport);
        virtio->offered = virtio_offered(transport);
        virtio->features = VIRTIO_BIT(VIRTIO_F_VERSION_1) | (virtio->offered & VIRTIO_PLATFORM);
        result = virtio_negotiate(transport, virtio->features);
    }
    if (result)
        return is_useless(engine, virtio_result_text(result), diagnostics);
    if (transport->ops->queue_size(transport, 0) < longest)
        return is_useless(engine, "its queue is too short for one of its requests", diagnostics);
    engine->bypasses = !(virtio->features & VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM));
    pages_init(&virtio->pages, block, VIRTIO_ENGINE_RING_PAGES * PAGE_SIZE);
    engine->state = virtio;
    return true;
}

uint8_t *virtio_engine_own_pages(const struct dma_engine *engine)
{
    return (uint8_t *)engine->footprint + VIRTIO_ENGINE_RING_PAGES * PAGE_SIZE;
}

/*
 * A write may still be in flight to the device (PCI posts them): it would look at its rings when
 * they may be unmapped already. A read does not overtake the write.
 */
static uint8_t settled_status(struct virtio_transport *transport)
{
    return transport->ops->status(transport);
}

bool virtio_engine_start(struct dma_engine *engine)
{
    struct virtio_engine *virtio = engine->state;
    struct virtio_transport *transport = &virtio->device.transport;

    if (virtio_reset(transport))
        return false;
    virtio_acknowledge(transport);
    if (virtio_negotiate(transport, virtio->features))
        return false;
    pages_release(&virtio->pages, virtio->pages.base);
    if (virtio_setup_queue(transport, 0, QUEUE_SIZE_MAX, virtio->features, &virtio->pages,
                           &virtio->queue))
        return false;
    virtio_driver_ok(transport);
    settled_status(transport);
    return true;
}

bool virtio_engine_needs_reset(struct dma_engine *engine)
{
    struct virtio_engine *virtio = engine->state;

    return settled_status(&virtio->device.transport) & VIRTIO_STATUS_DEVICE_NEEDS_RESET;
}

static uint32_t writable_bytes(const struct virtq_segment *segments, unsigned count)
{
    uint32_t bytes = 0;

    for (unsigned i = 0; i < count; i++)
        bytes += segments[i].writable ? segments[i].length : 0;
    return bytes;
}

static bool is_late(const struct wait *wait, uint64_t timeout_ns)
{
    return timeout_ns - wait->left_ns > USUAL_NS;
}

enum dma_result virtio_engine_run(struct dma_engine *engine, const struct virtq_segment *segments,
                                  unsigned count, uint64_t timeout_ns, uint32_t *written)
{
    struct virtio_engine *virtio = engine->state;
    struct virtio_transport *transport = &virtio->device.transport;
    struct wait wait = arch_wait_begin(timeout_ns);
    struct virtq_used_element used = {0};

    if (!virtq_add(&virtio->queue, segments, count))
        return DMA_REFUSED;
    virtq_kick(&virtio->queue);
    for (unsigned spin = 0;; spin++) {
        bool looks = spin % SPINS_PER_LOOK == 0;
        uint8_t status = looks ? settled_status(transport) : 0;
        enum virtq_pop result = virtq_pop(&virtio->queue, &used);

        if (result == VIRTQ_POPPED || result == VIRTQ_BAD_LENGTH) {
            /* kvmtool counts what a write to a disk takes from memory, too. */
            *written = result == VIRTQ_POPPED ? used.length : writable_bytes(segments, count);
            return DMA_COMPLETED;
        }
        if (result != VIRTQ_EMPTY)
            return DMA_REFUSED;
        if (status & VIRTIO_STATUS_DEVICE_NEEDS_RESET)
            return DMA_REFUSED;
        if (looks && !(is_late(&wait, timeout_ns) ? arch_wait_slowly : arch_wait_goes_on)(&wait))
            return DMA_NO_ANSWER;
    }
}
