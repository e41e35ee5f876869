/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's side of a virtqueue, split or packed: virtio 1.4 sections 2.7 and 2.8. Everything
 * that the driver wrote is checked; what is against the rules breaks the queue, and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REF_QUEUE_SIZE   256
#define REF_SEGMENTS_MAX 512

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
    bool is_undead;     /* a mutant's: served while it is said to be disabled */
    unsigned resetting; /* how often the driver still sees its reset going on */
    uint64_t desc, driver, device;
    /* Where the device is. */
    uint16_t next_avail, next_used;
    unsigned handled;       /* chains, in all */
    uint16_t signalled;     /* next_used when the driver was last notified */
    struct ref_chain chain; /* the one that was popped last */
    /* Where it is in a packed ring. */
    struct ref_place_in_ring avail, used, before; /* before: the last pop */
    struct ref_taken taken[REF_QUEUE_SIZE];
    unsigned taken_count;
    uint16_t unsignalled; /* descriptors since the driver was last notified */
};

enum ref_pop { REF_EMPTY, REF_POPPED, REF_BROKEN };

void ref_queue_reset(struct ref_queue *queue);
/* Pops the next chain that is available into queue->chain. BROKEN: it is against the rules, or
 * can't be reached. */
enum ref_pop ref_pop(struct ref_virtio *virtio, struct ref_queue *queue);
/* Puts the chain that was popped last back. */
void ref_unpop(struct ref_queue *queue);
/* Gives a chain back, `length` bytes written; false: the ring can't be reached. */
bool ref_push(struct ref_virtio *virtio, struct ref_queue *queue, uint16_t head, uint32_t length);
/* Asks for a notification at the next chain; true when there is one already. */
bool ref_listen(struct ref_virtio *virtio, struct ref_queue *queue);
/* Whether the driver wants to hear of what was pushed since it last did (2.7.7, 2.8.10). */
bool ref_wants_interrupt(struct ref_virtio *virtio, struct ref_queue *queue);

/* Bytes of the readable part from `offset` on; how many there were, up to `size`. UINT32_MAX: part
 * of them can't be reached. */
uint32_t ref_chain_read(struct ref_virtio *virtio, const struct ref_chain *chain, uint64_t offset,
                        void *bytes, uint32_t size);
/* Writes into the writable part; false: not all of it is inside, or can be reached. */
bool ref_chain_write(struct ref_virtio *virtio, const struct ref_chain *chain, uint64_t offset,
                     const void *bytes, uint32_t size);
