// SPDX-License-Identifier: BSD-2-Clause
/* The split virtqueue as the device uses it: virtio 1.4 section 2.7. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/framework/request.h"
#include "tests/framework/split.h"

#define SUITE "conformance.queue"
#define NEEDS NEEDS_ENDPOINT

#define EVENT_IDX (VIRTIO_BIT(VIRTIO_F_EVENT_IDX))
#define INDIRECT  (VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC))
#define PACKED    (VIRTIO_BIT(VIRTIO_F_RING_PACKED))

/* All that the fixture usually has but these features, and a split ring. */
static void without(struct test *test, uint64_t features)
{
    fixture_restart(test, test->fixture->features & ~(features | PACKED));
}

/* The request queue, with a split ring whatever the fixture usually has. */
static struct virtq *split_ring(struct test *test)
{
    if (test->fixture->features & PACKED)
        without(test, 0);
    return &fixture_iommu(test)->requests;
}

static void with(struct test *test, uint64_t feature, const char *name)
{
    if (!(test->fixture->features & feature))
        skip(test, "%s is not offered", name);
}

TEST(direct_chains, .clauses = CLAUSES(VQ_USED_P01), .needs = NEEDS)
{
    without(test, INDIRECT);
    for (unsigned i = 0; i < 300; i++)
        require_attach(test, 0, 0);
    expect(test, VQ_USED_P01, virtq_outstanding(&fixture_iommu(test)->requests) == 0,
           "chains are missing");
}

TEST(used_index_wraps, .clauses = CLAUSES(VQ_USED_P01, IOMMU_OP_P01), .needs = NEEDS,
     .requests = 66048)
{
    enum { BATCH = 256 };
    struct viommu_request *requests =
        fixture_pages(test, BATCH * sizeof(*requests) / PAGE_SIZE + 1);
    struct viommu_reply *replies = fixture_pages(test, BATCH * sizeof(*replies) / PAGE_SIZE + 1);

    for (unsigned i = 0; i < BATCH; i++)
        requests[i] = viommu_unmap(fixture_domain(test, 3), 0, 0xffff);
    split_ring(test);
    for (unsigned round = 0; round < 65536 / BATCH + 2; round++) {
        unsigned answered = submit_batch(test, requests, BATCH, replies);

        for (unsigned i = 0; i < BATCH; i++)
            require(test, VQ_USED_P01, replies[i].outcome != VIOMMU_BAD_USED_RING, "round %u: %s",
                    round, virtq_pop_text(fixture_iommu(test)->ring_error));
        require(test, IOMMU_OP_P01, answered == BATCH, "round %u: not every request came back",
                round);
    }
}

/*
 * As many at once as there is room for, so that chains begin everywhere. Each gets the status that it
 * gets alone: which one is right is not judged here.
 */
static void expect_batch(struct test *test, unsigned size)
{
    enum { BATCH = 64 };
    struct viommu_request requests[BATCH];
    struct viommu_reply replies[BATCH];
    uint8_t alone[2];
    unsigned fine = 0;

    for (unsigned i = 0; i < BATCH; i++)
        requests[i] = i % 2
                          ? viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test))
                          : viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(alone); i++)
        alone[i] = submit(test, &requests[i]).status;
    require(test, VQ_SIZE_P01, submit_batch(test, requests, BATCH, replies) == BATCH,
            "a queue of %u entries: not every request of a batch came back", size);
    for (unsigned i = 0; i < BATCH; i++)
        fine += replies[i].outcome == VIOMMU_ANSWERED && replies[i].status == alone[i % 2];
    expect(test, VQ_SIZE_P01, fine == BATCH,
           "a queue of %u entries: %u of %u answers are as to the same request alone", size, fine,
           BATCH);
}

