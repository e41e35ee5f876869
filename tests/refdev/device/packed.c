// SPDX-License-Identifier: BSD-2-Clause
/* The packed ring: virtio 1.4 section 2.8. */
#include "tests/refdev/device/ring.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

#define DESC_SIZE  16u
#define DESC_AVAIL 0x0080u
#define DESC_USED  0x8000u

/* Offsets of fields in a descriptor (2.8.13). */
#define AT_LENGTH 8u
#define AT_ID     12u
#define AT_FLAGS  14u

#define EVENT_DISABLE 1u
#define EVENT_DESC    2u

struct desc {
    struct ref_segment segment;
    uint16_t id, flags;
};

static uint64_t address_of(const struct ref_queue *queue, unsigned slot)
{
    return queue->desc + (uint64_t)slot * DESC_SIZE;
}

static bool read_desc(struct ref_virtio *virtio, uint64_t address, struct desc *desc)
{
    uint8_t bytes[DESC_SIZE];

    if (!virtio->ops->dma(virtio, address, bytes, sizeof(bytes), false))
        return false;
    *desc = (struct desc){
        .segment = {ref_get(bytes, 4) | (uint64_t)ref_get(bytes + 4, 4) << 32,
                    ref_get(bytes + AT_LENGTH, 4)},
        .id = (uint16_t)ref_get(bytes + AT_ID, 2),
        .flags = (uint16_t)ref_get(bytes + AT_FLAGS, 2),
    };
    return true;
}

static void advance(const struct ref_queue *queue, struct ref_place_in_ring *place, unsigned count)
{
    unsigned slot = place->slot + count, size = queue->size;

    if (MUTANT(PACKED_RING_ROUNDED))
        while (size & (size - 1))
            size += size & -size;
    if (slot >= size) {
        slot -= size;
        place->wrap = !place->wrap || (MUTANT(PACKED_WRAP_STAYS) && place == &queue->used);
    }
    place->slot = (uint16_t)slot;
}

/* 2.8.1: AVAIL is what the wrap counter is, USED is not. */
static bool is_available(const struct ref_queue *queue, uint16_t flags)
{
    bool avail = flags & DESC_AVAIL, used = flags & DESC_USED;

    if (MUTANT(PACKED_OLD_LAP_TAKEN))
        return avail != used;
    return avail == queue->avail.wrap && used != queue->avail.wrap;
}

/* 2.8.7: of the flags in a table only WRITE counts; the list is all of its entries. */
static bool walk_table(struct ref_virtio *virtio, const struct desc *table, struct ref_chain *chain)
{
    uint32_t count = table->segment.length / DESC_SIZE;
    struct desc desc;

    if (!ref_has(virtio, REF_F_INDIRECT_DESC) || !count || table->segment.length % DESC_SIZE ||
        (table->flags & DESC_NEXT) ||
        (MUTANT(PACKED_INDIRECT_WITH_WRITE_BREAKS) && table->flags & DESC_WRITE))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (MUTANT(PACKED_TABLE_BY_NEXT) && i && !(desc.flags & DESC_NEXT))
            break;
        if (!read_desc(virtio, table->segment.address + (uint64_t)i * DESC_SIZE, &desc) ||
            !ref_add_segment(chain, desc.segment, desc.flags & DESC_WRITE))
            return false;
    }
    return true;
}

/* 2.8.6: from slot to slot while NEXT is set. Returns how many there were; 0: a malformed list. */
static unsigned walk_list(struct ref_virtio *virtio, const struct ref_queue *queue,
                          struct ref_chain *chain)
{
    struct ref_place_in_ring at = queue->avail;
    struct desc desc = {.flags = DESC_NEXT};
    unsigned count = 0;

