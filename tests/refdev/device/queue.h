/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's side of a virtqueue, split or packed: virtio 1.4 sections 2.7 and 2.8. Everything
 * that the driver wrote is checked; a violation breaks the queue, and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REF_QUEUE_SIZE   256
#define REF_SEGMENTS_MAX 512
#define REF_TAKEN_MAX    1024 /* lists of a packed ring at once */

struct ref_virtio;

struct ref_segment {
    uint64_t address;
    uint32_t length;
};

/* The buffers of one head, in their order: readable ones come first. */
struct ref_chain {
    uint16_t head;
    unsigned readable_count, writable_count;
    uint64_t readable_length, writable_length;
    struct ref_segment readable[REF_SEGMENTS_MAX], writable[REF_SEGMENTS_MAX];
};

/* A list of a packed ring that is not given back yet. */
struct ref_taken {
    uint16_t id, count; /* descriptors */
};

/* A place in a packed ring, and the wrap counter there (2.8.1). */
struct ref_place_in_ring {
    uint16_t slot;
    bool wrap;
};

struct ref_queue {
    uint16_t size_max;
    /* What the driver has set. */
    uint16_t size, vector;
    bool is_enabled, is_packed;
    bool is_undead;     /* for a mutant: served while it reads as disabled */
    unsigned resetting; /* reads that will still show its reset as in progress */
    uint64_t desc, driver, device;
    /* Where the device is. */
    uint16_t next_avail, next_used;
    unsigned handled;       /* chains, in all */
    uint16_t signalled;     /* next_used when the driver was last notified */
    struct ref_chain chain; /* the one that was popped last */
    /* Where it is in a packed ring. */
    struct ref_place_in_ring avail, used, before; /* before: the last pop */
    struct ref_taken taken[REF_TAKEN_MAX];
    unsigned taken_count;
    uint16_t unsignalled; /* descriptors since the driver was last notified */
};

enum ref_pop { REF_EMPTY, REF_POPPED, REF_BROKEN };

void ref_queue_reset(struct ref_queue *queue);
/*
 * Pops the next available chain into queue->chain. BROKEN: it is malformed, or can't be reached.
 */
enum ref_pop ref_pop(struct ref_virtio *virtio, struct ref_queue *queue);
/* Puts the chain that was popped last back. */
void ref_unpop(struct ref_queue *queue);
/* Gives a chain back, `length` bytes written; false: the ring can't be reached. */
bool ref_push(struct ref_virtio *virtio, struct ref_queue *queue, uint16_t head, uint32_t length);
/* Asks for a notification at the next chain; true when there is one already. */
bool ref_listen(struct ref_virtio *virtio, struct ref_queue *queue);
/* Whether the driver wants a notification of what was pushed since the last (2.7.7, 2.8.10). */
bool ref_wants_interrupt(struct ref_virtio *virtio, struct ref_queue *queue);

/*
 * Reads up to `size` bytes of the readable part from `offset` on; returns how many there were.
 * UINT32_MAX: part of them can't be reached.
 */
uint32_t ref_chain_read(struct ref_virtio *virtio, const struct ref_chain *chain, uint64_t offset,
                        void *bytes, uint32_t size);
/* Writes into the writable part; false: not all of it is inside, or can be reached. */
bool ref_chain_write(struct ref_virtio *virtio, const struct ref_chain *chain, uint64_t offset,
                     const void *bytes, uint32_t size);
