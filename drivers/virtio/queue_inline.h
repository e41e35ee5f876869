/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two ends of a virtqueue that every request passes: handing a chain over, and taking it back.
 * Inline, so that a caller whose chains have one shape pays for no other.
 */
#pragma once

static inline void virtq_fill(struct virtq_desc *desc, const struct virtq_segment *segment,
                              bool is_last)
{
    desc->address = segment->address;
    desc->length = segment->length;
    desc->flags = (segment->writable ? VIRTQ_DESC_F_WRITE : 0) | (is_last ? 0 : VIRTQ_DESC_F_NEXT);
}

/* What every chain's hand-over ends with: it leaves the free list and enters the available ring. */
static inline void virtq_hand_over(struct virtq *queue, uint16_t head, uint16_t tail,
                                   uint16_t taken, uint32_t writable)
{
    queue->pending[head] =
        (struct virtq_pending){.tail = tail, .taken = taken, .writable = writable};
    queue->free_head = queue->desc[tail].next;
    queue->free_count -= taken;
    queue->avail->ring[queue->avail_index++ & (queue->size - 1)] = head;
    queue->outstanding++;
}

/*
 * Hands over a chain that stands in a table of the caller's own, `entries` descriptors of which
 * `writable` bytes are for the device (2.7.5.3; INDIRECT_DESC must be negotiated). The chain is not
 * published; `head` names it until it comes back. False: no free descriptor.
 */
static inline bool virtq_add_table(struct virtq *queue, const struct virtq_desc *table,
                                   unsigned entries, uint32_t writable, uint16_t *head)
{
    struct virtq_desc *desc = &queue->desc[queue->free_head];

    if (!queue->free_count)
        return false;
    *head = queue->free_head;
    desc->address = (uintptr_t)table;
    desc->length = entries * (uint32_t)sizeof(*table);
    desc->flags = VIRTQ_DESC_F_INDIRECT;
    virtq_hand_over(queue, *head, *head, 1, writable);
    return true;
}

/*
 * The same for segments anywhere, readable ones first (2.7.4.2), as descriptors of the ring. False:
 * not enough of them are free, or there is no segment at all.
 */
static inline bool virtq_add(struct virtq *queue, const struct virtq_segment *segments,
                             unsigned count, uint16_t *head)
{
    uint16_t at = queue->free_head, tail = at;
    uint32_t writable = 0;

    if (count == 0 || count > queue->free_count)
        return false;
    /* The free list runs through desc[].next, so a chain taken from its front is linked already. */
    for (unsigned i = 0; i < count; i++) {
        virtq_fill(&queue->desc[at], &segments[i], i + 1 == count);
        writable += segments[i].writable ? segments[i].length : 0;
        tail = at;
        at = queue->desc[at].next;
    }
    *head = queue->free_head;
    virtq_hand_over(queue, *head, tail, (uint16_t)count, writable);
    return true;
}

/*
 * The next used entry. What can't be right is never followed; after VIRTQ_BAD_INDEX or VIRTQ_BAD_ID
 * the queue needs a reset.
 */
static inline enum virtq_pop virtq_pop(struct virtq *queue, struct virtq_used_element *used)
{
    uint16_t ahead = (uint16_t)(*(volatile uint16_t *)&queue->used->index - queue->used_index);

    if (ahead == 0)
        return VIRTQ_EMPTY;
    if (ahead > queue->outstanding)
        return VIRTQ_BAD_INDEX;
    dma_rmb(); /* the entry is read after the index that covers it */
    *used = queue->used->ring[queue->used_index & (queue->size - 1)];
    if (used->id >= queue->size)
        return VIRTQ_BAD_ID;

    struct virtq_pending *pending = &queue->pending[used->id];

    if (!pending->taken)
        return VIRTQ_BAD_ID;
    queue->desc[pending->tail].next = queue->free_head;
    queue->free_head = (uint16_t)used->id;
    queue->free_count += pending->taken;
    queue->outstanding--;
    queue->used_index++;
    pending->taken = 0;
    return used->length > pending->writable ? VIRTQ_BAD_LENGTH : VIRTQ_POPPED;
}
