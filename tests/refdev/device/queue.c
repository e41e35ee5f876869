// SPDX-License-Identifier: BSD-2-Clause
/* The split ring: virtio 1.4 section 2.7. Dispatches to packed.c where a queue is packed. */
#include "tests/refdev/device/queue.h"

#include <string.h>

#include "tests/refdev/device/ring.h"
#include "tests/refdev/device/virtio.h"
#include "tests/refdev/mutants/mutant.h"

#define DESC_SIZE 16u

#define AVAIL_NO_INTERRUPT 1u

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

void ref_queue_reset(struct ref_queue *queue)
{
    uint16_t size = queue->size_max;
    uint16_t kept = queue->size && MUTANT(RESET_KEEPS_QUEUE_SIZE) ? queue->size : size;

    *queue = (struct ref_queue){
        .size_max = size,
        .size = kept,
        .vector = REF_NO_VECTOR,
        .avail.wrap = true,
        .used.wrap = true,
    };
}

/* 2.7.5: the driver may have written anything, and the address may not be memory. */
static bool read_desc(struct ref_virtio *virtio, uint64_t address, struct desc *desc)
{
    uint8_t bytes[DESC_SIZE];

    if (!virtio->ops->dma(virtio, address, bytes, sizeof(bytes), false))
        return false;
    *desc = (struct desc){
        .address = ref_get(bytes, 4) | (uint64_t)ref_get(bytes + 4, 4) << 32,
        .length = ref_get(bytes + 8, 4),
        .flags = (uint16_t)ref_get(bytes + 12, 2),
        .next = (uint16_t)ref_get(bytes + 14, 2),
    };
    return true;
}

static bool add_segment(struct ref_chain *chain, const struct desc *desc)
{
    return ref_add_segment(chain, (struct ref_segment){desc->address, desc->length},
                           desc->flags & DESC_WRITE);
}

/* 2.7.5.3: no table in a table, none with NEXT, and only a whole number of descriptors. */
static bool walk_table(struct ref_virtio *virtio, const struct desc *table, struct ref_chain *chain)
{
    uint32_t count = table->length / DESC_SIZE;
    struct desc desc = {.flags = DESC_NEXT};

    if (!ref_has(virtio, REF_F_INDIRECT_DESC) || !count || table->length % DESC_SIZE ||
        (table->flags & DESC_NEXT))
        return false;
    for (uint32_t taken = 0; desc.flags & DESC_NEXT; taken++) {
        uint32_t at = taken ? desc.next : 0;

        if (MUTANT(INDIRECT_IN_ORDER))
            at = taken;

        if (taken == count || at >= count ||
            !read_desc(virtio, table->address + (uint64_t)at * DESC_SIZE, &desc) ||
            (desc.flags & DESC_INDIRECT) || !add_segment(chain, &desc))
            return false;
    }
    return true;
}

static bool walk_ring(struct ref_virtio *virtio, const struct ref_queue *queue,
                      struct ref_chain *chain)
{
    struct desc desc = {.flags = DESC_NEXT, .next = chain->head};

    for (unsigned taken = 0; desc.flags & DESC_NEXT; taken++) {
        if (taken == queue->size || desc.next >= queue->size ||
            !read_desc(virtio, queue->desc + (uint64_t)desc.next * DESC_SIZE, &desc))
            return false;
        if (MUTANT(DESCRIPTOR_WRITTEN))
            ref_write16(virtio, queue->desc + (uint64_t)chain->head * DESC_SIZE + 14, 0xffff);
        if (MUTANT(INDIRECT_WITH_WRITE_BREAKS) &&
            (desc.flags & (DESC_INDIRECT | DESC_WRITE)) == (DESC_INDIRECT | DESC_WRITE))
            return false;
        if (MUTANT(INDIRECT_FIRST_ONLY) && taken && (desc.flags & DESC_INDIRECT))
            return false;
        if (desc.flags & DESC_INDIRECT)
            return walk_table(virtio, &desc, chain);
        if (!add_segment(chain, &desc))
            return false;
    }
    return true;
}

static enum ref_pop split_pop(struct ref_virtio *virtio, struct ref_queue *queue)
{
    struct ref_chain *chain = &queue->chain;
    uint16_t index;

    if (!ref_read16(virtio, queue->driver + 2, &index))
        return REF_BROKEN;
    if (index == queue->next_avail)
        return REF_EMPTY;
    if ((uint16_t)(index - queue->next_avail) > queue->size)
        return REF_BROKEN;
    *chain = (struct ref_chain){0};
    if (MUTANT(AVAILABLE_WRITTEN))
        ref_write16(virtio, queue->driver, (uint16_t)(queue->next_avail << 1));
    uint16_t size = MUTANT(AVAILABLE_RING_OF_256) ? 256 : queue->size;

    if (!ref_read16(virtio, queue->driver + 4 + 2 * (queue->next_avail % size), &chain->head) ||
        !walk_ring(virtio, queue, chain))
        return REF_BROKEN;
    queue->next_avail++;
    return REF_POPPED;
}

void ref_unpop(struct ref_queue *queue)
{
    if (queue->is_packed)
        ref_packed_unpop(queue);
    else
        queue->next_avail--;
}

