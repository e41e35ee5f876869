// SPDX-License-Identifier: BSD-2-Clause
/*
 * The packed ring: virtio 1.4 section 2.8. Heads are buffer ids; those that are free form a list
 * through pending[].tail.
 */
#include "drivers/virtio/queue.h"

static bool init(struct virtq *queue, struct pages *pages)
{
    struct virtq_packed_state *packed = &queue->packed;

    packed->ring = virtq_memory(pages, sizeof(*packed->ring) * queue->size);
    packed->driver = virtq_memory(pages, sizeof(*packed->driver));
    packed->device = virtq_memory(pages, sizeof(*packed->device));
    /* What virtq_split_pop() looks at: its index is that of the last chain, so it is empty. */
    queue->used = virtq_memory(pages, sizeof(*queue->used));
    if (!packed->ring || !packed->driver || !packed->device || !queue->used)
        return false;
    packed->avail_wrap = packed->used_wrap = true;
    for (uint16_t i = 0; i < queue->size; i++)
        queue->pending[i].tail = i + 1u;
    /* As a split ring that asks for nothing else: a notification each time round. */
    if (queue->event_index)
        *packed->driver = (struct virtq_packed_event){0x8000, VIRTQ_EVENT_DESC};
    queue->descriptor_area = (uintptr_t)packed->ring;
    queue->driver_area = (uintptr_t)packed->driver;
    queue->device_area = (uintptr_t)packed->device;
    return true;
}

/* Writes the next descriptor; the flags of the first one wait for its publication (2.8.21.1). */
static void put(struct virtq *queue, const struct virtq_packed_desc *desc)
{
    struct virtq_packed_state *packed = &queue->packed;
    struct virtq_packed_desc *slot = &packed->ring[packed->next_avail];
    uint16_t flags =
        desc->flags | (packed->avail_wrap ? VIRTQ_PACKED_F_AVAIL : VIRTQ_PACKED_F_USED);

    slot->address = desc->address;
    slot->length = desc->length;
    slot->id = desc->id;
    if (packed->unpublished++) {
        slot->flags = flags;
    } else {
        packed->held_slot = packed->next_avail;
        packed->held_flags = flags;
    }
    if (++packed->next_avail == queue->size) {
        packed->next_avail = 0;
        packed->avail_wrap = !packed->avail_wrap;
    }
}

/* Takes the next buffer id. */
static uint16_t take(struct virtq *queue, unsigned taken, uint32_t writable)
{
    uint16_t id = queue->free_head;

    queue->free_head = queue->pending[id].tail;
    queue->free_count -= (uint16_t)taken;
    queue->avail_index++;
    queue->pending[id] = (struct virtq_pending){.taken = (uint16_t)taken, .writable = writable};
    return id;
}

static uint16_t flags_of(const struct virtq_segment *segment)
{
    return segment->writable ? VIRTQ_DESC_F_WRITE : 0;
}

static bool add(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
                uint16_t *head)
{
    uint32_t writable = 0;

    if (count == 0 || count > queue->free_count)
        return false;
    for (unsigned i = 0; i < count; i++)
        writable += segments[i].writable ? segments[i].length : 0;
    *head = take(queue, count, writable);
    /*
     * The id of a chain is that of its last descriptor (2.8.6); some devices read the first one's.
     */
    for (unsigned i = 0; i < count; i++)
        put(queue, &(struct virtq_packed_desc){.address = segments[i].address,
                                               .length = segments[i].length,
                                               .id = *head,
                                               .flags = flags_of(&segments[i]) |
                                                        (i + 1 == count ? 0 : VIRTQ_DESC_F_NEXT)});
    return true;
}

static bool add_table(struct virtq *queue, const struct virtq_desc *table, unsigned entries,
                      uint32_t writable, uint16_t *head)
{
    if (!queue->free_count)
        return false;
    *head = take(queue, 1, writable);
    put(queue, &(struct virtq_packed_desc){.address = (uintptr_t)table,
                                           .length = entries * (uint32_t)sizeof(*table),
                                           .id = *head,
                                           .flags = VIRTQ_DESC_F_INDIRECT});
    return true;
}

static void describe(struct virtq_desc *table, const struct virtq_segment *segments, unsigned count)
{
    struct virtq_packed_desc *entries = (struct virtq_packed_desc *)table;

    for (unsigned i = 0; i < count; i++)
        entries[i] = (struct virtq_packed_desc){.address = segments[i].address,
                                                .length = segments[i].length,
                                                .flags = flags_of(&segments[i])};
}

