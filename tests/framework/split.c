// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/split.h"

#include <string.h>

#define TIMEOUT_NS 2000000000ull

struct split_ring split_open(struct test *test, uint64_t but, unsigned longest)
{
    struct virtq *queue = &fixture_iommu(test)->requests;

    fixture_restart(test, test->fixture->features & ~(but | VIRTIO_BIT(VIRTIO_F_RING_PACKED)));
    if (queue->size < longest)
        skip(test, "a request queue of %u entries takes no chain of %u descriptors", queue->size,
             longest);
    return (struct split_ring){.queue = queue, .desc = queue->desc, .size = queue->size};
}

static struct viommu_request attach(struct test *test)
{
    return viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
}

struct split_request *split_request(struct test *test)
{
    struct split_request *request = fixture_pages(test, 1);

    request->request = attach(test);
    memset(&request->tail, VIOMMU_POISON, sizeof(request->tail));
    fixture_remember(test, &request->request, VIRTIO_IOMMU_S_OK);
    return request;
}

void split_put(struct split_ring *ring, uint16_t head)
{
    struct virtq_avail *avail = ring->queue->avail;

    avail->ring[ring->avail++ & (ring->size - 1)] = head;
    dma_wmb(); /* the entry is there before the index that covers it */
    *(volatile uint16_t *)&avail->index = ring->avail;
}

bool split_wait(struct test *test, struct split_ring *ring, uint64_t ns,
                struct virtq_used_element *used)
{
    const volatile uint16_t *index = &ring->queue->used->index;
    struct wait wait = arch_wait_begin(ns);

    while (*index == ring->used)
        if (!arch_wait_goes_on(&wait) || viommu_needs_reset(fixture_iommu(test)))
            return false;
    dma_rmb(); /* the element is read after the index that covers it */
    *used = ring->queue->used->ring[ring->used++ & (ring->size - 1)];
    return true;
}

void split_expect(struct test *test, enum clause clause, struct split_ring *ring,
                  const struct split_request *request, const char *what)
{
    const struct viommu_request sent = attach(test);
    struct virtq_used_element used = {0};

    split_put(ring, 0);
    virtq_notify(ring->queue);

    bool is_back = split_wait(test, ring, TIMEOUT_NS, &used);

    expect(test, VQ_DESC_D01, !memcmp(request->request.bytes, sent.bytes, sent.length),
           "%s: the readable part was written", what);
    expect(test, VQ_USED_P01, !is_back || used.id == 0, "%s: comes back with id %u, expected 0",
           what, (unsigned)used.id);
    expect(test, clause, is_back && request->tail.status == VIRTIO_IOMMU_S_OK, "%s: %s, status %s",
           what, is_back ? "returned" : "did not come back",
           request->tail.status == VIOMMU_POISON ? "none"
                                                 : viommu_status_text(request->tail.status));
}