    while (desc.flags & DESC_NEXT) {
        if (count == queue->size || !read_desc(virtio, address_of(queue, at.slot), &desc))
            return 0;
        count++;
        if (!MUTANT(PACKED_ID_OF_THE_FIRST) || count == 1)
            chain->head = desc.id;
        advance(queue, &at, 1);
        if (desc.flags & DESC_INDIRECT) {
            if (count > 1 || !walk_table(virtio, &desc, chain))
                return 0;
            return MUTANT(PACKED_TABLE_TAKES_ITS_ENTRIES) ? 2 : 1;
        }
        if (!ref_add_segment(chain, desc.segment, desc.flags & DESC_WRITE))
            return 0;
    }
    if (MUTANT(PACKED_LIST_OUT_OF_ORDER) && chain->readable_count > 2) {
        struct ref_segment first = chain->readable[0];

        chain->readable[0] = chain->readable[1];
        chain->readable[1] = first;
    }
    return count;
}

enum ref_pop ref_packed_pop(struct ref_virtio *virtio, struct ref_queue *queue)
{
    uint16_t flags;

    if (!ref_read16(virtio, address_of(queue, queue->avail.slot) + AT_FLAGS, &flags))
        return REF_BROKEN;
    if (!is_available(queue, flags))
        return REF_EMPTY;
    queue->chain = (struct ref_chain){0};

    unsigned count = walk_list(virtio, queue, &queue->chain);

    if (!count || queue->taken_count == REF_TAKEN_MAX)
        return REF_BROKEN;
    queue->taken[queue->taken_count++] = (struct ref_taken){queue->chain.head, (uint16_t)count};
    queue->before = queue->avail;
    advance(queue, &queue->avail, count);
    return REF_POPPED;
}

void ref_packed_unpop(struct ref_queue *queue)
{
    queue->avail = queue->before;
    queue->taken_count--;
}

/* How many descriptors the list with that id has; it is no longer taken. */
static unsigned release(struct ref_queue *queue, uint16_t id)
{
    for (unsigned i = 0; i < queue->taken_count; i++)
        if (queue->taken[i].id == id) {
            unsigned count = queue->taken[i].count;

            queue->taken[i] = queue->taken[--queue->taken_count];
            return count;
        }
    return 1;
}

static void mutate_before_push(struct ref_virtio *virtio, const struct ref_queue *queue)
{
    if (MUTANT(PACKED_READABLE_WRITTEN) && queue->chain.readable_length > 4)
        ref_dma_direct(virtio, queue->chain.readable[0].address + 1, (uint8_t[]){0xff}, 1, true);
    if (MUTANT(PACKED_USED_CHANGES) && queue->used.slot > 1)
        ref_write16(virtio, address_of(queue, 0) + AT_ID, 0xdead);
    if (MUTANT(PACKED_DRIVER_EVENT_WRITTEN))
        ref_write16(virtio, queue->driver, 0);
    for (uint16_t slot = 0; MUTANT(HOSTILE_PACKED_USED_EVERYWHERE) && slot < queue->size; slot++)
        ref_write16(virtio, address_of(queue, slot) + AT_FLAGS,
                    queue->used.wrap ? DESC_AVAIL | DESC_USED : 0);
}

bool ref_packed_push(struct ref_virtio *virtio, struct ref_queue *queue, uint16_t id,
                     uint32_t length)
{
    uint64_t address = address_of(queue, queue->used.slot);
    uint16_t flags = queue->used.wrap ? DESC_AVAIL | DESC_USED : 0;
    unsigned count = release(queue, id);
    uint8_t bytes[6];

    if ((length || MUTANT(PACKED_WRITE_ALWAYS)) && !MUTANT(PACKED_WRITE_NEVER))
        flags |= DESC_WRITE;
    if (MUTANT(PACKED_FLAGS_HALF))
        flags &= (uint16_t)~DESC_AVAIL;
    ref_put(bytes, 4,
            MUTANT(PACKED_LENGTH_ZERO)           ? 0
            : MUTANT(HOSTILE_PACKED_LENGTH_HUGE) ? UINT32_MAX
                                                 : length);
    ref_put(bytes + 4, 2,
            MUTANT(HOSTILE_PACKED_ID_BEYOND)   ? 0xfffe
            : MUTANT(HOSTILE_PACKED_ID_RANDOM) ? ref_look() * 40503u % queue->size
                                               : id);
    mutate_before_push(virtio, queue);
    if (MUTANT(PACKED_USED_ONE_ON))
        count = 1;
    if (MUTANT(PACKED_USED_HOLE))
        count++;
    advance(queue, &queue->used, count);
    queue->unsignalled += (uint16_t)count;
    return virtio->ops->dma(virtio, address + AT_LENGTH, bytes, sizeof(bytes), true) &&
           ref_write16(virtio, address + AT_FLAGS, flags);
}

