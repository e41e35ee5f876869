/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packed ring (virtio 1.4 section 2.8) as drivers/virtio/queue.h needs it. Heads are buffer ids;
 * those that are free form a list through pending[].next.
 */
#pragma once

#define VIRTQ_PACKED_F_BOTH (VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED)

bool virtq_packed_init(struct virtq *queue, struct pages *pages);
/* Of at least one segment, and no more than there are free descriptors. */
void virtq_packed_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count);
void virtq_packed_describe(struct virtq_desc *table, const struct virtq_segment *segments,
                           unsigned count);

/* virtq_add_table() without INDIRECT_DESC. */
bool virtq_packed_add_entries(struct virtq *queue, const struct virtq_desc *table, unsigned entries,
                              uint32_t writable);

/* Writes the next descriptor; the flags of the first one wait for its publication (2.8.21.1). */
static virtq_inline void virtq_packed_put(struct virtq *queue, uint64_t address, uint32_t length,
                                          unsigned id, unsigned flags)
{
    struct virtq_packed_state *packed = &queue->packed;
    unsigned at = packed->next_avail;
    struct virtq_packed_desc *slot = &packed->ring[at];

    flags |= packed->avail_flags;
    slot->address = address;
    slot->length = length;
    slot->id = (uint16_t)id;
    if (at == packed->held_slot)
        packed->held_flags = (uint16_t)flags;
    else
        slot->flags = (uint16_t)flags;
    packed->next_avail = (uint16_t)(at + 1);
    if (virtq_unlikely(at + 1 == queue->size)) {
        packed->next_avail = 0;
        packed->avail_flags ^= VIRTQ_PACKED_F_BOTH;
    }
}

/* The id of a chain of `taken` descriptors leaves the list of those that are free. */
static virtq_inline void virtq_packed_take(struct virtq *queue, unsigned id, uint16_t taken,
                                           uint32_t writable)
{
    struct virtq_pending *pending = &queue->pending[id];

    queue->free_head = pending->next;
    queue->free_count -= taken;
    queue->avail_index++;
    pending->taken = taken;
    pending->writable = writable;
}

static virtq_inline bool virtq_packed_add_table(struct virtq *queue, unsigned id,
                                                const struct virtq_desc *table, unsigned entries,
                                                uint32_t writable)
{
    if (virtq_unlikely(!queue->indirect))
        return virtq_packed_add_entries(queue, table, entries, writable);
    virtq_packed_take(queue, id, 1, writable);
    virtq_packed_put(queue, (uintptr_t)table, entries * (uint32_t)sizeof(*table), id,
                     VIRTQ_DESC_F_INDIRECT);
    return true;
}

static virtq_inline void virtq_packed_publish(struct virtq *queue)
{
    struct virtq_packed_state *packed = &queue->packed;
    uint16_t at = packed->next_avail, lap = packed->avail_flags;
    uint16_t count =
        (uint16_t)(at - packed->held_slot + (lap == packed->held_lap ? 0 : queue->size));

    if (!count)
        return;
    dma_wmb(); /* everything else is there before the device may go past the first descriptor */
    *(volatile uint16_t *)&packed->ring[packed->held_slot].flags = packed->held_flags;
    packed->held_slot = at;
    packed->held_lap = lap;
    packed->unkicked += count;
}

/* The offset of the next descriptor, and the wrap counter above it. */
static virtq_inline uint16_t virtq_packed_position(const struct virtq *queue)
{
    const struct virtq_packed_state *packed = &queue->packed;

    return (uint16_t)(packed->next_avail | (packed->avail_flags & VIRTQ_PACKED_F_AVAIL) << 8);
}

/* How many descriptors ago the device's event was made available; it is `position`. */
static virtq_inline uint16_t virtq_packed_distance(const struct virtq *queue, uint16_t position)
{
    uint16_t now = virtq_packed_position(queue);
    uint16_t ahead = (uint16_t)((now & 0x7fff) - (position & 0x7fff));

    return (now ^ position) & 0x8000 ? (uint16_t)(ahead + queue->size) : ahead;
}

/* Publishes, and asks whether the device wants to be notified (2.8.10). */
static virtq_inline bool virtq_packed_publish_and_ask(struct virtq *queue)
{
    struct virtq_packed_state *packed = &queue->packed;
    const volatile struct virtq_packed_event *event = packed->device;

    virtq_packed_publish(queue);

    uint16_t published = packed->unkicked;

    dma_mb(); /* the descriptors must be visible before the device's event structure is read */
    packed->unkicked = 0;

    uint16_t flags = event->flags & VIRTQ_EVENT_FLAGS;

    if (virtq_unlikely(flags != VIRTQ_EVENT_DESC || !queue->event_index))
        return flags != VIRTQ_EVENT_DISABLE;
    dma_rmb(); /* the device writes the flags last */
    return (uint16_t)(virtq_packed_distance(queue, event->position) - 1) < published;
}

/*
 * Without WRITE nothing was written, and the length means nothing (2.8.3). QEMU never sets it; a
 * device is taken at its word as soon as it has set it once, and until then by its lengths.
 */
static virtq_inline uint32_t virtq_packed_length(struct virtq_packed_state *packed, uint16_t flags,
                                                 uint32_t length)
{
    if (flags & VIRTQ_DESC_F_WRITE)
        packed->tells_writes = true;
    else if (packed->tells_writes)
        return 0;
    return length;
}

/* Where nothing is outstanding no id could be right. */
static inline enum virtq_pop virtq_packed_bad_id(const struct virtq *queue)
{
    return virtq_outstanding(queue) ? VIRTQ_BAD_ID : VIRTQ_BAD_INDEX;
}

static virtq_inline enum virtq_pop virtq_packed_pop(struct virtq *queue,
                                                    struct virtq_used_element *used)
{
    struct virtq_packed_state *packed = &queue->packed;
    const struct virtq_packed_desc *desc = &packed->ring[packed->next_used];
    uint16_t flags = *(const volatile uint16_t *)&desc->flags;

    if ((flags & VIRTQ_PACKED_F_BOTH) != packed->used_flags) /* 2.8.1 */
        return VIRTQ_EMPTY;
    dma_rmb(); /* the rest is read after the flags that vouch for it */
    used->id = desc->id;
    used->length = virtq_packed_length(packed, flags, desc->length);
    if (used->id >= queue->size)
        return virtq_packed_bad_id(queue);

    struct virtq_pending *pending = &queue->pending[used->id];
    uint16_t taken = pending->taken;

    pending->taken = 0;
    if (!taken)
        return virtq_packed_bad_id(queue);
    packed->next_used += taken;
    if (virtq_unlikely(packed->next_used >= queue->size)) {
        packed->next_used -= queue->size;
        packed->used_flags ^= VIRTQ_PACKED_F_BOTH;
    }
    queue->free_count += taken;
    queue->used_index++;
    pending->next = queue->free_head;
    queue->free_head = (uint16_t)used->id;
    return used->length > pending->writable ? VIRTQ_BAD_LENGTH : VIRTQ_POPPED;
}
