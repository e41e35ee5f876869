/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of a virtqueue: virtio 1.4 section 2.6, with a split ring (2.7) or a packed one
 * (2.8). Chains of descriptors in the ring, or in an indirect table of the caller's when that is
 * negotiated. Nothing that the device writes is trusted: a used entry that cannot be right is
 * reported by virtq_pop() and never followed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "drivers/virtio/ring.h"
#include "lib/mem/pages.h"

/* The compiler would rather share one copy, whose call costs as much as its work. */
#define virtq_inline inline __attribute__((always_inline))

/* One stretch of memory of a request; writable by the device or readable. */
struct virtq_segment {
    uint64_t address;
    uint32_t length;
    bool writable;
};

/* What the driver knows of a chain that it has handed over. */
struct virtq_pending {
    /* The last descriptor of the chain, or, in a packed ring, the head after this one in the list
     * of those that are free. */
    uint16_t tail;
    uint16_t taken;    /* descriptors of the ring in it; 0: not handed over */
    uint32_t writable; /* bytes that the device may write */
};

struct virtq;

enum virtq_pop {
    VIRTQ_EMPTY,
    VIRTQ_POPPED,
    VIRTQ_BAD_INDEX,  /* more came back than was handed over */
    VIRTQ_BAD_ID,     /* not the head of a chain that is outstanding */
    VIRTQ_BAD_LENGTH, /* more than the chain's writable bytes; the chain is taken back */
};

/* What differs between the formats of a ring: queue_split.c and queue_packed.c. */
struct virtq_format {
    bool (*init)(struct virtq *queue, struct pages *pages);
    bool (*add)(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
                uint16_t *head);
    bool (*add_table)(struct virtq *queue, const struct virtq_desc *table, unsigned entries,
                      uint32_t writable, uint16_t *head);
    void (*describe)(struct virtq_desc *table, const struct virtq_segment *segments,
                     unsigned count);
    void (*publish)(struct virtq *queue);
    bool (*is_notification_wanted)(struct virtq *queue);
    enum virtq_pop (*pop)(struct virtq *queue, struct virtq_used_element *used);
    uint16_t (*position)(const struct virtq *queue);
};

extern const struct virtq_format virtq_split, virtq_packed;

struct virtq_packed_state {
    struct virtq_packed_desc *ring;
    struct virtq_packed_event *driver, *device;
    uint16_t next_avail, next_used; /* slots of the ring */
    bool avail_wrap, used_wrap;     /* the wrap counters */
    uint16_t unpublished;           /* descriptors since the last publication */
    uint16_t held_slot, held_flags; /* of the first of them, whose flags are not written yet */
    uint16_t unkicked;              /* descriptors since the last notification */
    bool tells_writes;              /* the device has set WRITE of a used descriptor */
};

struct virtq {
    const struct virtq_format *format;
    uint16_t index, size;
    bool event_index, indirect;
    /* Of a split ring with EVENT_IDX, or INDIRECT_DESC: what queue_split.h is quick at. */
    bool has_split_events, has_split_tables;
    bool notification_data;  /* NOTIFICATION_DATA */
    unsigned doorbell_width; /* bytes */
    uint16_t doorbell_value; /* what names the queue there */
    volatile void *doorbell;
    uintptr_t descriptor_area, driver_area, device_area; /* 2.6: what the device is told */
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used; /* of a packed ring: none, see queue_packed.c */
    struct virtq_packed_state packed;
    struct virtq_pending *pending;  /* by head */
    uint16_t free_head, free_count; /* the next head, and how many descriptors are free */
    uint16_t avail_index;           /* chains handed over */
    uint16_t kicked_index;          /* avail_index at the last notification */
    uint16_t used_index;            /* chains taken back */
};

/*
 * Lays an empty queue of `size` entries out in `pages`, a power of two in a split ring; `indirect`
 * and `event_index` are the features of these names. False: no memory.
 */
bool virtq_init(struct virtq *queue, const struct virtq_format *format, uint16_t index,
                uint16_t size, bool indirect, bool event_index, struct pages *pages);

/*
 * Hands over a chain of segments anywhere, readable ones first (2.6.4.2), as descriptors of the
 * ring. It is not published; `head` names it until it comes back. False: not enough descriptors are
 * free, or there is no segment at all.
 */
static inline bool virtq_add(struct virtq *queue, const struct virtq_segment *segments,
                             unsigned count, uint16_t *head)
{
    return queue->format->add(queue, segments, count, head);
}

/*
 * Hands over a chain that stands in a table of the caller's own, `entries` descriptors of which
 * `writable` bytes are for the device (2.7.5.3, 2.8.7; INDIRECT_DESC must be negotiated). The chain
 * is not published; `head` names it until it comes back. False: no free descriptor.
 */
static inline bool virtq_add_table(struct virtq *queue, const struct virtq_desc *table,
                                   unsigned entries, uint32_t writable, uint16_t *head)
{
    return queue->format->add_table(queue, table, entries, writable, head);
}

/* Writes such a table. Where address and length stand is the same in every format. */
static inline void virtq_describe(const struct virtq *queue, struct virtq_desc *table,
                                  const struct virtq_segment *segments, unsigned count)
{
    queue->format->describe(table, segments, count);
}

/* Makes all that was added visible to the device (2.7.13.3, 2.8.21.2). */
static inline void virtq_publish(struct virtq *queue)
{
    queue->format->publish(queue);
}

/* Notifies whatever the device has asked; what was published is visible first (2.7.13.4). */
static inline void virtq_notify(const struct virtq *queue)
{
    dma_wmb();
    if (queue->doorbell_width == 2)
        mmio_write16(queue->doorbell, queue->doorbell_value);
    else if (!queue->notification_data)
        mmio_write32(queue->doorbell, queue->doorbell_value);
    else /* 2.9 */
        mmio_write32(queue->doorbell,
                     queue->doorbell_value | (uint32_t)queue->format->position(queue) << 16);
}

/* Notifies unless the device has asked not to be (2.7.10, 2.8.10); true when it was notified. */
bool virtq_kick(struct virtq *queue);

/*
 * The next used entry; a length of 0 where the device says that it has written nothing. What can't
 * be right is never followed; after VIRTQ_BAD_INDEX or VIRTQ_BAD_ID the queue needs a reset.
 */
static inline enum virtq_pop virtq_pop(struct virtq *queue, struct virtq_used_element *used)
{
    return queue->format->pop(queue, used);
}

/* Chains handed over and not returned. */
static inline uint16_t virtq_outstanding(const struct virtq *queue)
{
    return (uint16_t)(queue->avail_index - queue->used_index);
}

const char *virtq_pop_text(enum virtq_pop result);

/* Zeroed memory of `bytes`, whole pages; NULL: there is none. */
void *virtq_memory(struct pages *pages, size_t bytes);

#include "drivers/virtio/queue_split.h"
