/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of a virtqueue: virtio 1.4 section 2.6, with a split ring (2.7) or a packed one
 * (2.8). Chains of descriptors in the ring, or in an indirect table of the caller's when that is
 * negotiated. Nothing that the device writes is trusted: a used entry that cannot be right is
 * reported by virtq_pop() and never followed.
 *
 * What every request passes is inline, and one branch tells the formats apart; queue_split.h and
 * queue_packed.h are included by this file only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "drivers/virtio/ring.h"
#include "lib/mem/pages.h"

/* The compiler would rather share one copy, whose call costs as much as its work. */
#define virtq_inline inline __attribute__((always_inline))

#define virtq_unlikely(condition) __builtin_expect(!!(condition), 0)

/* One stretch of memory of a request; writable by the device or readable. */
struct virtq_segment {
    uint64_t address;
    uint32_t length;
    bool writable;
};

/*
 * What the driver knows of a descriptor of a split ring, or of a buffer id of a packed one. The
 * device can't write to it, as it can to the rings.
 */
struct virtq_pending {
    /* Of a split ring: the indirect table that the descriptor points to as it stands, or NULL. */
    const struct virtq_desc *table;
    uint32_t writable; /* bytes that the device may write to the chain that begins here */
    uint16_t next;     /* the next one that is free or, of a split ring, that is in the chain */
    uint16_t taken;    /* descriptors of the ring in the chain; 0: not handed over */
};

enum virtq_pop {
    VIRTQ_EMPTY,
    VIRTQ_POPPED,
    VIRTQ_BAD_INDEX,  /* more came back than was handed over */
    VIRTQ_BAD_ID,     /* not the head of a chain that is outstanding */
    VIRTQ_BAD_LENGTH, /* more than the chain's writable bytes; the chain is taken back */
};

struct virtq_packed_state {
    struct virtq_packed_desc *ring;
    struct virtq_packed_event *driver, *device;
    uint16_t next_avail, next_used; /* slots of the ring */
    uint16_t avail_flags;           /* AVAIL and USED of what is made available in this lap */
    uint16_t used_flags;            /* AVAIL and USED of what is used in this lap */
    uint16_t held_slot, held_lap;   /* next_avail and avail_flags at the last publication */
    uint16_t held_flags;            /* of the descriptor there, which are not written before one */
    uint16_t unkicked;              /* descriptors since the last notification */
    bool tells_writes;              /* the device has set WRITE of a used descriptor */
};

struct virtq {
    bool is_packed;
    bool event_index, indirect;
    bool notification_data;  /* NOTIFICATION_DATA */
    unsigned doorbell_width; /* bytes */
    uint16_t index, size;
    uint16_t doorbell_value; /* what names the queue there */
    volatile void *doorbell;
    uintptr_t descriptor_area, driver_area,
        device_area; /* 2.6: the addresses that the device gets */
    /* Of a split ring only. */
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    /* Of a packed ring only. */
    struct virtq_packed_state packed;

    struct virtq_pending *pending;  /* by head */
    uint16_t free_head, free_count; /* the next head, and how many descriptors are free */
    uint16_t avail_index;           /* chains handed over */
    uint16_t used_index;            /* chains taken back */
    uint16_t kicked_index;          /* split: avail_index at the last notification */
    uint16_t seen_index;            /* split: the used index as it was read last */
};

/*
 * Lays an empty queue of `size` entries out in `pages`, a power of two in a split ring; `indirect`
 * and `event_index` are the features of these names. False: no memory.
 */
bool virtq_init(struct virtq *queue, bool is_packed, uint16_t index, uint16_t size, bool indirect,
                bool event_index, struct pages *pages);

static virtq_inline bool virtq_is_full(const struct virtq *queue)
{
    return !queue->free_count;
}

/* The head of the chain that is handed over next, in a queue that is not full. */
static virtq_inline unsigned virtq_next(const struct virtq *queue)
{
    return queue->free_head;
}

