// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/viommu/event.h"

#include <string.h>

static uint8_t *event_buffer(struct viommu *viommu, uint16_t head)
{
    return viommu->event_buffers + head * (size_t)VIOMMU_EVENT_ROOM;
}

bool viommu_fill_events(struct viommu *viommu, unsigned count, uint32_t length)
{
    struct virtq *queue = &viommu->events;

    if (length > VIOMMU_EVENT_ROOM)
        return false;
    if (!viommu->event_buffers)
        viommu->event_buffers = pages_get(
            viommu->pages, (queue->size * (size_t)VIOMMU_EVENT_ROOM + PAGE_SIZE - 1) / PAGE_SIZE);
    if (!viommu->event_buffers)
        return false;
    for (unsigned i = 0; i < count; i++) {
        uint8_t *bytes = event_buffer(viommu, queue->free_head);
        const struct virtq_segment segment = {(uintptr_t)bytes, length, true};
        uint16_t head;

        if (!virtq_add(queue, &segment, 1, &head))
            return false;
        memset(bytes, VIOMMU_POISON, VIOMMU_EVENT_ROOM);
    }
    virtq_publish(queue);
    return true;
}

bool viommu_post_events(struct viommu *viommu, unsigned count, uint32_t length)
{
    if (!viommu_fill_events(viommu, count, length))
        return false;
    virtq_kick(&viommu->events);
    return true;
}

enum virtq_pop viommu_next_event(struct viommu *viommu, uint64_t wait_ns,
                                 struct viommu_event *event)
{
    uint64_t start = arch_now_ns();
    struct virtq_used_element used;
    enum virtq_pop result;

    do {
        result = virtq_pop(&viommu->events, &used);
    } while (result == VIRTQ_EMPTY && arch_now_ns() - start < wait_ns);
    if (result != VIRTQ_POPPED)
        return result;
    event->written = used.length;
    memcpy(event->bytes, event_buffer(viommu, (uint16_t)used.id), sizeof(event->bytes));
    return result;
}
