/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two ends of a virtqueue that every request passes: handing a chain over, and taking it back.
 * Inline, so that a caller whose chains have one shape pays for no other.
 */
#pragma once

/* The compiler would rather share one copy, whose call costs as much as its work. */
#define virtq_inline inline __attribute__((always_inline))

/* What every chain's hand-over ends with: it leaves the free list and enters the available ring. */
static virtq_inline void virtq_hand_over(struct virtq *queue, uint16_t head, uint16_t tail,
                                         uint16_t taken, uint32_t writable)
{
    uint16_t *entry = &queue->avail->ring[queue->avail_index & (queue->size - 1)];

    queue->free_head = queue->desc[tail].next;
    queue->free_count -= taken;
    queue->avail_index++;
    queue->pending[head] =
        (struct virtq_pending){.tail = tail, .taken = taken, .writable = writable};
    *entry = head;
}

/*
 * Hands over a chain that stands in a table of the caller's own, `entries` descriptors of which
 * `writable` bytes are for the device (2.7.5.3; INDIRECT_DESC must be negotiated). The chain is not
 * published; `head` names it until it comes back. False: no free descriptor.
 */
static virtq_inline bool virtq_add_table(struct virtq *queue, const struct virtq_desc *table,
                                         unsigned entries, uint32_t writable, uint16_t *head)
{
    uint16_t at = queue->free_head;
    struct virtq_desc *desc = &queue->desc[at];

    if (!queue->free_count)
        return false;
    virtq_hand_over(queue, at, at, 1, writable);
    desc->address = (uintptr_t)table;
    desc->length = entries * (uint32_t)sizeof(*table);
    desc->flags = VIRTQ_DESC_F_INDIRECT;
    *head = at;
    return true;
}

/* Notifies unless the device has asked not to be (2.7.10); true when it was notified. */
static virtq_inline bool virtq_kick(struct virtq *queue)
{
    uint16_t now = queue->avail_index, before = queue->kicked_index;
    bool wanted;

    dma_mb(); /* the index must be visible before the device's wish is read */
    if (queue->event_index)
        wanted = (uint16_t)(now - *virtq_avail_event(queue) - 1) < (uint16_t)(now - before);
    else
        wanted = !(*(volatile uint16_t *)&queue->used->flags & VIRTQ_USED_F_NO_NOTIFY);
    queue->kicked_index = now;
    if (wanted)
        virtq_notify(queue);
    return wanted;
}

/*
 * The next used entry. What can't be right is never followed; after VIRTQ_BAD_INDEX or VIRTQ_BAD_ID
 * the queue needs a reset.
 */
static virtq_inline enum virtq_pop virtq_pop(struct virtq *queue, struct virtq_used_element *used)
{
    const struct virtq_used *ring = queue->used;
    uint16_t at = queue->used_index;
    uint16_t ahead = (uint16_t)(*(const volatile uint16_t *)&ring->index - at);

    /* One comparison for both ends: 0 wraps round to more than can be outstanding. */
    if ((uint16_t)(ahead - 1) >= virtq_outstanding(queue))
        return ahead ? VIRTQ_BAD_INDEX : VIRTQ_EMPTY;
    dma_rmb(); /* the entry is read after the index that covers it */
    *used = ring->ring[at & (queue->size - 1)];
    if (used->id >= queue->size)
        return VIRTQ_BAD_ID;

    struct virtq_pending *pending = &queue->pending[used->id];

    if (!pending->taken)
        return VIRTQ_BAD_ID;
    queue->desc[pending->tail].next = queue->free_head;
    queue->free_head = (uint16_t)used->id;
    queue->free_count += pending->taken;
    queue->used_index = at + 1u;
    pending->taken = 0;
    return used->length > pending->writable ? VIRTQ_BAD_LENGTH : VIRTQ_POPPED;
}
