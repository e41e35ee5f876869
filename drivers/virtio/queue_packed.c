// SPDX-License-Identifier: BSD-2-Clause
/* The packed ring, virtio 1.4 section 2.8: what not every request passes. */
#include "drivers/virtio/queue.h"

bool virtq_packed_init(struct virtq *queue, struct pages *pages)
{
    struct virtq_packed_state *packed = &queue->packed;

    packed->ring = pages_for(pages, sizeof(*packed->ring) * queue->size);
    packed->driver = pages_for(pages, sizeof(*packed->driver));
    packed->device = pages_for(pages, sizeof(*packed->device));
    if (!packed->ring || !packed->driver || !packed->device)
        return false;
    /* Both wrap counters begin with 1 (2.8.1). */
    packed->avail_flags = packed->held_lap = VIRTQ_PACKED_F_AVAIL;
    packed->used_flags = VIRTQ_PACKED_F_BOTH;
    /* As a split ring that asks for nothing else: a notification each time round. */
    if (queue->event_index)
        *packed->driver = (struct virtq_packed_event){0x8000, VIRTQ_EVENT_DESC};
    queue->descriptor_area = (uintptr_t)packed->ring;
    queue->driver_area = (uintptr_t)packed->driver;
    queue->device_area = (uintptr_t)packed->device;
    return true;
}

static uint16_t flags_of(const struct virtq_segment *segment)
{
    return segment->writable ? VIRTQ_DESC_F_WRITE : 0;
}

void virtq_packed_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count)
{
    uint16_t id = queue->free_head;
    uint32_t writable = 0;

    for (unsigned i = 0; i < count; i++)
        writable += segments[i].writable ? segments[i].length : 0;
    virtq_packed_take(queue, id, (uint16_t)count, writable);
    /*
     * The id of a chain is that of its last descriptor (2.8.6); some devices read the first one's.
     */
    for (unsigned i = 0; i < count; i++)
        virtq_packed_put(queue, segments[i].address, segments[i].length, id,
                         flags_of(&segments[i]) | (i + 1 == count ? 0 : VIRTQ_DESC_F_NEXT));
}

bool virtq_packed_add_entries(struct virtq *queue, const struct virtq_desc *table, unsigned entries,
                              uint32_t writable)
{
    const struct virtq_packed_desc *desc = (const struct virtq_packed_desc *)table;
    uint16_t id = queue->free_head;

    if (entries > queue->free_count)
        return false;
    virtq_packed_take(queue, id, (uint16_t)entries, writable);
    for (unsigned i = 0; i < entries; i++)
        virtq_packed_put(queue, desc[i].address, desc[i].length, id,
                         desc[i].flags | (i + 1 == entries ? 0 : VIRTQ_DESC_F_NEXT));
    return true;
}

void virtq_packed_describe(struct virtq_desc *table, const struct virtq_segment *segments,
                           unsigned count)
{
    struct virtq_packed_desc *entries = (struct virtq_packed_desc *)table;

    for (unsigned i = 0; i < count; i++)
        entries[i] = (struct virtq_packed_desc){.address = segments[i].address,
                                                .length = segments[i].length,
                                                .flags = flags_of(&segments[i])};
}