TEST(smaller_queue_works, .clauses = CLAUSES(VQ_SIZE_P01), .needs = NEEDS)
{
    struct viommu *viommu = fixture_iommu(test);

    split_ring(test);
    for (uint16_t size = 2; size <= 128; size *= 4) {
        if (viommu_prepare(viommu, viommu->features, size))
            error(test, "the request queue can't be set up with %u entries", size);
        viommu_go(viommu);
        for (unsigned i = 0; i < 2u * size + 1; i++)
            expect_status(test, VQ_SIZE_P01,
                          viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0),
                          VIRTIO_IOMMU_S_OK);
        expect_batch(test, size);
    }
}

TEST(indirect_table_in_any_order, .clauses = CLAUSES(VQ_IND_P01), .needs = NEEDS)
{
    struct split_ring ring = split_open(test, 0, 3);
    struct split_request *request = split_request(test);
    struct virtq_desc *table = request->table;
    uint16_t entries =
        ring.size < ARRAY_LENGTH(request->table) ? ring.size : ARRAY_LENGTH(request->table);
    uint16_t second = entries - 1, third = entries / 2 - 1;

    with(test, INDIRECT, "INDIRECT_DESC");
    memset(table, 0xff, sizeof(request->table));
    table[0] = (struct virtq_desc){(uintptr_t)request->request.bytes, 8, VIRTQ_DESC_F_NEXT, second};
    table[second] =
        (struct virtq_desc){(uintptr_t)request->request.bytes + 8, 12, VIRTQ_DESC_F_NEXT, third};
    table[third] = (struct virtq_desc){(uintptr_t)&request->tail, 4, VIRTQ_DESC_F_WRITE, 0};
    ring.desc[0] = (struct virtq_desc){(uintptr_t)table, entries * (uint32_t)sizeof(*table),
                                       VIRTQ_DESC_F_INDIRECT, 0};
    split_expect(test, VQ_IND_P01, &ring, request, "indirect table with shuffled entries");
}

TEST(write_flag_of_an_indirect_descriptor_is_ignored, .clauses = CLAUSES(VQ_IND_D01),
     .needs = NEEDS)
{
    struct split_ring ring = split_open(test, 0, 1);
    struct split_request *request = split_request(test);
    struct virtq_desc *table = request->table;

    with(test, INDIRECT, "INDIRECT_DESC");
    table[0] = (struct virtq_desc){(uintptr_t)request->request.bytes, 20, VIRTQ_DESC_F_NEXT, 1};
    table[1] = (struct virtq_desc){(uintptr_t)&request->tail, 4, VIRTQ_DESC_F_WRITE, 0};
    ring.desc[0] = (struct virtq_desc){(uintptr_t)table, 2 * sizeof(*table),
                                       VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_WRITE, 0};
    split_expect(test, VQ_IND_D01, &ring, request, "INDIRECT with WRITE");
}

TEST(chain_may_end_in_an_indirect_descriptor, .clauses = CLAUSES(VQ_IND_D02), .needs = NEEDS)
{
    struct split_ring ring = split_open(test, 0, 3);
    struct split_request *request = split_request(test);
    struct virtq_desc *table = request->table;

    with(test, INDIRECT, "INDIRECT_DESC");
    table[0] = (struct virtq_desc){(uintptr_t)request->request.bytes + 5, 15, VIRTQ_DESC_F_NEXT, 1};
    table[1] = (struct virtq_desc){(uintptr_t)&request->tail, 4, VIRTQ_DESC_F_WRITE, 0};
    ring.desc[0] = (struct virtq_desc){(uintptr_t)request->request.bytes, 5, VIRTQ_DESC_F_NEXT, 1};
    ring.desc[1] =
        (struct virtq_desc){(uintptr_t)table, 2 * sizeof(*table), VIRTQ_DESC_F_INDIRECT, 0};
    split_expect(test, VQ_IND_D02, &ring, request, "a direct descriptor, then an indirect one");
}

