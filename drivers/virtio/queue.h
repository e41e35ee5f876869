/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of a split virtqueue: virtio 1.4 section 2.7. Chains of descriptors in the
 * ring, or in an indirect table of the caller's when that is negotiated. Nothing that the device
 * writes is trusted: a used entry that cannot be right is reported by virtq_pop() and never
 * followed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "lib/mem/pages.h"

#define VIRTQ_DESC_F_NEXT     1
#define VIRTQ_DESC_F_WRITE    2
#define VIRTQ_DESC_F_INDIRECT 4

#define VIRTQ_USED_F_NO_NOTIFY     1
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

struct virtq_desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct virtq_avail {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[]; /* size entries, then used_event */
};

struct virtq_used_element {
    uint32_t id;
    uint32_t length;
};

struct virtq_used {
    uint16_t flags;
    uint16_t index;
    struct virtq_used_element ring[]; /* size entries, then avail_event */
};

/* One stretch of memory of a request; writable by the device or readable. */
struct virtq_segment {
    uint64_t address;
    uint32_t length;
    bool writable;
};

/* What the driver knows of a chain that it has handed over. */
struct virtq_pending {
    uint16_t tail;     /* last descriptor of the chain */
    uint16_t taken;    /* descriptors of the ring in it; 0: not handed over */
    uint32_t writable; /* bytes that the device may write */
};

struct virtq {
    uint16_t index, size;
    bool event_index, indirect;
    unsigned doorbell_width;
    volatile void *doorbell;
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    struct virtq_pending *pending; /* by head */
    uint16_t free_head, free_count;
    uint16_t avail_index;  /* next entry to publish */
    uint16_t kicked_index; /* avail_index at the last notification */
    uint16_t used_index;   /* next entry to look at */
};

/* Lays an empty queue of `size` (a power of two) entries out in `pages`; false: no memory. */
bool virtq_init(struct virtq *queue, uint16_t index, uint16_t size, struct pages *pages);

/*
 * Hands over a chain of segments anywhere, readable ones first (2.7.4.2), as descriptors of the
 * ring. It is not published; `head` names it until it comes back. False: not enough descriptors are
 * free, or there is no segment at all.
 */
bool virtq_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count,
               uint16_t *head);

/* Makes all that was added visible to the device (2.7.13.3). */
static inline void virtq_publish(struct virtq *queue)
{
    dma_wmb();
    *(volatile uint16_t *)&queue->avail->index = queue->avail_index;
}

/* Notifies whatever the device has asked; what was published is visible first (2.7.13.4). */
static inline void virtq_notify(const struct virtq *queue)
{
    dma_wmb();
    if (queue->doorbell_width == 2)
        mmio_write16(queue->doorbell, queue->index);
    else
        mmio_write32(queue->doorbell, queue->index);
}

/* Chains handed over and not returned; a chain takes one entry of either ring. */
static inline uint16_t virtq_outstanding(const struct virtq *queue)
{
    return (uint16_t)(queue->avail_index - queue->used_index);
}

/* The used_event and avail_event words behind the rings (2.7.7, 2.7.10). */
static inline volatile uint16_t *virtq_used_event(const struct virtq *queue)
{
    return &queue->avail->ring[queue->size];
}

static inline volatile uint16_t *virtq_avail_event(const struct virtq *queue)
{
    return (volatile uint16_t *)&queue->used->ring[queue->size];
}

enum virtq_pop {
    VIRTQ_EMPTY,
    VIRTQ_POPPED,
    VIRTQ_BAD_INDEX,  /* used.idx ran ahead of what was handed over */
    VIRTQ_BAD_ID,     /* not the head of a chain that is outstanding */
    VIRTQ_BAD_LENGTH, /* more than the chain's writable bytes; the chain is taken back */
};

const char *virtq_pop_text(enum virtq_pop result);

#include "drivers/virtio/queue_inline.h"
