// SPDX-License-Identifier: BSD-2-Clause
/* The split ring, virtio 1.4 section 2.7: what not every request passes. */
#include "drivers/virtio/queue.h"

bool virtq_split_init(struct virtq *queue, struct pages *pages)
{
    uint16_t size = queue->size;

    queue->desc = pages_for(pages, sizeof(*queue->desc) * size);
    queue->avail = pages_for(pages, sizeof(*queue->avail) + sizeof(uint16_t) * (size + 1u));
    queue->used = pages_for(pages, sizeof(*queue->used) + sizeof(struct virtq_used_element) * size +
                                       sizeof(uint16_t));
    if (!queue->desc || !queue->avail || !queue->used)
        return false;
    queue->descriptor_area = (uintptr_t)queue->desc;
    queue->driver_area = (uintptr_t)queue->avail;
    queue->device_area = (uintptr_t)queue->used;
    return true;
}

static void fill(struct virtq_desc *desc, const struct virtq_segment *segment, bool is_last,
                 uint16_t next)
{
    desc->address = segment->address;
    desc->length = segment->length;
    desc->flags = (segment->writable ? VIRTQ_DESC_F_WRITE : 0) | (is_last ? 0 : VIRTQ_DESC_F_NEXT);
    desc->next = is_last ? 0 : next;
}

void virtq_split_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count)
{
    uint16_t head = queue->free_head, at = head;
    uint32_t writable = 0;

    for (unsigned i = 0; i < count; i++) {
        struct virtq_pending *pending = &queue->pending[at];

        fill(&queue->desc[at], &segments[i], i + 1 == count, pending->next);
        writable += segments[i].writable ? segments[i].length : 0;
        pending->table = NULL;
        at = pending->next;
    }
    queue->pending[head].writable = writable;
    virtq_split_hand_over(queue, head, at, (uint16_t)count);
}

static void point(struct virtq *queue, unsigned at, const struct virtq_desc *table,
                  unsigned entries, uint32_t writable)
{
    queue->desc[at] = (struct virtq_desc){
        .address = (uintptr_t)table,
        .length = entries * (uint32_t)sizeof(*table),
        .flags = VIRTQ_DESC_F_INDIRECT,
    };
    queue->pending[at].table = table;
    queue->pending[at].writable = writable;
}

/* The table's entries as descriptors of the ring; returns the first that is not one of them. */
static unsigned copy(struct virtq *queue, unsigned at, const struct virtq_desc *table,
                     unsigned entries)
{
    for (unsigned i = 0; i < entries; i++) {
        struct virtq_pending *pending = &queue->pending[at];

        queue->desc[at] = table[i];
        queue->desc[at].next = i + 1 == entries ? 0 : pending->next;
        pending->table = NULL;
        at = pending->next;
    }
    return at;
}

bool virtq_split_add_other_table(struct virtq *queue, unsigned head, const struct virtq_desc *table,
                                 unsigned entries, uint32_t writable)
{
    if (queue->indirect) {
        point(queue, head, table, entries, writable);
        virtq_split_hand_over(queue, head, queue->pending[head].next, 1);
        return true;
    }
    if (entries > queue->free_count)
        return false;

    unsigned next = copy(queue, head, table, entries);

    queue->pending[head].writable = writable;
    virtq_split_hand_over(queue, head, next, (uint16_t)entries);
    return true;
}

void virtq_split_append_free(struct virtq *queue, struct virtq_pending *head, unsigned count)
{
    for (; count > 1; count--)
        head = &queue->pending[head->next];
    head->next = queue->free_head;
}

void virtq_split_describe(struct virtq_desc *table, const struct virtq_segment *segments,
                          unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fill(&table[i], &segments[i], i + 1 == count, (uint16_t)(i + 1));
}