/* 2.8.10: asks for a notification at the next descriptor, or at any. */
bool ref_packed_listen(struct ref_virtio *virtio, struct ref_queue *queue)
{
    uint16_t position = queue->avail.slot | (uint16_t)(queue->avail.wrap << 15), flags;
    bool is_exact = ref_has(virtio, REF_F_EVENT_IDX);

    if (MUTANT(PACKED_DEVICE_EVENT_ALWAYS))
        is_exact = true;
    if (MUTANT(PACKED_DEVICE_EVENT_BEYOND))
        position = queue->size;
    ref_write16(virtio, queue->device, is_exact ? position : 0);
    ref_write16(virtio, queue->device + 2,
                MUTANT(PACKED_DEVICE_EVENT_3)          ? 3
                : MUTANT(PACKED_DEVICE_EVENT_RESERVED) ? 0x100
                : is_exact                             ? EVENT_DESC
                                                       : 0);
    return ref_read16(virtio, address_of(queue, queue->avail.slot) + AT_FLAGS, &flags) &&
           is_available(queue, flags);
}

/* Whether one of the last `count` used descriptors is at the position of the event. */
static bool is_event_among(const struct ref_queue *queue, uint16_t event, unsigned count)
{
    unsigned slot = (event & 0x7fff) + (MUTANT(PACKED_EVENT_MISSED) ? 2 : 0);
    bool wrap = MUTANT(PACKED_EVENT_LAP_IGNORED) ? queue->used.wrap : event >> 15;
    unsigned end = queue->used.slot + (wrap != queue->used.wrap ? queue->size : 0u);

    return slot < end && end - slot <= count;
}

bool ref_packed_wants_interrupt(struct ref_virtio *virtio, struct ref_queue *queue)
{
    uint16_t count = queue->unsignalled, flags, event;

    queue->unsignalled = 0;
    if (MUTANT(PACKED_NO_INTERRUPT))
        return false;
    if (!count || !ref_read16(virtio, queue->driver + 2, &flags))
        return false;
    flags &= 3;
    if (flags != EVENT_DESC || !ref_has(virtio, REF_F_EVENT_IDX))
        return flags != EVENT_DISABLE;
    return ref_read16(virtio, queue->driver, &event) && is_event_among(queue, event, count);
}

/* 2.9: the position before the one that a notification names has to be an available descriptor. */
bool ref_packed_is_plausible(struct ref_virtio *virtio, const struct ref_queue *queue,
                             uint16_t position)
{
    uint16_t slot = position & 0x7fff, flags;
    bool wrap = position >> 15;
    unsigned ahead = slot - queue->avail.slot + (wrap != queue->avail.wrap ? queue->size : 0u);

    if (slot >= queue->size)
        return false;
    if (!ahead || ahead > queue->size)
        return true;
    return ref_read16(virtio, address_of(queue, (slot ? slot : queue->size) - 1u) + AT_FLAGS,
                      &flags) &&
           !!(flags & DESC_AVAIL) == (slot ? wrap : !wrap) &&
           !!(flags & DESC_USED) != (slot ? wrap : !wrap);
}
