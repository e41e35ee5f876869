// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/virtio/queue.h"

void *virtq_memory(struct pages *pages, size_t bytes)
{
    return pages_get(pages, (bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

bool virtq_init(struct virtq *queue, const struct virtq_format *format, uint16_t index,
                uint16_t size, bool indirect, bool event_index, struct pages *pages)
{
    *queue = (struct virtq){
        .format = format,
        .index = index,
        .size = size,
        .doorbell_value = index,
        .indirect = indirect,
        .event_index = event_index,
        .free_count = size,
    };
    queue->pending = virtq_memory(pages, sizeof(*queue->pending) * size);
    return queue->pending && format->init(queue, pages);
}

bool virtq_kick(struct virtq *queue)
{
    bool wanted = queue->format->is_notification_wanted(queue);

    if (wanted)
        virtq_notify(queue);
    return wanted;
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
