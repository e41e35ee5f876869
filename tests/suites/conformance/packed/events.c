// SPDX-License-Identifier: BSD-2-Clause
/*
 * Notifications, batches and fault reports in packed rings: virtio 1.4 sections 2.8.10 to 2.8.14.
 */
#include "drivers/viommu/event.h"
#include "lib/array/array.h"
#include "tests/framework/notifications.h"
#include "tests/framework/packed.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.packed"

#define EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define INDIRECT  VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC)

#define SIZE     16
#define WAIT_NS  500000000ull
#define QUIET_NS 5000000ull

/* A request in a list of two. */
static void send_one(struct test *test, struct packed_ring *ring, struct packed_request *request)
{
    struct virtq_packed_desc list[2], used;

    packed_cut(request, list, 2, 0);
    require(test, PACKED_P01, packed_send(test, ring, list, 2, &used), "a list does not come back");
}

static void set_event(const struct packed_ring *ring, uint16_t position, uint16_t flags)
{
    volatile struct virtq_packed_event *event = ring->queue->packed.driver;

    event->position = position;
    dma_wmb();
    event->flags = flags;
    dma_mb(); /* before the next list is there */
}

static unsigned hits_of(const struct notifications *notifications, unsigned wanted, uint64_t ns)
{
    return notifications_wait(notifications, VIRTIO_IOMMU_REQUESTQ, wanted, ns);
}

TEST(enable_flag_notifies, .clauses = CLAUSES(PACKED_P08), .needs = NEEDS_ENDPOINT)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, EVENT_IDX);
    struct packed_request *request = packed_request(test);
    struct notifications notifications;

    notifications_open(test, &notifications);
    set_event(&ring, 0x7fff, VIRTQ_EVENT_ENABLE);
    for (unsigned i = 1; i <= 2 * SIZE; i++) {
        send_one(test, &ring, request);

        unsigned hits = hits_of(&notifications, i, WAIT_NS);

        if (!expect(test, PACKED_P08, hits == i, "%u interrupts after %u requests", hits, i))
            break;
    }
    notifications_close(&notifications);
}

/* What is not asked for may come all the same, and is no good. */
TEST(disable_flag_suppresses, .clauses = CLAUSES(PACKED_P08), .needs = NEEDS_ENDPOINT)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, 0);
    struct packed_request *request = packed_request(test);
    struct notifications notifications;

    notifications_open(test, &notifications);
    send_one(test, &ring, request);
    set_event(&ring, 0, VIRTQ_EVENT_DISABLE);
    notifications_settle(&notifications);
    for (unsigned i = 0; i < SIZE; i++)
        send_one(test, &ring, request);
    expect_should(test, PACKED_P08, hits_of(&notifications, 1, QUIET_NS) == 0,
                  "an interrupt came although the driver's event flags are DISABLE");
    set_event(&ring, 0, VIRTQ_EVENT_ENABLE);
    send_one(test, &ring, request);
    expect(test, PACKED_P08, hits_of(&notifications, 1, WAIT_NS) >= 1,
           "no interrupt after the driver's event flags are ENABLE again");
    notifications_close(&notifications);
}

/*
 * The list behind `before` others, less than a lap ahead, at every slot of three laps that lists
 * begin at.
 */
TEST(event_is_at_its_descriptor, .clauses = CLAUSES(PACKED_P08), .needs = NEEDS_ENDPOINT)
{
    struct packed_ring ring = packed_open(test, SIZE, 4, 0);
    struct packed_request *request = packed_request(test);
    struct notifications notifications;
    unsigned before = ring.size < 2 * 4 ? ring.size / 2u - 1 : 3;

    if (!(test->fixture->features & EVENT_IDX))
        skip(test, "EVENT_IDX is not offered");
    notifications_open(test, &notifications);
    for (unsigned round = 0; round < 6; round++) {
        struct packed_ring event = ring;

        packed_skip(&event, 2 * before);
        set_event(&ring, (uint16_t)(event.at | event.wrap << 15), VIRTQ_EVENT_DESC);
        notifications_settle(&notifications);
        for (unsigned i = 0; i < before; i++)
            send_one(test, &ring, request);
        expect_should(test, PACKED_P08, hits_of(&notifications, 1, QUIET_NS) == 0,
                      "an interrupt came before the descriptor in slot %u was used", event.at);
        send_one(test, &ring, request);
        expect(test, PACKED_P08, hits_of(&notifications, 1, WAIT_NS) >= 1,
               "no interrupt for the descriptor in slot %u, wrap counter %u", event.at, event.wrap);
        notifications_settle(&notifications);
        for (unsigned i = 0; i < round % before; i++)
            send_one(test, &ring, request);
        expect_should(test, PACKED_P08, hits_of(&notifications, 1, QUIET_NS) == 0,
                      "an interrupt came after the descriptor in slot %u was used", event.at);
    }
    notifications_close(&notifications);
}

TEST(event_structure_of_the_device_is_sound, .clauses = CLAUSES(PACKED_P09),
     .needs = NEEDS_ENDPOINT)
{
    for (unsigned without = 0; without < 2; without++) {
        struct packed_ring ring = packed_open(test, SIZE, 2, without ? EVENT_IDX : 0);
        struct packed_request *request = packed_request(test);
        const volatile struct virtq_packed_event *event = ring.queue->packed.device;
        bool has_events = !without && test->fixture->features & EVENT_IDX;

        for (unsigned i = 0; i < 2 * SIZE; i++) {
            send_one(test, &ring, request);

            uint16_t flags = event->flags, slot = event->position & 0x7fff;

            expect(test, PACKED_P09, flags <= (has_events ? VIRTQ_EVENT_DESC : VIRTQ_EVENT_DISABLE),
                   "the device's event flags are 0x%04x %s EVENT_IDX", flags,
                   has_events ? "with" : "without");
            expect(test, PACKED_P09, flags != VIRTQ_EVENT_DESC || slot < ring.size,
                   "the device's event is at slot %u of %u", slot, ring.size);
        }
    }
}

