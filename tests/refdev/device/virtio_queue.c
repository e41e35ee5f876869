// SPDX-License-Identifier: BSD-2-Clause
/* Enabling, resetting and notifying a single queue. */
#include "tests/refdev/device/order.h"
#include "tests/refdev/device/ring.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

void ref_enable(struct ref_virtio *virtio, struct ref_queue *queue)
{
    queue->is_packed = ref_has(virtio, REF_F_RING_PACKED);
    queue->is_enabled = true;
    mutate_enable(virtio, queue);
}

/* 2.6.1: the queue loses its entries and everything that the driver has set. */
void ref_reset_queue(struct ref_virtio *virtio, unsigned index)
{
    struct ref_queue *queue = &virtio->queues[index];
    const struct ref_queue before = *queue;

    ref_queue_reset(queue);
    if (!index)
        virtio->late_count = 0;
    if (virtio->is_slow)
        queue->resetting = REF_SLOW_READS;
    mutate_queue_reset(virtio, index, &before);
}

bool ref_is_resetting(struct ref_virtio *virtio, unsigned index)
{
    struct ref_queue *queue = &virtio->queues[index];

    bool is_resetting = queue->resetting;

    queue->resetting -= is_resetting;
    mutate_resetting(virtio, index, &is_resetting);
    return is_resetting;
}

uint16_t ref_notification_of(const struct ref_virtio *virtio, unsigned index)
{
    return ref_has(virtio, REF_F_NOTIF_CONFIG_DATA) ? (uint16_t)(0x4000 + 3 * index)
                                                    : (uint16_t)index;
}

/* The queue that a notification names; REF_QUEUES: none. */
static unsigned named_by(const struct ref_virtio *virtio, unsigned width, uint32_t value)
{
    bool has_data = ref_has(virtio, REF_F_NOTIFICATION_DATA);

    if (has_data ? width != 4 : value >> 16)
        return REF_QUEUES;
    if (MUTANT(NOTIFICATION_DATA_UNEXPECTED) && value >> 16)
        return REF_QUEUES;
    for (unsigned i = 0; i < virtio->queue_count; i++)
        if ((value & 0xffff) ==
            (MUTANT(NOTIFICATION_BY_INDEX) ? i : ref_notification_of(virtio, i)))
            return i;
    return REF_QUEUES;
}

/* 2.9: a notification with a position that the ring cannot have breaks the queue. */
void ref_doorbell(struct ref_virtio *virtio, unsigned at, unsigned width, uint32_t value)
{
    unsigned index = named_by(virtio, width, value);

    if (index == REF_QUEUES || (at != REF_QUEUES && at != index)) {
        ref_order_notification(virtio, REF_QUEUES);
        return;
    }
    struct ref_queue *queue = &virtio->queues[index];

    ref_order_notification(virtio, index);
    if (ref_has(virtio, REF_F_NOTIFICATION_DATA) && ref_is_running(virtio) && queue->is_enabled &&
        !ref_is_plausible(virtio, queue, (uint16_t)(value >> 16)))
        ref_break(virtio);
    mutate_doorbell(virtio, queue, value);
    ref_process(virtio, index);
}
