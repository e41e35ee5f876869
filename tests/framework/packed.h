/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packed ring (virtio 1.4 section 2.8) that a test writes itself, descriptor by descriptor,
 * beside the driver's own: the request queue right after its set-up. The driver must not be asked
 * for anything in it afterwards.
 */
#pragma once

#include "tests/framework/fixture.h"

struct packed_ring {
    struct virtq *queue;
    struct virtq_packed_desc *slots;
    uint16_t size;
    uint16_t at; /* the slot of the next list, */
    bool wrap;   /* and the wrap counter there */
};

/* An ATTACH of the first endpoint to the first domain, and the place for its tail. */
struct packed_request {
    struct viommu_request request;
    struct virtio_iommu_req_tail tail;
    uint8_t behind[4]; /* poison */
    struct virtq_packed_desc table[8];
};

/*
 * The request queue of a device that is started with a packed ring of at most `size` entries, and
 * without the features `but`. Skips the test where RING_PACKED is not offered, and where the ring
 * has fewer than `least` entries.
 */
struct packed_ring packed_open(struct test *test, uint16_t size, uint16_t least, uint64_t but);

/*
 * The request in `count` descriptors with that id, at least 2 and at most 8, of which the last one
 * is the tail. Poisons the tail.
 */
void packed_cut(struct packed_request *request, struct virtq_packed_desc *list, unsigned count,
                uint16_t id);
struct packed_request *packed_request(struct test *test);

/* Goes `count` slots on. */
void packed_skip(struct packed_ring *ring, unsigned count);
/* Makes a list available as the next one and goes past it; flags NEXT, WRITE, INDIRECT as given. */
void packed_put(struct packed_ring *ring, const struct virtq_packed_desc *list, unsigned count);
/*
 * Waits at most `ns` for the used descriptor in that slot; false: it is none, or the device asks
 * for a reset.
 */
bool packed_wait(struct test *test, const struct packed_ring *ring, uint16_t slot, bool wrap,
                 uint64_t ns, struct virtq_packed_desc *used);
/* Both, and a notification between them. */
bool packed_send(struct test *test, struct packed_ring *ring, const struct virtq_packed_desc *list,
                 unsigned count, struct virtq_packed_desc *used);
/*
 * packed_send(); by `clause` the list comes back and the request in it has succeeded, and by
 * PACKED-P04 the list has its id.
 */
void packed_expect(struct test *test, enum clause clause, struct packed_ring *ring,
                   struct packed_request *request, const struct virtq_packed_desc *list,
                   unsigned count);