static void publish(struct virtq *queue)
{
    struct virtq_packed_state *packed = &queue->packed;

    if (!packed->unpublished)
        return;
    dma_wmb(); /* everything else stands before the device may go past the first descriptor */
    *(volatile uint16_t *)&packed->ring[packed->held_slot].flags = packed->held_flags;
    packed->unkicked += packed->unpublished;
    packed->unpublished = 0;
}

/* How many descriptors ago the device's event was made available; it is `position`. */
static uint16_t distance(const struct virtq *queue, uint16_t position)
{
    const struct virtq_packed_state *packed = &queue->packed;
    uint16_t ahead = packed->next_avail - (position & 0x7fff);

    return position >> 15 == packed->avail_wrap ? ahead : (uint16_t)(ahead + queue->size);
}

static bool is_notification_wanted(struct virtq *queue)
{
    struct virtq_packed_state *packed = &queue->packed;
    const volatile struct virtq_packed_event *event = packed->device;
    uint16_t published = packed->unkicked;

    dma_mb(); /* the descriptors must be visible before the device's wish is read */
    packed->unkicked = 0;

    uint16_t flags = event->flags & VIRTQ_EVENT_FLAGS;

    if (flags != VIRTQ_EVENT_DESC || !queue->event_index)
        return flags != VIRTQ_EVENT_DISABLE;
    dma_rmb(); /* the device writes the flags last */
    return (uint16_t)(distance(queue, event->position) - 1) < published;
}

/* 2.8.1: used where both bits equal the driver's wrap counter of used descriptors. */
static bool is_used(const struct virtq_packed_state *packed, uint16_t flags)
{
    const uint16_t both = VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED;

    return (flags & both) == (packed->used_wrap ? both : 0);
}

static void skip(struct virtq *queue, uint16_t taken)
{
    struct virtq_packed_state *packed = &queue->packed;

    packed->next_used += taken;
    if (packed->next_used >= queue->size) {
        packed->next_used -= queue->size;
        packed->used_wrap = !packed->used_wrap;
    }
}

/*
 * Without WRITE nothing was written, and the length means nothing (2.8.3). QEMU never sets it; a
 * device is taken at its word as soon as it has set it once, and until then by its lengths.
 */
static uint32_t length_of(struct virtq_packed_state *packed, const struct virtq_packed_desc *desc,
                          uint16_t flags)
{
    bool is_written = flags & VIRTQ_DESC_F_WRITE;

    packed->tells_writes |= is_written;
    return is_written || !packed->tells_writes ? desc->length : 0;
}

static enum virtq_pop pop(struct virtq *queue, struct virtq_used_element *used)
{
    const struct virtq_packed_desc *desc = &queue->packed.ring[queue->packed.next_used];
    uint16_t flags = *(const volatile uint16_t *)&desc->flags;

    if (!is_used(&queue->packed, flags))
        return VIRTQ_EMPTY;
    if (!virtq_outstanding(queue))
        return VIRTQ_BAD_INDEX;
    dma_rmb(); /* the rest is read after the flags that vouch for it */
    *used = (struct virtq_used_element){desc->id, length_of(&queue->packed, desc, flags)};
    if (used->id >= queue->size || !queue->pending[used->id].taken)
        return VIRTQ_BAD_ID;

    struct virtq_pending *pending = &queue->pending[used->id];

    skip(queue, pending->taken);
    queue->free_count += pending->taken;
    queue->used->index = ++queue->used_index;
    pending->taken = 0;
    pending->tail = queue->free_head;
    queue->free_head = (uint16_t)used->id;
    return used->length > pending->writable ? VIRTQ_BAD_LENGTH : VIRTQ_POPPED;
}

/* 2.9: the offset of the next descriptor, and the wrap counter above it. */
static uint16_t position(const struct virtq *queue)
{
    return (uint16_t)(queue->packed.next_avail | queue->packed.avail_wrap << 15);
}

const struct virtq_format virtq_packed = {
    .init = init,
    .add = add,
    .add_table = add_table,
    .describe = describe,
    .publish = publish,
    .is_notification_wanted = is_notification_wanted,
    .pop = pop,
    .position = position,
};
