/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two ends of a split ring that every request passes: handing a chain over, and taking it back.
 * Inline, so that a caller whose chains have one shape pays for no other.
 */
#pragma once

/* The used_event and avail_event words behind the rings (2.7.7, 2.7.10). */
static inline volatile uint16_t *virtq_used_event(const struct virtq *queue)
{
    return &queue->avail->ring[queue->size];
}

static inline volatile uint16_t *virtq_avail_event(const struct virtq *queue)
{
    return (volatile uint16_t *)&queue->used->ring[queue->size];
}

/* What every chain's hand-over ends with: it leaves the free list and enters the available ring. */
static virtq_inline void virtq_split_hand_over(struct virtq *queue, uint16_t head, uint16_t tail,
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

/* virtq_add_table() */
static virtq_inline bool virtq_split_add_table(struct virtq *queue, const struct virtq_desc *table,
                                               unsigned entries, uint32_t writable, uint16_t *head)
{
    uint16_t at = queue->free_head;
    struct virtq_desc *desc = &queue->desc[at];

    if (!queue->free_count)
        return false;
    virtq_split_hand_over(queue, at, at, 1, writable);
    desc->address = (uintptr_t)table;
    desc->length = entries * (uint32_t)sizeof(*table);
    desc->flags = VIRTQ_DESC_F_INDIRECT;
    *head = at;
    return true;
}

/* virtq_publish() */
static virtq_inline void virtq_split_publish(struct virtq *queue)
{
    dma_wmb();
    *(volatile uint16_t *)&queue->avail->index = queue->avail_index;
}

/* Of a queue with EVENT_IDX: whether the device wants to be notified (2.7.10). */
static virtq_inline bool virtq_split_is_event_reached(struct virtq *queue)
{
    uint16_t now = queue->avail_index, before = queue->kicked_index;

    dma_mb(); /* the index must be visible before the device's wish is read */
    queue->kicked_index = now;
    return (uint16_t)(now - *virtq_avail_event(queue) - 1) < (uint16_t)(now - before);
}

/* virtq_pop(); in a ring of another format it finds nothing. */
static virtq_inline enum virtq_pop virtq_split_pop(struct virtq *queue,
                                                   struct virtq_used_element *used)
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
