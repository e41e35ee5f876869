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
