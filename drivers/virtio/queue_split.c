// SPDX-License-Identifier: BSD-2-Clause
/* The split ring: virtio 1.4 section 2.7. */
#include "drivers/virtio/queue.h"

static bool init(struct virtq *queue, struct pages *pages)
{
    uint16_t size = queue->size;

    queue->has_split_events = queue->event_index;
    queue->has_split_tables = queue->indirect;
    queue->desc = virtq_memory(pages, sizeof(*queue->desc) * size);
    queue->avail = virtq_memory(pages, sizeof(*queue->avail) + sizeof(uint16_t) * (size + 1u));
    queue->used = virtq_memory(
        pages, sizeof(*queue->used) + sizeof(struct virtq_used_element) * size + sizeof(uint16_t));
    if (!queue->desc || !queue->avail || !queue->used)
        return false;
    for (uint16_t i = 0; i < size; i++)
        queue->desc[i].next = i + 1u;
    queue->descriptor_area = (uintptr_t)queue->desc;
    queue->driver_area = (uintptr_t)queue->avail;
    queue->device_area = (uintptr_t)queue->used;
    return true;
}

static void fill(struct virtq_desc *desc, const struct virtq_segment *segment, bool is_last)
{
    desc->address = segment->address;
    desc->length = segment->length;
    desc->flags = (segment->writable ? VIRTQ_DESC_F_WRITE : 0) | (is_last ? 0 : VIRTQ_DESC_F_NEXT);
}

static bool add(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
                uint16_t *head)
{
    uint16_t at = queue->free_head, tail = at;
    uint32_t writable = 0;

    if (count == 0 || count > queue->free_count)
        return false;
    /* The free list runs through desc[].next, so a chain taken from its front is linked already. */
    for (unsigned i = 0; i < count; i++) {
        fill(&queue->desc[at], &segments[i], i + 1 == count);
        writable += segments[i].writable ? segments[i].length : 0;
        tail = at;
        at = queue->desc[at].next;
    }
    *head = queue->free_head;
    virtq_split_hand_over(queue, *head, tail, (uint16_t)count, writable);
    return true;
}

static bool add_table(struct virtq *queue, const struct virtq_desc *table, unsigned entries,
                      uint32_t writable, uint16_t *head)
{
    return virtq_split_add_table(queue, table, entries, writable, head);
}

static void describe(struct virtq_desc *table, const struct virtq_segment *segments, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        fill(&table[i], &segments[i], i + 1 == count);
        table[i].next = i + 1 == count ? 0 : (uint16_t)(i + 1);
    }
}

static void publish(struct virtq *queue)
{
    virtq_split_publish(queue);
}

static bool is_notification_wanted(struct virtq *queue)
{
    if (queue->event_index)
        return virtq_split_is_event_reached(queue);
    dma_mb(); /* as there */
    queue->kicked_index = queue->avail_index;
    return !(*(volatile uint16_t *)&queue->used->flags & VIRTQ_USED_F_NO_NOTIFY);
}

static enum virtq_pop pop(struct virtq *queue, struct virtq_used_element *used)
{
    return virtq_split_pop(queue, used);
}

/* The next index of the available ring. */
static uint16_t position(const struct virtq *queue)
{
    return queue->avail_index;
}

const struct virtq_format virtq_split = {
    .init = init,
    .add = add,
    .add_table = add_table,
    .describe = describe,
    .publish = publish,
    .is_notification_wanted = is_notification_wanted,
    .pop = pop,
    .position = position,
};
