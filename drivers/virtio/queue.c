// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/virtio/queue.h"

static size_t pages_of(size_t bytes)
{
    return (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}

bool virtq_init(struct virtq *queue, uint16_t index, uint16_t size, struct pages *pages)
{
    *queue = (struct virtq){.index = index, .size = size, .free_count = size};
    queue->desc = pages_get(pages, pages_of(sizeof(*queue->desc) * size));
    queue->avail =
        pages_get(pages, pages_of(sizeof(*queue->avail) + sizeof(uint16_t) * (size + 1u)));
    queue->used =
        pages_get(pages, pages_of(sizeof(*queue->used) + sizeof(struct virtq_used_element) * size +
                                  sizeof(uint16_t)));
    queue->tables = pages_get(pages, pages_of(sizeof(*queue->tables) * size));
    queue->pending = pages_get(pages, pages_of(sizeof(*queue->pending) * size));
    if (!queue->desc || !queue->avail || !queue->used || !queue->tables || !queue->pending)
        return false;
    for (uint16_t i = 0; i < size; i++)
        queue->desc[i].next = i + 1u;
    return true;
}

static void fill(struct virtq_desc *desc, const struct virtq_segment *segment, bool is_last)
{
    desc->address = segment->address;
    desc->length = segment->length;
    desc->flags = (segment->writable ? VIRTQ_DESC_F_WRITE : 0) | (is_last ? 0 : VIRTQ_DESC_F_NEXT);
}

static void add_indirect(struct virtq *queue, const struct virtq_segment *segments, unsigned count)
{
    uint16_t head = queue->free_head;
    struct virtq_desc *table = queue->tables[head];

    for (unsigned i = 0; i < count; i++) {
        fill(&table[i], &segments[i], i + 1 == count);
        table[i].next = (uint16_t)(i + 1);
    }
    queue->desc[head].address = (uintptr_t)table;
    queue->desc[head].length = count * (uint32_t)sizeof(*table);
    queue->desc[head].flags = VIRTQ_DESC_F_INDIRECT;
    queue->pending[head].tail = head;
    queue->pending[head].taken = 1;
}

/* The free list runs through desc[].next, so a chain taken from its front is linked already. */
static void add_direct(struct virtq *queue, const struct virtq_segment *segments, unsigned count)
{
    uint16_t head = queue->free_head, at = head;

    for (unsigned i = 0; i < count; i++) {
        fill(&queue->desc[at], &segments[i], i + 1 == count);
        queue->pending[head].tail = at;
        at = queue->desc[at].next;
    }
    queue->pending[head].taken = (uint16_t)count;
}

bool virtq_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
               uint16_t *head)
{
    bool indirect = queue->indirect && count > 1 && count <= VIRTQ_TABLE_ENTRIES;
    uint32_t writable = 0;

    if (count == 0 || (indirect ? 1 : count) > queue->free_count)
        return false;
    for (unsigned i = 0; i < count; i++)
        writable += segments[i].writable ? segments[i].length : 0;
    *head = queue->free_head;
    if (indirect)
        add_indirect(queue, segments, count);
    else
        add_direct(queue, segments, count);

    struct virtq_pending *pending = &queue->pending[*head];

    pending->writable = writable;
    queue->free_head = queue->desc[pending->tail].next;
    queue->free_count -= pending->taken;
    queue->avail->ring[queue->avail_index++ & (queue->size - 1)] = *head;
    queue->outstanding++;
    return true;
}

bool virtq_kick(struct virtq *queue)
{
    uint16_t before = queue->kicked_index;
    bool wanted;

    dma_mb(); /* the index must be visible before the device's wish is read */
    if (queue->event_index) {
        uint16_t event = *virtq_avail_event(queue);

        wanted =
            (uint16_t)(queue->avail_index - event - 1) < (uint16_t)(queue->avail_index - before);
    } else {
        wanted = !(*(volatile uint16_t *)&queue->used->flags & VIRTQ_USED_F_NO_NOTIFY);
    }
    queue->kicked_index = queue->avail_index;
    if (wanted)
        virtq_notify(queue);
    return wanted;
}

static void take_back(struct virtq *queue, uint16_t head)
{
    struct virtq_pending *pending = &queue->pending[head];

    queue->desc[pending->tail].next = queue->free_head;
    queue->free_head = head;
    queue->free_count += pending->taken;
    pending->taken = 0;
    queue->outstanding--;
    queue->used_index++;
}

enum virtq_pop virtq_pop(struct virtq *queue, struct virtq_used_element *used)
{
    uint16_t ahead = (uint16_t)(*(volatile uint16_t *)&queue->used->index - queue->used_index);

    if (ahead == 0)
        return VIRTQ_EMPTY;
    if (ahead > queue->outstanding)
        return VIRTQ_BAD_INDEX;
    dma_rmb(); /* the entry is read after the index that covers it */
    *used = queue->used->ring[queue->used_index & (queue->size - 1)];
    if (used->id >= queue->size || !queue->pending[used->id].taken)
        return VIRTQ_BAD_ID;
    bool too_long = used->length > queue->pending[used->id].writable;

    take_back(queue, (uint16_t)used->id);
    return too_long ? VIRTQ_BAD_LENGTH : VIRTQ_POPPED;
}

const char *virtq_pop_text(enum virtq_pop result)
{
    static const char *const texts[] = {
        [VIRTQ_EMPTY] = "no used entry",
        [VIRTQ_POPPED] = "a used entry",
        [VIRTQ_BAD_INDEX] = "used.idx runs ahead of what was made available",
        [VIRTQ_BAD_ID] = "a used id is not the head of an outstanding chain",
        [VIRTQ_BAD_LENGTH] = "a used length exceeds the writable bytes of its chain",
    };

    return texts[result];
}
