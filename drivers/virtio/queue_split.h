/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The split ring (virtio 1.4 section 2.7) as drivers/virtio/queue.h needs it. Heads are descriptors;
 * those that are free, and those of a chain, form lists through pending[].next.
 */
#pragma once

bool virtq_split_init(struct virtq *queue, struct pages *pages);
/* Of at least one segment, and no more than there are free descriptors. */
void virtq_split_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count);
void virtq_split_describe(struct virtq_desc *table, const struct virtq_segment *segments,
                          unsigned count);
/* virtq_add_table() where the descriptor does not point to the table yet, or never does. */
bool virtq_split_add_other_table(struct virtq *queue, unsigned head, const struct virtq_desc *table,
                                 unsigned entries, uint32_t writable);
/* What is free goes on behind the last descriptor of a chain that is free again. */
void virtq_split_append_free(struct virtq *queue, struct virtq_pending *head, unsigned count);

/* The used_event and avail_event words behind the rings (2.7.7, 2.7.10). */
static inline volatile uint16_t *virtq_used_event(const struct virtq *queue)
{
    return &queue->avail->ring[queue->size];
}

static inline volatile uint16_t *virtq_avail_event(const struct virtq *queue)
{
    return (volatile uint16_t *)&queue->used->ring[queue->size];
}

/* A chain of `taken` descriptors enters the available ring; behind it the free ones begin. */
static virtq_inline void virtq_split_hand_over(struct virtq *queue, unsigned head, unsigned next,
                                               uint16_t taken)
{
    queue->pending[head].taken = taken;
    queue->free_head = (uint16_t)next;
    queue->free_count -= taken;
    queue->avail->ring[queue->avail_index++ & (queue->size - 1)] = (uint16_t)head;
}

/* A descriptor that points to the table already is not written again. */
static virtq_inline bool virtq_split_add_table(struct virtq *queue, unsigned head,
                                               const struct virtq_desc *table, unsigned entries,
                                               uint32_t writable)
{
    const struct virtq_pending *pending = &queue->pending[head];

    if (virtq_unlikely(pending->table != table))
        return virtq_split_add_other_table(queue, head, table, entries, writable);
    virtq_split_hand_over(queue, head, pending->next, 1);
    return true;
}

static virtq_inline void virtq_split_publish(struct virtq *queue, uint16_t index)
{
    dma_wmb(); /* the entries are there before the index that covers them */
    *(volatile uint16_t *)&queue->avail->index = index;
}

/* Publishes, and asks whether the device wants to be notified (2.7.7, 2.7.10). */
static virtq_inline bool virtq_split_publish_and_ask(struct virtq *queue)
{
    uint16_t now = queue->avail_index, before = queue->kicked_index;

    virtq_split_publish(queue, now);
    dma_mb(); /* the index must be visible before avail_event or the flags are read */
    queue->kicked_index = now;
    if (virtq_unlikely(!queue->event_index))
        return !(*(volatile uint16_t *)&queue->used->flags & VIRTQ_USED_F_NO_NOTIFY);
    return (uint16_t)(now - *virtq_avail_event(queue) - 1) < (uint16_t)(now - before);
}

/*
 * Reads how far the device is, when all that was seen of it is taken. One comparison for both ends:
 * 0 wraps round to more than can be outstanding.
 */
static virtq_inline enum virtq_pop virtq_split_look(struct virtq *queue)
{
    uint16_t index = *(const volatile uint16_t *)&queue->used->index;
    uint16_t ahead = (uint16_t)(index - queue->used_index);

    if ((uint16_t)(ahead - 1) >= virtq_outstanding(queue))
        return ahead ? VIRTQ_BAD_INDEX : VIRTQ_EMPTY;
    queue->seen_index = index;
    dma_rmb(); /* entries are read after the index that covers them */
    return VIRTQ_POPPED;
}

static virtq_inline enum virtq_pop virtq_split_pop(struct virtq *queue,
                                                   struct virtq_used_element *used)
{
    uint16_t at = queue->used_index;

    if (at == queue->seen_index) {
        enum virtq_pop result = virtq_split_look(queue);

        if (result != VIRTQ_POPPED)
            return result;
    }
    *used = queue->used->ring[at & (queue->size - 1)];
    if (used->id >= queue->size)
        return VIRTQ_BAD_ID;

    struct virtq_pending *pending = &queue->pending[used->id];
    uint16_t taken = pending->taken;

    pending->taken = 0;
    if (virtq_unlikely(taken != 1)) {
        if (!taken)
            return VIRTQ_BAD_ID;
        virtq_split_append_free(queue, pending, taken);
    } else {
        pending->next = queue->free_head;
    }
    queue->used_index = at + 1u;
    queue->free_head = (uint16_t)used->id;
    queue->free_count += taken;
    return used->length > pending->writable ? VIRTQ_BAD_LENGTH : VIRTQ_POPPED;
}