/*
 * Any number of requests between two notifications, through the driver, which uses events. Each gets
 * the status that it gets alone: which one is right is not judged here.
 */
TEST(batches_of_any_size, .clauses = CLAUSES(PACKED_D02, PACKED_P01), .needs = NEEDS_ENDPOINT)
{
    enum { BATCH_MAX = 200, ROUNDS = 10 };
    struct viommu_request *requests =
        fixture_pages(test, BATCH_MAX * sizeof(*requests) / PAGE_SIZE + 1);
    struct viommu_reply *replies =
        fixture_pages(test, BATCH_MAX * sizeof(*replies) / PAGE_SIZE + 1);
    const uint64_t sets[] = {0, INDIRECT, EVENT_IDX, INDIRECT | EVENT_IDX};
    uint8_t alone[2];

    fixture_use_packed_rings(test);
    for (unsigned i = 0; i < BATCH_MAX; i++)
        requests[i] = i % 2
                          ? viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test))
                          : viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(alone); i++)
        alone[i] = submit(test, &requests[i]).status;
    for (unsigned i = 0; i < ARRAY_LENGTH(sets) * ROUNDS; i++) {
        unsigned count = 1 + (unsigned)rng_below(&test->rng, BATCH_MAX);

        if (i % ROUNDS == 0)
            fixture_restart(test, test->fixture->features & ~sets[i / ROUNDS]);
        require(test, PACKED_D02, submit_batch(test, requests, count, replies) == count,
                "not every request of a batch of %u came back", count);
        for (unsigned k = 0; k < count; k++)
            expect(test, PACKED_P01,
                   replies[k].outcome == VIOMMU_ANSWERED && replies[k].status == alone[k % 2],
                   "request %u of a batch of %u: %s", k, count, viommu_reply_text(&replies[k]));
    }
}

/* 2.8.12: each depends on the one before it. */
TEST(requests_start_in_the_order_of_the_ring, .clauses = CLAUSES(PACKED_D01),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    static const uint8_t expected[] = {VIRTIO_IOMMU_S_OK, VIRTIO_IOMMU_S_OK, VIRTIO_IOMMU_S_INVAL,
                                       VIRTIO_IOMMU_S_OK};
    uint32_t domain = fixture_domain(test, 0), endpoint = fixture_endpoint_id(test, 0);
    uint64_t at = free_iova(test), last = at + viommu_granule(fixture_iommu(test)) - 1;
    const struct viommu_request requests[] = {
        viommu_attach(domain, endpoint, 0),
        viommu_map(domain, at, last, memory_unused(test, 0, 1), VIRTIO_IOMMU_MAP_F_READ),
        viommu_map(domain, at, last, memory_unused(test, 0, 1), VIRTIO_IOMMU_MAP_F_READ),
        viommu_detach(domain, endpoint),
    };
    struct viommu_reply replies[4];

    fixture_use_packed_rings(test);
    for (unsigned round = 0; round < 100; round++) {
        require(test, PACKED_D01, submit_batch(test, requests, 4, replies) == 4,
                "not every request came back");
        for (unsigned i = 0; i < 4; i++)
            expect(test, PACKED_D01, replies[i].status == expected[i],
                   "request %u of ATTACH, MAP, the same MAP, DETACH: %s, expected %s", i,
                   viommu_reply_text(&replies[i]), viommu_status_text(expected[i]));
    }
}

TEST(faults_are_reported, .clauses = CLAUSES(IOMMU_FAULT_P03, IOMMU_FAULT_D04, IOMMU_MAP_P04),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct viommu *viommu = fixture_iommu(test);
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    unsigned posted, count = 0;

    fixture_use_packed_rings(test);
    posted = viommu->events.size;
    fixture_use_events(test, posted, VIOMMU_EVENT_LENGTH);
    if (viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(viommu, 1);
    prepare_engine(test, engine);
    attach_engine(test, fixture_domain(test, 0), engine);
    for (unsigned i = 0; i < 4; i++) {
        struct viommu_event event;
        enum virtq_pop result;

        expect_write_denied(test, IOMMU_MAP_P04, engine, free_iova(test), &target,
                            transfer_length(engine));
        result = viommu_next_event(viommu, WAIT_NS / 10, &event);
        expect(test, IOMMU_FAULT_P03, result == VIRTQ_EMPTY || result == VIRTQ_POPPED,
               "event queue: %s", virtq_pop_text(result));
        if (result != VIRTQ_POPPED)
            continue;
        count++;
        expect(test, IOMMU_FAULT_P03, event.written >= sizeof(event.fault),
               "used length of the report is %u, expected at least 24", event.written);
        expect(test, IOMMU_FAULT_D04, event.fault.endpoint == engine->endpoint,
               "fault.endpoint is 0x%x, expected 0x%x", (unsigned)event.fault.endpoint,
               (unsigned)engine->endpoint);
    }
    note(test, "%u reports", count);
    if (!count)
        skip(test, "the device reports no fault");
}