/*
 * Hands over a chain of segments anywhere, readable ones first (2.6.4.2), as descriptors of the
 * ring. It is not published; its head is what virtq_next() said before. False: not enough
 * descriptors are free, or there is no segment at all.
 */
bool virtq_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count);
/*
 * The same where the ring has as many entries, however many of them are free; of more segments an
 * indirect table (2.7.5.3, 2.8.7) in `table`, memory for `count` entries until the chain is back.
 */
bool virtq_add_fitting(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
                       struct virtq_desc *table);

/* Writes an indirect table. Where address and length are is the same in every format. */
void virtq_describe(const struct virtq *queue, struct virtq_desc *table,
                    const struct virtq_segment *segments, unsigned count);

/* Chains handed over and not returned. */
static virtq_inline uint16_t virtq_outstanding(const struct virtq *queue)
{
    return (uint16_t)(queue->avail_index - queue->used_index);
}

#include "drivers/virtio/queue_packed.h"
#include "drivers/virtio/queue_split.h"

/*
 * Hands over a chain that virtq_describe() has written into a table, of which `writable` bytes are
 * for the device: the table itself where INDIRECT_DESC is negotiated (2.7.5.3, 2.8.7), else its
 * entries as descriptors of the ring. `head` is what virtq_next() said; a table always comes with
 * the same `entries` and `writable`, and its lengths may change while it is not handed over. The
 * chain is not published. False: not enough descriptors are free.
 */
static virtq_inline bool virtq_add_table(struct virtq *queue, unsigned head,
                                         const struct virtq_desc *table, unsigned entries,
                                         uint32_t writable)
{
    return virtq_unlikely(queue->is_packed)
               ? virtq_packed_add_table(queue, head, table, entries, writable)
               : virtq_split_add_table(queue, head, table, entries, writable);
}

/* Makes all that was added visible to the device (2.7.13.3, 2.8.21.2). */
static virtq_inline void virtq_publish(struct virtq *queue)
{
    if (virtq_unlikely(queue->is_packed))
        virtq_packed_publish(queue);
    else
        virtq_split_publish(queue, queue->avail_index);
}

/* 2.9: where the next chain goes, as a notification with data says it. */
static virtq_inline uint16_t virtq_position(const struct virtq *queue)
{
    return queue->is_packed ? virtq_packed_position(queue) : queue->avail_index;
}

/* Notifies whatever the device has asked; what was published is visible first (2.7.13.4). */
static virtq_inline void virtq_notify(const struct virtq *queue)
{
    dma_wmb();
    if (queue->doorbell_width == 2)
        mmio_write16(queue->doorbell, queue->doorbell_value);
    else if (!queue->notification_data)
        mmio_write32(queue->doorbell, queue->doorbell_value);
    else /* 2.9 */
        mmio_write32(queue->doorbell, queue->doorbell_value | (uint32_t)virtq_position(queue)
                                                                  << 16);
}

/*
 * virtq_publish(), and notifies unless the device has asked not to be (2.7.10, 2.8.10). What was
 * published by itself before is notified of, too.
 */
static virtq_inline void virtq_kick(struct virtq *queue)
{
    if (virtq_unlikely(queue->is_packed) ? virtq_packed_publish_and_ask(queue)
                                         : virtq_split_publish_and_ask(queue))
        virtq_notify(queue);
}

/*
 * The next used entry; a length of 0 where the device says that it has written nothing. What can't
 * be right is never followed; after VIRTQ_BAD_INDEX or VIRTQ_BAD_ID the queue needs a reset.
 */
static virtq_inline enum virtq_pop virtq_pop(struct virtq *queue, struct virtq_used_element *used)
{
    return virtq_unlikely(queue->is_packed) ? virtq_packed_pop(queue, used)
                                            : virtq_split_pop(queue, used);
}

const char *virtq_pop_text(enum virtq_pop result);
