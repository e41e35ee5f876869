// SPDX-License-Identifier: BSD-2-Clause
/* Mutants of the reset of a queue and of notifications. */
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

/* The queues before their last reset, which a conforming device does not keep. */
static struct ref_queue kept[REF_QUEUES];

void mutate_enable(struct ref_virtio *virtio, struct ref_queue *queue)
{
    const struct ref_queue *before = &kept[queue - virtio->queues];

    queue->is_undead = false;
    if (MUTANT(ENABLE_NOTIFIES))
        ref_interrupt(virtio, 0, ISR_QUEUE);
    if (!MUTANT(QUEUE_RESET_KEEPS_ADDRESSES) || !before->desc)
        return;
    queue->desc = before->desc;
    queue->driver = before->driver;
    queue->device = before->device;
}

void mutate_queue_reset(struct ref_virtio *virtio, unsigned index, const struct ref_queue *before)
{
    struct ref_queue *queue = &virtio->queues[index];

    kept[index] = *before;
    if (MUTANT(QUEUE_RESET_TAKES_ALL))
        for (unsigned i = 0; i < virtio->queue_count; i++)
            ref_queue_reset(&virtio->queues[i]);
    if (MUTANT(QUEUE_RESET_TAKES_DOMAINS))
        virtio->ops->reset(virtio);
    if (MUTANT(QUEUE_RESET_LEAVES_ENABLED) || MUTANT(MMIO_QUEUE_RESET_LEAVES_READY))
        *queue = *before;
    if (MUTANT(QUEUE_RESET_SERVES_ON) || MUTANT(MMIO_QUEUE_RESET_SERVES_ON)) {
        *queue = *before;
        queue->is_undead = true;
    }
    if (MUTANT(QUEUE_RESET_NOTIFIES))
        queue->vector = before->vector;
    if (MUTANT(QUEUE_RESET_KEEPS_INDICES)) {
        queue->next_avail = before->next_avail;
        queue->next_used = before->next_used;
    }
    if (MUTANT(QUEUE_RESET_KEEPS_WRAP_COUNTERS)) {
        queue->avail.wrap = before->avail.wrap;
        queue->used.wrap = before->used.wrap;
    }
}

void mutate_resetting(const struct ref_virtio *virtio, unsigned index, bool *is_resetting)
{
    if ((MUTANT(QUEUE_RESET_LEFT_BY_RESET) || MUTANT(MMIO_QUEUE_RESET_LEFT_BY_RESET)) &&
        !(virtio->status & STATUS_DRIVER_OK) && !virtio->queues[index].is_enabled &&
        virtio->resets > 1)
        *is_resetting = true;
    if ((MUTANT(QUEUE_RESET_LEFT_BY_ENABLE) || MUTANT(MMIO_QUEUE_RESET_LEFT_BY_ENABLE)) &&
        virtio->queues[index].is_enabled)
        *is_resetting = true;
    if ((MUTANT(QUEUE_RESET_NEVER_DONE) || MUTANT(MMIO_QUEUE_RESET_NEVER_DONE)) && kept[index].size)
        *is_resetting = true;
}

/* Between FEATURES_OK and DRIVER_OK. */
static bool is_early(const struct ref_virtio *virtio)
{
    return (virtio->status & (STATUS_FEATURES_OK | STATUS_DRIVER_OK)) == STATUS_FEATURES_OK;
}

void mutate_doorbell(struct ref_virtio *virtio, const struct ref_queue *queue, uint32_t value)
{
    static uint32_t last; /* the one before */

    if (MUTANT(EARLY_NOTIFICATION_SERVED) && is_early(virtio)) {
        virtio->status |= STATUS_DRIVER_OK;
        ref_process(virtio, (unsigned)(queue - virtio->queues));
        virtio->status &= (uint8_t)~STATUS_DRIVER_OK;
    }
    if (MUTANT(RESET_NOTIFIES_ON) && !virtio->status)
        ref_interrupt(virtio, 0, ISR_QUEUE);
    if (MUTANT(QUEUE_RESET_NOTIFIES) && !queue->is_enabled)
        ref_interrupt(virtio, queue->vector, ISR_QUEUE);
    if (MUTANT(NOTIFICATION_REPEATED_BREAKS) && value >> 16 && value == last &&
        ref_is_running(virtio))
        ref_break(virtio);
    last = value;
}

void mutate_queue_select(const struct ref_virtio *virtio, uint64_t *value)
{
    if (*value >= 1024 && MUTANT(QUEUE_SELECT_BELOW_1024))
        *value = virtio->queue_select;
    if (MUTANT(QUEUE_SELECT_8_BITS))
        *value &= 0xff;
    if (*value >> 15 && MUTANT(QUEUE_SELECT_SIGNED))
        *value = 0;
}

/* As soon as the event queue has been enabled. */
bool mutate_early_fault(const struct ref_virtio *virtio)
{
    return virtio->queues[1].is_enabled && !(virtio->status & 4) && MUTANT(FAULT_BEFORE_DRIVER_OK);
}
