// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/packed.h"

#include <string.h>

#define TIMEOUT_NS 2000000000ull
#define BOTH       (VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED)

struct packed_ring packed_open(struct test *test, uint16_t size, uint16_t least, uint64_t but)
{
    struct viommu *viommu = fixture_iommu(test);

    fixture_use_packed_rings(test);
    if (viommu_prepare(viommu, test->fixture->features & ~but, size))
        error(test, "the request queue can't be set up with a packed ring of %u entries", size);
    viommu_go(viommu);
    fixture_require_room(test);
    if (viommu->requests.size < least)
        skip(test, "a packed ring of %u entries has no room for the %u that this takes",
             viommu->requests.size, least);

    struct virtq *queue = &viommu->requests;

    return (struct packed_ring){queue, queue->packed.ring, queue->size, 0, true};
}

struct packed_request *packed_request(struct test *test)
{
    struct packed_request *request = fixture_pages(test, 1);

    request->request = viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    memset(request->behind, VIOMMU_POISON, sizeof(request->behind));
    fixture_remember(test, &request->request, VIRTIO_IOMMU_S_OK);
    return request;
}

void packed_cut(struct packed_request *request, struct virtq_packed_desc *list, unsigned count,
                uint16_t id)
{
    uint32_t done = 0, length = request->request.length;

    memset(&request->tail, VIOMMU_POISON, sizeof(request->tail));
    for (unsigned i = 0; i + 1 < count; i++) {
        uint32_t part = i + 2 == count ? length - done : 2;

        list[i] = (struct virtq_packed_desc){(uintptr_t)request->request.bytes + done, part, id,
                                             VIRTQ_DESC_F_NEXT};
        done += part;
    }
    list[count - 1] = (struct virtq_packed_desc){(uintptr_t)&request->tail, sizeof(request->tail),
                                                 id, VIRTQ_DESC_F_WRITE};
}

void packed_skip(struct packed_ring *ring, unsigned count)
{
    ring->at += (uint16_t)count;
    if (ring->at >= ring->size) {
        ring->at -= ring->size;
        ring->wrap = !ring->wrap;
    }
}

void packed_put(struct packed_ring *ring, const struct virtq_packed_desc *list, unsigned count)
{
    struct virtq_packed_desc *first = &ring->slots[ring->at];
    uint16_t first_flags = 0;

    for (unsigned i = 0; i < count; i++) {
        struct virtq_packed_desc *slot = &ring->slots[ring->at];
        uint16_t flags = list[i].flags | (ring->wrap ? VIRTQ_PACKED_F_AVAIL : VIRTQ_PACKED_F_USED);

        slot->address = list[i].address;
        slot->length = list[i].length;
        slot->id = list[i].id;
        if (i)
            slot->flags = flags;
        else
            first_flags = flags;
        packed_skip(ring, 1);
    }
    dma_wmb(); /* the device may go on behind the first one as soon as it is there */
    *(volatile uint16_t *)&first->flags = first_flags;
}

bool packed_wait(struct test *test, const struct packed_ring *ring, uint16_t slot, bool wrap,
                 uint64_t ns, struct virtq_packed_desc *used)
{
    const volatile uint16_t *flags = &ring->slots[slot].flags;
    struct wait wait = arch_wait_begin(ns);

    while ((*flags & BOTH) != (wrap ? BOTH : 0))
        if (!arch_wait_goes_on(&wait) || viommu_needs_reset(fixture_iommu(test)))
            return false;
    dma_rmb();
    *used = ring->slots[slot];
    return true;
}

bool packed_send(struct test *test, struct packed_ring *ring, const struct virtq_packed_desc *list,
                 unsigned count, struct virtq_packed_desc *used)
{
    uint16_t slot = ring->at;
    bool wrap = ring->wrap;

    packed_put(ring, list, count);
    virtq_notify(ring->queue);
    return packed_wait(test, ring, slot, wrap, TIMEOUT_NS, used);
}

void packed_expect(struct test *test, enum clause clause, struct packed_ring *ring,
                   struct packed_request *request, const struct virtq_packed_desc *list,
                   unsigned count)
{
    struct virtq_packed_desc used = {0};
    uint16_t slot = ring->at;

    require(test, clause, packed_send(test, ring, list, count, &used),
            "a list of %u descriptors from slot %u on does not come back", count, slot);
    expect(test, PACKED_P04, used.id == list[count - 1].id,
           "a list of %u descriptors comes back with id %u, expected %u", count, used.id,
           list[count - 1].id);
    expect(test, clause, request->tail.status == VIRTIO_IOMMU_S_OK,
           "ATTACH in a list of %u descriptors from slot %u on: %s", count, slot,
           viommu_status_text(request->tail.status));
}