/* One request; what the driver wrote for it is the same before and after. */
static void expect_rings_kept(struct test *test)
{
    struct viommu *viommu = fixture_iommu(test);
    const struct virtq *queue = &viommu->requests;
    size_t desc_size = sizeof(*queue->desc) * queue->size;
    size_t avail_size = sizeof(*queue->avail) + sizeof(uint16_t) * (queue->size + 1u);
    uint8_t *desc = fixture_pages(test, (unsigned)(desc_size / PAGE_SIZE + 1));
    uint8_t *avail = fixture_pages(test, (unsigned)(avail_size / PAGE_SIZE + 1));
    const struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    uint16_t head;

    fixture_remember(test, &attach, VIRTIO_IOMMU_S_OK);
    publish(test, &attach);
    memcpy(desc, queue->desc, desc_size);
    memcpy(avail, queue->avail, avail_size);
    virtq_notify(queue);
    require(test, IOMMU_OP_P01, viommu_collect(viommu, &head).outcome <= VIOMMU_UNWRITTEN,
            "the request did not come back within 2 s");
    expect(test, VQ_DESC_D03, !memcmp(desc, queue->desc, desc_size),
           "the descriptor table was written");
    expect(test, VQ_AVAIL_P01, !memcmp(avail, queue->avail, avail_size),
           "the available ring was written");
    expect(test, VQ_DESC_D01,
           !memcmp(viommu->slots[head].request, attach.bytes, sizeof(attach.bytes)),
           "the request, which is for reading, was written");
}

/*
 * In a new ring: the driver leaves a descriptor as it is that is right already, and what a device
 * wrote to it at an earlier request would be the state that is compared with.
 */
TEST(rings_of_the_driver_are_not_written,
     .clauses = CLAUSES(VQ_AVAIL_P01, VQ_DESC_D03, VQ_DESC_D01), .needs = NEEDS)
{
    without(test, 0);
    for (unsigned i = 0; i < 3; i++)
        expect_rings_kept(test);
}

TEST(used_flags_are_zero_or_one, .clauses = CLAUSES(VQ_ASUP_D01, VQ_ASUP_D03), .needs = NEEDS)
{
    struct viommu *viommu = fixture_iommu(test);

    split_ring(test);
    for (unsigned i = 0; i < 16; i++) {
        require_attach(test, 0, 0);
        if (viommu_has(viommu, VIRTIO_F_EVENT_IDX))
            expect(test, VQ_ASUP_D03, viommu->requests.used->flags == 0,
                   "used.flags is %u, expected 0 with EVENT_IDX", viommu->requests.used->flags);
    }
    waive(test, VQ_ASUP_D03, "the device does not offer EVENT_IDX");
    without(test, EVENT_IDX);
    for (unsigned i = 0; i < 16; i++) {
        require_attach(test, 0, 0);
        expect(test, VQ_ASUP_D01, viommu->requests.used->flags <= 1,
               "used.flags is %u, expected 0 or 1", viommu->requests.used->flags);
    }
}

TEST(spurious_notifications_are_harmless, .clauses = CLAUSES(VQ_ASUP_D05), .needs = NEEDS)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtq_used_element used;

    for (unsigned i = 0; i < 100; i++) {
        virtq_notify(&viommu->requests);
        virtq_notify(&viommu->events);
    }
    expect(test, VQ_ASUP_D05, virtq_pop(&viommu->requests, &used) == VIRTQ_EMPTY,
           "a used entry appeared for nothing");
    expect(test, VQ_ASUP_D05, !viommu_needs_reset(viommu), "the device asks for a reset");
    expect_status(test, VQ_ASUP_D05,
                  viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0),
                  VIRTIO_IOMMU_S_OK);
}

TEST(every_feature_set_serves_requests, .clauses = CLAUSES(DEV_FEAT_D02), .needs = NEEDS)
{
    static const uint64_t sets[] = {0, INDIRECT, EVENT_IDX, INDIRECT | EVENT_IDX};

    for (unsigned i = 0; i < ARRAY_LENGTH(sets); i++) {
        without(test, sets[i]);
        for (unsigned round = 0; round < 40; round++)
            expect_status(test, DEV_FEAT_D02,
                          viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0),
                          VIRTIO_IOMMU_S_OK);
    }
}
