// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/virtio/queue.h"

bool virtq_init(struct virtq *queue, bool is_packed, uint16_t index, uint16_t size, bool indirect,
                bool event_index, struct pages *pages)
{
    *queue = (struct virtq){
        .is_packed = is_packed,
        .index = index,
        .size = size,
        .doorbell_value = index,
        .indirect = indirect,
        .event_index = event_index,
        .free_count = size,
    };
    queue->pending = pages_for(pages, sizeof(*queue->pending) * size);
    if (!queue->pending)
        return false;
    for (uint16_t i = 0; i < size; i++)
        queue->pending[i].next = i + 1u;
    return is_packed ? virtq_packed_init(queue, pages) : virtq_split_init(queue, pages);
}

bool virtq_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count)
{
    if (count == 0 || count > queue->free_count)
        return false;
    if (queue->is_packed)
        virtq_packed_add(queue, segments, count);
    else
        virtq_split_add(queue, segments, count);
    return true;
}

/* Written each time: of another table at the same address nothing may be left. */
static bool add_indirect(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
                         struct virtq_desc *table)
{
    uint32_t writable = 0;

    if (!queue->indirect || virtq_is_full(queue))
        return false;
    virtq_describe(queue, table, segments, count);
    for (unsigned i = 0; i < count; i++)
        writable += segments[i].writable ? segments[i].length : 0;
    return queue->is_packed
               ? virtq_packed_add_table(queue, queue->free_head, table, count, writable)
               : virtq_split_add_other_table(queue, queue->free_head, table, count, writable);
}

bool virtq_add_fitting(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
                       struct virtq_desc *table)
{
    return count > queue->size ? add_indirect(queue, segments, count, table)
                               : virtq_add(queue, segments, count);
}

void virtq_describe(const struct virtq *queue, struct virtq_desc *table,
                    const struct virtq_segment *segments, unsigned count)
{
    if (queue->is_packed)
        virtq_packed_describe(table, segments, count);
    else
        virtq_split_describe(table, segments, count);
}

const char *virtq_pop_text(enum virtq_pop result)
{
    static const char *const texts[] = {
        [VIRTQ_EMPTY] = "no used entry",
        [VIRTQ_POPPED] = "a used entry",
        [VIRTQ_BAD_INDEX] = "the used ring runs ahead of what was made available",
        [VIRTQ_BAD_ID] = "a used id is not the head of an outstanding chain",
        [VIRTQ_BAD_LENGTH] = "a used length exceeds the writable bytes of its chain",
    };

    return texts[result];
}
