// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/dma/virtio_engine.h"

#define QUEUE_SIZE 8

bool virtio_engine_open(struct dma_engine *engine, struct virtio_engine *virtio,
                        uint32_t more_pages, struct pages *pages, const struct sink *complaints)
{
    char text[PLACE_TEXT];
    uint8_t *block = dma_take_footprint(engine, pages, VIRTIO_ENGINE_RING_PAGES + more_pages);

    if (!block || !place_open_virtio(&engine->place, &virtio->device, complaints))
        return false;
    if (!(virtio_offered(&virtio->device.transport) & VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM))) {
        sink_printf(complaints,
                    "virtio device at %s: ACCESS_PLATFORM is not offered, so it bypasses the "
                    "IOMMU; not used as an engine",
                    place_text(&engine->place, text));
        return false;
    }
    pages_init(&virtio->pages, block, VIRTIO_ENGINE_RING_PAGES * PAGE_SIZE);
    engine->state = virtio;
    return true;
}

uint8_t *virtio_engine_own_pages(const struct dma_engine *engine)
{
    return (uint8_t *)engine->footprint + VIRTIO_ENGINE_RING_PAGES * PAGE_SIZE;
}

bool virtio_engine_start(struct dma_engine *engine)
{
    struct virtio_engine *virtio = engine->state;
    struct virtio_transport *transport = &virtio->device.transport;
    const uint64_t features = VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM);

    if (virtio_reset(transport))
        return false;
    virtio_acknowledge(transport);
    if (virtio_negotiate(transport, features))
        return false;
    pages_release(&virtio->pages, virtio->pages.base);
    if (virtio_setup_queue(transport, 0, QUEUE_SIZE, features, &virtio->pages, &virtio->queue))
        return false;
    virtio_driver_ok(transport);
    return true;
}

enum dma_result virtio_engine_run(struct dma_engine *engine, const struct virtq_segment *segments,
                                  unsigned count, uint64_t patience_ns, uint32_t *written)
{
    struct virtio_engine *virtio = engine->state;
    struct virtio_transport *transport = &virtio->device.transport;
    uint64_t start = arch_now_ns();
    struct virtq_used_element used;
    uint16_t head;

    if (!virtq_add(&virtio->queue, segments, count, &head))
        return DMA_REFUSED;
    virtq_publish(&virtio->queue);
    virtq_kick(&virtio->queue);
    for (;;) {
        enum virtq_pop result = virtq_pop(&virtio->queue, &used);

        if (result == VIRTQ_POPPED) {
            *written = used.length;
            return DMA_COMPLETED;
        }
        if (result != VIRTQ_EMPTY)
            return DMA_REFUSED;
        if (transport->ops->status(transport) & VIRTIO_STATUS_DEVICE_NEEDS_RESET)
            return DMA_REFUSED;
        if (arch_now_ns() - start > patience_ns)
            return DMA_NO_ANSWER;
        cpu_relax();
    }
}