static bool split_push(struct ref_virtio *virtio, struct ref_queue *queue, uint16_t head,
                       uint32_t length)
{
    uint8_t element[8];

    if (MUTANT(HOSTILE_USED_ID_BEYOND))
        head = 0xfffe;
    if (MUTANT(HOSTILE_USED_ID_RANDOM))
        head = (uint16_t)(queue->next_used * 40503u % queue->size);
    if (MUTANT(HOSTILE_USED_LENGTH_HUGE))
        length = UINT32_MAX;
    if (MUTANT(HOSTILE_USED_INDEX_RUNS))
        queue->next_used += 1000;
    if (MUTANT(HOSTILE_USED_INDEX_BACK))
        queue->next_used -= 2;
    ref_put(element, 4, head);
    ref_put(element + 4, 4, length);
    if (MUTANT(USED_INDEX_8_BITS)) {
        queue->next_used++;
        return virtio->ops->dma(virtio,
                                queue->device + 4 + 8 * ((queue->next_used - 1) % queue->size),
                                element, sizeof(element), true) &&
               ref_write16(virtio, queue->device + 2, queue->next_used & 0x3ff);
    }
    if (MUTANT(USED_FLAGS_2))
        ref_write16(virtio, queue->device, 2);
    if (MUTANT(USED_FLAGS_1))
        ref_write16(virtio, queue->device, 1);
    return virtio->ops->dma(virtio, queue->device + 4 + 8 * (queue->next_used % queue->size),
                            element, sizeof(element), true) &&
           ref_write16(virtio, queue->device + 2, ++queue->next_used);
}

static bool split_listen(struct ref_virtio *virtio, struct ref_queue *queue)
{
    uint16_t index;

    if (!ref_has(virtio, REF_F_EVENT_IDX))
        return false;
    ref_write16(virtio, queue->device + 4 + 8 * queue->size, queue->next_avail);
    return ref_read16(virtio, queue->driver + 2, &index) && index != queue->next_avail;
}

static bool split_wants_interrupt(struct ref_virtio *virtio, struct ref_queue *queue)
{
    uint16_t before = queue->signalled, flags, event;

    if (queue->next_used == before)
        return false;
    queue->signalled = queue->next_used;
    if (MUTANT(NO_INTERRUPT))
        return false;
    if (MUTANT(USED_EVENT_IGNORED) && ref_has(virtio, REF_F_EVENT_IDX))
        return true;
    if (MUTANT(USED_EVENT_MISSED) && ref_has(virtio, REF_F_EVENT_IDX))
        return ref_read16(virtio, queue->driver + 4 + 2 * queue->size, &event) &&
               (uint16_t)(queue->next_used - event - 2) < (uint16_t)(queue->next_used - before) &&
               event + 1 != queue->next_used;
    if (MUTANT(USED_EVENT_ALWAYS_HEEDED) && !ref_has(virtio, REF_F_EVENT_IDX))
        return ref_read16(virtio, queue->driver, &flags) && !(flags & AVAIL_NO_INTERRUPT) &&
               ref_read16(virtio, queue->driver + 4 + 2 * queue->size, &event) &&
               (uint16_t)(queue->next_used - event - 1) < (uint16_t)(queue->next_used - before);
    if (MUTANT(NO_INTERRUPT_FLAG_IGNORED) && !ref_has(virtio, REF_F_EVENT_IDX))
        return true;
    if (!ref_has(virtio, REF_F_EVENT_IDX))
        return ref_read16(virtio, queue->driver, &flags) && !(flags & AVAIL_NO_INTERRUPT);
    if (MUTANT(NO_INTERRUPT_FLAG_BESIDE_EVENT_IDX) && ref_read16(virtio, queue->driver, &flags) &&
        flags & AVAIL_NO_INTERRUPT)
        return false;
    return ref_read16(virtio, queue->driver + 4 + 2 * queue->size, &event) &&
           (uint16_t)(queue->next_used - event - 1) < (uint16_t)(queue->next_used - before);
}

/* 2.9: neither ahead of the avail index nor more than a queue of entries behind it. */
static bool split_is_plausible(struct ref_virtio *virtio, const struct ref_queue *queue,
                               uint16_t position)
{
    uint16_t index;

    return ref_read16(virtio, queue->driver + 2, &index) &&
           (uint16_t)(index - position) <= queue->size;
}

bool ref_is_plausible(struct ref_virtio *virtio, const struct ref_queue *queue, uint16_t position)
{
    return queue->is_packed ? ref_packed_is_plausible(virtio, queue, position)
                            : split_is_plausible(virtio, queue, position);
}

enum ref_pop ref_pop(struct ref_virtio *virtio, struct ref_queue *queue)
{
    if (!queue->is_enabled)
        return REF_EMPTY;
    return queue->is_packed ? ref_packed_pop(virtio, queue) : split_pop(virtio, queue);
}

bool ref_push(struct ref_virtio *virtio, struct ref_queue *queue, uint16_t head, uint32_t length)
{
    return queue->is_packed ? ref_packed_push(virtio, queue, head, length)
                            : split_push(virtio, queue, head, length);
}

bool ref_listen(struct ref_virtio *virtio, struct ref_queue *queue)
{
    return queue->is_packed ? ref_packed_listen(virtio, queue) : split_listen(virtio, queue);
}

bool ref_wants_interrupt(struct ref_virtio *virtio, struct ref_queue *queue)
{
    return queue->is_packed ? ref_packed_wants_interrupt(virtio, queue)
                            : split_wants_interrupt(virtio, queue);
}
