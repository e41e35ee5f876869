// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/virtio/device.h"

#include <string.h>

#include "arch/arch.h"

#define RESET_TIMEOUT_NS 1000000000ull
#define GENERATION_TRIES 16
#define QUEUE_SIZE_LIMIT 32768

const char *virtio_result_text(enum virtio_result result)
{
    static const char *const texts[] = {
        [VIRTIO_OK] = "ok",
        [VIRTIO_RESET_TIMEOUT] = "status does not read 0 within a second of a reset",
        [VIRTIO_NO_VERSION_1] = "VIRTIO_F_VERSION_1 is not offered",
        [VIRTIO_FEATURES_REFUSED] = "FEATURES_OK does not stay set",
        [VIRTIO_NO_QUEUE] = "a queue has size 0 or its doorbell is outside the notify region",
        [VIRTIO_QUEUE_IN_USE] = "a queue is enabled after a reset",
        [VIRTIO_BAD_QUEUE_SIZE] = "a queue has too many entries, or no power of 2",
        [VIRTIO_NO_MEMORY] = "no memory left for a queue",
    };

    return texts[result];
}

enum virtio_result virtio_reset(struct virtio_transport *transport)
{
    struct wait wait = arch_wait_begin(RESET_TIMEOUT_NS);

    transport->ops->set_status(transport, 0);
    while (transport->ops->status(transport) != 0)
        if (!arch_wait_goes_on(&wait))
            return VIRTIO_RESET_TIMEOUT;
    return VIRTIO_OK;
}

void virtio_acknowledge(struct virtio_transport *transport)
{
    transport->ops->set_status(transport, VIRTIO_STATUS_ACKNOWLEDGE);
    transport->ops->set_status(transport, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
}

uint64_t virtio_offered(struct virtio_transport *transport)
{
    return transport->ops->device_features(transport, 0) |
           (uint64_t)transport->ops->device_features(transport, 1) << 32;
}

enum virtio_result virtio_negotiate(struct virtio_transport *transport, uint64_t features)
{
    uint8_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK;

    transport->ops->set_driver_features(transport, 0, (uint32_t)features);
    transport->ops->set_driver_features(transport, 1, (uint32_t)(features >> 32));
    transport->ops->set_status(transport, status);
    return transport->ops->status(transport) & VIRTIO_STATUS_FEATURES_OK ? VIRTIO_OK
                                                                         : VIRTIO_FEATURES_REFUSED;
}

enum virtio_result virtio_setup_queue(struct virtio_transport *transport, uint16_t index,
                                      uint16_t max_size, uint64_t features, struct pages *pages,
                                      struct virtq *queue)
{
    bool has_data = features & VIRTIO_BIT(VIRTIO_F_NOTIFICATION_DATA);
    bool is_packed = features & VIRTIO_BIT(VIRTIO_F_RING_PACKED);
    uint32_t size = transport->ops->queue_size(transport, index);
    unsigned width = has_data ? 4 : transport->doorbell_width;
    volatile void *doorbell = size ? transport->ops->doorbell(transport, index, width) : NULL;

    if (!doorbell)
        return VIRTIO_NO_QUEUE;
    if (transport->ops->queue_enabled(transport, index))
        return VIRTIO_QUEUE_IN_USE;
    if (size > QUEUE_SIZE_LIMIT)
        return VIRTIO_BAD_QUEUE_SIZE;
    if (size > max_size)
        size = max_size;
    while (!is_packed && size & (size - 1))
        size &= size - 1; /* a limit may be any number, a split ring's size is a power of two */
    size = transport->ops->set_queue_size(transport, index, (uint16_t)size);
    if (!size || size > QUEUE_SIZE_LIMIT || (!is_packed && size & (size - 1)))
        return VIRTIO_BAD_QUEUE_SIZE;
    if (!virtq_init(queue, is_packed, index, (uint16_t)size,
                    features & VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC),
                    features & VIRTIO_BIT(VIRTIO_F_EVENT_IDX), pages))
        return VIRTIO_NO_MEMORY;
    queue->doorbell = doorbell;
    queue->doorbell_width = width;
    queue->notification_data = has_data;
    if (features & VIRTIO_BIT(VIRTIO_F_NOTIF_CONFIG_DATA) && transport->ops->queue_notification)
        queue->doorbell_value = transport->ops->queue_notification(transport, index);
    transport->ops->set_queue_rings(transport, index, queue->descriptor_area, queue->driver_area,
                                    queue->device_area);
    transport->ops->enable_queue(transport, index);
    return VIRTIO_OK;
}

enum virtio_result virtio_reset_queue(struct virtio_transport *transport, uint16_t index)
{
    struct wait wait = arch_wait_begin(RESET_TIMEOUT_NS);

    transport->ops->reset_queue(transport, index);
    while (transport->ops->queue_reset(transport, index))
        if (!arch_wait_goes_on(&wait))
            return VIRTIO_RESET_TIMEOUT;
    return VIRTIO_OK;
}

void virtio_driver_ok(struct virtio_transport *transport)
{
    transport->ops->set_status(transport, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                                              VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

bool virtio_read_config(struct virtio_transport *transport, uint32_t offset, unsigned width,
                        void *bytes, uint32_t length)
{
    for (unsigned try = 0; try < GENERATION_TRIES; try++) {
        uint32_t before = transport->ops->generation(transport);

        for (uint32_t done = 0; done < length; done += width) {
            uint32_t field = transport->ops->config_read(transport, offset + done, width);

            memcpy((uint8_t *)bytes + done, &field, width);
        }
        if (transport->ops->generation(transport) == before)
            return true;
    }
    return false;
}
