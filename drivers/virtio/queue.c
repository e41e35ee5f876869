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
    queue->pending = pages_get(pages, pages_of(sizeof(*queue->pending) * size));
    if (!queue->desc || !queue->avail || !queue->used || !queue->pending)
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

bool virtq_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
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
    virtq_hand_over(queue, *head, tail, (uint16_t)count, writable);
    return true;
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
