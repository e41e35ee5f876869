// SPDX-License-Identifier: BSD-2-Clause
/*
 * Handling available chains: at once, or late and in another order as lazy and slow devices do,
 * which every driver without IN_ORDER has to accept.
 */
#include <string.h>

#include "tests/refdev/device/order.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

bool ref_dma_direct(struct ref_virtio *virtio, uint64_t address, void *bytes, uint32_t length,
                    bool is_write)
{
    const struct ref_surroundings *around = virtio->function.around;
    void *memory = length ? around->memory(around->context, address, length) : bytes;

    if (!memory)
        return false;
    if (is_write)
        memcpy(memory, bytes, length);
    else
        memcpy(bytes, memory, length);
    return true;
}

/* For a mutant: of two available lists the second one first. */
static void handle_second(struct ref_virtio *virtio, struct ref_queue *queue)
{
    const struct ref_chain first = queue->chain;

    if (ref_pop(virtio, queue) == REF_POPPED)
        ref_push(virtio, queue, queue->chain.head,
                 (uint32_t)virtio->ops->handle(virtio, 0, &queue->chain));
    queue->chain = first;
}

/* False: nothing is available, or the queue is broken. */
static bool handle_next(struct ref_virtio *virtio, unsigned index)
{
    struct ref_queue *queue = &virtio->queues[index];

    switch (ref_pop(virtio, queue)) {
    case REF_BROKEN:
        if (virtio->ops->dma == ref_dma_direct) /* an IOMMU may deny the others their rings */
            ref_order_available(virtio, index, true);
        ref_break(virtio);
        return false;
    case REF_EMPTY:
        return ref_listen(virtio, queue);
    case REF_POPPED:
        break;
    }
    if (MUTANT(PACKED_SECOND_FIRST) && !index && queue->is_packed)
        handle_second(virtio, queue);

    int64_t written = virtio->ops->handle(virtio, index, &queue->chain);

    if (!index && MUTANT(REQUEST_DROPPED) && ++queue->handled % 1500 == 0)
        return true;
    if (!index && MUTANT(REQUEST_TWICE) && ++queue->handled % 50 == 0)
        ref_push(virtio, queue, queue->chain.head, (uint32_t)written);
    if (!index && MUTANT(HOSTILE_NEVER_ANSWERS))
        return true;
    if (!index && MUTANT(HOSTILE_USED_ALWAYS_TWICE))
        ref_push(virtio, queue, queue->chain.head, (uint32_t)written);
    if (!index && MUTANT(HOSTILE_NEEDS_RESET_SOMETIMES) && ++queue->handled % 7 == 0)
        ref_break(virtio);
    if (MUTANT(USED_ID_NEXT))
        queue->chain.head = (uint16_t)((queue->chain.head + 1) % queue->size);
    if (MUTANT(READABLE_WRITTEN) && !index && queue->chain.readable_length > 4)
        ref_dma_direct(virtio, queue->chain.readable[0].address + 1, (uint8_t[]){0xff}, 1, true);
    if (written == REF_KEEP) {
        ref_unpop(queue);
        return false;
    }
    if (virtio->is_lazy && !index && virtio->late_count < REF_QUEUE_SIZE)
        virtio->late[virtio->late_count++] =
            (struct ref_late){queue->chain.head, (uint32_t)written};
    else if (ref_is_running(virtio) &&
             !ref_push(virtio, queue, queue->chain.head, (uint32_t)written))
        ref_break(virtio);
    return true;
}

/* One interrupt for all chains that were used since the last one. */
static void notify_used(struct ref_virtio *virtio, struct ref_queue *queue)
{
    if (ref_is_running(virtio) && ref_wants_interrupt(virtio, queue))
        ref_interrupt(virtio, queue->vector, ISR_QUEUE);
}

/* Moves one of the late chains, chosen at random, to the end, where the next is taken from. */
static void choose_next(struct ref_virtio *virtio)
{
    struct ref_late *last = &virtio->late[virtio->late_count - 1];
    struct ref_late *next = &virtio->late[ref_look() * 40503u % virtio->late_count];
    const struct ref_late chosen = *next;

    *next = *last;
    *last = chosen;
}

void ref_catch_up(struct ref_virtio *virtio)
{
    struct ref_queue *queue = &virtio->queues[0];

    if (MUTANT(RUNS_BEFORE_DRIVER_OK))
        ref_process(virtio, 0);
    if (!virtio->late_count || !ref_is_running(virtio))
        return;
    do {
        if (virtio->is_slow)
            choose_next(virtio);

        const struct ref_late *late = &virtio->late[--virtio->late_count];

        if (!ref_push(virtio, queue, late->head, late->written)) {
            ref_break(virtio);
            return;
        }
    } while (virtio->late_count && !virtio->is_slow);
    notify_used(virtio, queue);
}

void ref_process(struct ref_virtio *virtio, unsigned index)
{
    struct ref_queue *queue = &virtio->queues[index];

    if (!queue->is_enabled || !ref_is_bus_master(&virtio->function))
        return;
    virtio->processed++;
    if (ref_is_running(virtio) && virtio->ops->dma == ref_dma_direct)
        ref_order_available(virtio, index, false);
    if (MUTANT(SPURIOUS_NOTIFICATION_BREAKS) && ref_is_running(virtio) &&
        ref_pop(virtio, queue) != REF_POPPED)
        ref_break(virtio);
    else if (MUTANT(SPURIOUS_NOTIFICATION_BREAKS))
        ref_unpop(queue);
    while (ref_is_running(virtio) && handle_next(virtio, index) &&
           !MUTANT(ONE_REQUEST_A_NOTIFICATION))
        ;
    notify_used(virtio, queue);
}
