// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/viommu/event.h"

#include <string.h>

static uint8_t *event_buffer(struct viommu *viommu, unsigned head)
{
    return viommu->event_buffers + head * (size_t)VIOMMU_EVENT_ROOM;
}

bool viommu_fill_events(struct viommu *viommu, unsigned count, uint32_t length)
{
    struct virtq *queue = &viommu->events;

    if (length > VIOMMU_EVENT_ROOM)
        return false;
    if (!viommu->event_buffers)
        viommu->event_buffers = pages_for(viommu->pages, queue->size * (size_t)VIOMMU_EVENT_ROOM);
    if (!viommu->event_buffers)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (virtq_is_full(queue))
            return false;

        uint8_t *bytes = event_buffer(viommu, virtq_next(queue));
        const struct virtq_segment segment = {(uintptr_t)bytes, length, true};

        memset(bytes, VIOMMU_POISON, VIOMMU_EVENT_ROOM);
        virtq_add(queue, &segment, 1);
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

bool viommu_drain_events(struct viommu *viommu)
{
    enum virtq_pop result;
    struct viommu_event event;
    unsigned count = 0;

    while ((result = viommu_next_event(viommu, 0, &event)) == VIRTQ_POPPED)
        count++;
    return result == VIRTQ_EMPTY &&
           (!count || viommu_post_events(viommu, count, viommu->event_length));
}

enum virtq_pop viommu_next_event(struct viommu *viommu, uint64_t wait_ns,
                                 struct viommu_event *event)
{
    struct wait wait = arch_wait_begin(wait_ns);
    struct virtq_used_element used;
    enum virtq_pop result;

    do {
        result = virtq_pop(&viommu->events, &used);
    } while (result == VIRTQ_EMPTY && arch_wait_goes_on(&wait));
    if (result != VIRTQ_POPPED)
        return result;
    event->written = used.length;
    memcpy(event->bytes, event_buffer(viommu, used.id), sizeof(event->bytes));
    return result;
}
