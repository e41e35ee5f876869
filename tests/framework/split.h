/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split ring (virtio 1.4 section 2.7) that a test writes itself, descriptor by descriptor, beside
 * the driver's own: the request queue right after its set-up, so every descriptor is free. The
 * driver must not be asked for anything in it afterwards.
 */
#pragma once

#include "tests/framework/fixture.h"

struct split_ring {
    struct virtq *queue;
    struct virtq_desc *desc;
    uint16_t size;
    uint16_t avail, used; /* chains that were made available, and those that came back */
};

/* An ATTACH of the first endpoint to the first domain, the place for its tail, and for a table. */
struct split_request {
    struct viommu_request request;
    struct virtio_iommu_req_tail tail; /* poison until the device answers */
    struct virtq_desc table[8];
};

/*
 * The request queue of a device that is reset and has split rings, without the features `but`. Skips
 * the test where it has fewer entries than the longest chain, tables included, that the test makes:
 * a driver must not make a longer one (2.7.5.3.1).
 */
struct split_ring split_open(struct test *test, uint64_t but, unsigned longest);
struct split_request *split_request(struct test *test);

/* Makes the chain available that begins with descriptor `head`. */
void split_put(struct split_ring *ring, uint16_t head);
/*
 * Waits at most `ns` for the next used element, and takes it; false: there is none, or the device
 * asks for a reset.
 */
bool split_wait(struct test *test, struct split_ring *ring, uint64_t ns,
                struct virtq_used_element *used);
/*
 * Both with the chain that begins with descriptor 0, and a notification between them. By `clause`
 * it comes back and the request in it has succeeded; by VQ-USED-P01 it has its id, and by
 * VQ-DESC-D01 the request itself is as it was. `what` describes the chain.
 */
void split_expect(struct test *test, enum clause clause, struct split_ring *ring,
                  const struct split_request *request, const char *what);
