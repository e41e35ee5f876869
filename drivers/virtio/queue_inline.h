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

static inline void virtq_add_indirect(struct virtq *queue, const struct virtq_segment *segments,
                                      unsigned count)
{
    uint16_t head = queue->free_head;
    struct virtq_desc *table = queue->tables[head], *desc = &queue->desc[head];

    for (unsigned i = 0; i < count; i++) {
        virtq_fill(&table[i], &segments[i], i + 1 == count);
        table[i].next = (uint16_t)(i + 1);
    }
    desc->address = (uintptr_t)table;
    desc->length = count * (uint32_t)sizeof(*table);
    desc->flags = VIRTQ_DESC_F_INDIRECT;
    queue->pending[head].tail = head;
    queue->pending[head].taken = 1;
}

/* The free list runs through desc[].next, so a chain taken from its front is linked already. */
static inline void virtq_add_direct(struct virtq *queue, const struct virtq_segment *segments,
                                    unsigned count)
{
    uint16_t head = queue->free_head, at = head;

    for (unsigned i = 0; i < count; i++) {
        virtq_fill(&queue->desc[at], &segments[i], i + 1 == count);
        queue->pending[head].tail = at;
        at = queue->desc[at].next;
    }
    queue->pending[head].taken = (uint16_t)count;
}

/*
 * Hands a chain over, readable segments first (2.7.4.2), but does not publish it. `head` names it
 * until it comes back. False: not enough free descriptors, or no segment at all.
 */
static inline bool virtq_add(struct virtq *queue, const struct virtq_segment *segments,
                             unsigned count, uint16_t *head)
{
    bool indirect = queue->indirect && count > 1 && count <= VIRTQ_TABLE_ENTRIES;
    struct virtq_pending *pending = &queue->pending[queue->free_head];
    uint32_t writable = 0;

    if (count == 0 || (indirect ? 1 : count) > queue->free_count)
        return false;
    for (unsigned i = 0; i < count; i++)
        writable += segments[i].writable ? segments[i].length : 0;
    *head = queue->free_head;
    if (indirect)
        virtq_add_indirect(queue, segments, count);
    else
        virtq_add_direct(queue, segments, count);
    pending->writable = writable;
    queue->free_head = queue->desc[pending->tail].next;
    queue->free_count -= pending->taken;
    queue->avail->ring[queue->avail_index++ & (queue->size - 1)] = *head;
    queue->outstanding++;
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
