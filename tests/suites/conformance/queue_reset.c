// SPDX-License-Identifier: BSD-2-Clause
/*
 * Resetting one queue: virtio 1.4 section 2.6.1, for split rings and for packed ones. The registers
 * are judged by conformance.pci and conformance.mmio.
 */
#include "drivers/viommu/event.h"
#include "lib/array/array.h"
#include "tests/framework/notifications.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.queue_reset"

#define RING_RESET VIRTIO_BIT(VIRTIO_F_RING_RESET)
#define EVENT_IDX  VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define PACKED     VIRTIO_BIT(VIRTIO_F_RING_PACKED)

#define QUIET_NS 5000000ull
#define WAIT_NS  100000000ull
#define EVENTS   8u /* or as many as the event queue has entries */

static const char *format_name(struct test *test)
{
    return viommu_has(fixture_iommu(test), VIRTIO_F_RING_PACKED) ? "packed" : "split";
}

/* Resets the queue; where nothing is reset at all another test has said so. */
static void reset_queue(struct test *test, uint16_t queue)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;

    require(test, fixture_clause(test, PCI_COM_D13, MMIO_QRST_D05),
            virtio_reset_queue(transport, queue) == VIRTIO_OK,
            "queue_reset of queue %u does not read 0 after a second", queue);
    if (transport->ops->queue_enabled(transport, queue))
        skip(test, "a queue stays enabled when it is reset, as %s.queue_reset reports",
             fixture_clause(test, PCI_COM_D13, MMIO_QRST_D05) == PCI_COM_D13 ? "conformance.pci"
                                                                             : "conformance.mmio");
}

static void set_up_again(struct test *test, uint16_t index, uint16_t size)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtq *queue = index == VIRTIO_IOMMU_REQUESTQ ? &viommu->requests : &viommu->events;
    enum virtio_result result =
        virtio_setup_queue(viommu->transport, index, size, viommu->features, viommu->pages, queue);

    require(test, DEV_VQRST_D03, result == VIRTIO_OK, "queue %u can't be set up again: %s", index,
            virtio_result_text(result));
}

/* Once with each format of rings that the device has. */
static void in_every_format(struct test *test, uint64_t but, void (*body)(struct test *test))
{
    const uint64_t features = ((test->fixture->features | RING_RESET) & ~but) & ~PACKED;

    if (!(fixture_iommu(test)->offered & RING_RESET))
        skip(test, "RING_RESET is not offered");
    for (unsigned packed = 0; packed <= test->fixture->has_packed_rings; packed++) {
        test->fixture->features = features | (packed ? PACKED : 0);
        fixture_restart_detached(test);
        body(test);
    }
}

static struct viommu_request any_request(struct test *test)
{
    return viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));
}

static void submit_any(struct test *test)
{
    const struct viommu_request request = any_request(test);

    submit(test, &request);
}

static void publish_any(struct test *test)
{
    const struct viommu_request request = any_request(test);

    publish(test, &request);
}

static unsigned count_used(struct test *test)
{
    struct virtq_used_element used;
    unsigned count = 0;

    while (virtq_pop(&fixture_iommu(test)->requests, &used) == VIRTQ_POPPED)
        count++;
    return count;
}

static void leave_alone(struct test *test)
{
    struct viommu *viommu = fixture_iommu(test);
    unsigned room = viommu_capacity(viommu), count;

    for (unsigned i = 0; i < viommu->requests.size + 3u; i++) /* round the ring, too */
        submit_any(test);
    for (unsigned i = 0; i < 5 && i + 1 < room; i++)
        publish_any(test); /* which a device may see without a notification */
    reset_queue(test, VIRTIO_IOMMU_REQUESTQ);
    count_used(test);
    publish_any(test);
    virtq_notify(&viommu->requests);
    arch_wait_ns(QUIET_NS);
    count = count_used(test);
    expect(test, DEV_VQRST_D01, !count, "%u requests were used in a %s ring that was reset", count,
           format_name(test));
    set_up_again(test, VIRTIO_IOMMU_REQUESTQ, viommu->requests.size);
    arch_wait_ns(QUIET_NS);
    count = count_used(test);
    expect(test, DEV_VQRST_D03, !count, "%u requests were used in an empty %s ring", count,
           format_name(test));

    const struct viommu_request request = any_request(test);

    expect(test, DEV_VQRST_D03, viommu_submit(viommu, &request).outcome == VIOMMU_ANSWERED,
           "the first request in a %s ring that was enabled again does not come back",
           format_name(test));
}

TEST(what_was_available_is_forgotten, .clauses = CLAUSES(DEV_VQRST_D01, DEV_VQRST_D03),
     .needs = NEEDS_ENDPOINT, .provokes = true)
{
    in_every_format(test, 0, leave_alone);
}

/* Other memory each time, other sizes, and several times round each ring. */
static void use_again(struct test *test)
{
    static const uint16_t sizes[] = {64, 4, 16, 2};
    enum { BATCH = 50 };
    struct viommu_request requests[BATCH];
    struct viommu_reply replies[BATCH];
    uint64_t at = free_iova(test), last = at + viommu_granule(fixture_iommu(test)) - 1;
    uint32_t domain = fixture_domain(test, 0);

    require_attach(test, 0, 0);
    require_ok(test,
               viommu_map(domain, at, last, memory_unused(test, 0, 1), VIRTIO_IOMMU_MAP_F_READ));
    for (unsigned i = 0; i < BATCH; i++)
        requests[i] = any_request(test);
    for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
        reset_queue(test, VIRTIO_IOMMU_REQUESTQ);
        set_up_again(test, VIRTIO_IOMMU_REQUESTQ, sizes[i]);
        require(test, DEV_VQRST_D04, submit_batch(test, requests, BATCH, replies) == BATCH,
                "a %s ring of %u entries that was enabled again: not every request came back",
                format_name(test), sizes[i]);
        expect(test, fixture_clause(test, PCI_COM_D11, MMIO_QRST_D03),
               is_mapped(test, domain, at, last), "a mapping went when a queue was reset");
    }
}

TEST(queue_has_what_it_was_enabled_with,
     .clauses = CLAUSES(DEV_VQRST_D04, DEV_VQRST_D03, PCI_COM_D11, MMIO_QRST_D03),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    in_every_format(test, 0, use_again);
}

static void stay_silent(struct test *test)
{
    struct viommu *viommu = fixture_iommu(test);
    struct notifications notifications;

    notifications_open(test, &notifications);
    submit_any(test);
    if (!notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, WAIT_NS))
        error(test, "control: a request does not notify before the reset, either");
    if (viommu_capacity(viommu) > 1)
        publish_any(test);
    reset_queue(test, VIRTIO_IOMMU_REQUESTQ);
    notifications_settle(&notifications);
    publish_any(test);
    for (unsigned i = 0; i < 10; i++)
        virtq_notify(&viommu->requests);

    unsigned hits = notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, QUIET_NS);

    expect(test, DEV_VQRST_D02, !hits, "%u notifications of a queue that was reset", hits);
    notifications_close(&notifications);
    arch_irq_release_all();
}

TEST(queue_that_was_reset_is_silent, .clauses = CLAUSES(DEV_VQRST_D02), .needs = NEEDS_ENDPOINT,
     .provokes = true)
{
    in_every_format(test, EVENT_IDX, stay_silent);
}

/* A write that faults; whether a report of it comes. */
static bool is_fault_reported(struct test *test, struct dma_engine *engine,
                              const struct target *target)
{
    struct viommu_event event;
    uint64_t at = free_iova(test);

    expect_write_denied(test, IOMMU_MAP_P04, engine, at, target, transfer_length(engine));
    return viommu_next_event(fixture_iommu(test), WAIT_NS, &event) == VIRTQ_POPPED;
}

/* No report is left, as one write may have many, and the device has EVENTS buffers. */
static void renew_events(struct test *test)
{
    struct viommu *viommu = fixture_iommu(test);
    struct viommu_event event;
    unsigned count;

    while (viommu_next_event(viommu, QUIET_NS, &event) == VIRTQ_POPPED)
        ;
    count = viommu_events_at_most(viommu, EVENTS - virtq_outstanding(&viommu->events));
    if (!viommu_post_events(viommu, count, sizeof(struct virtio_iommu_fault)))
        error(test, "the event queue takes no %u buffers", count);
}

/* Each of the queues is reset beside the other one. */
static void go_on(struct test *test)
{
    struct viommu *viommu = fixture_iommu(test);
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint16_t size = viommu->events.size;
    enum clause alone = fixture_clause(test, PCI_COM_D11, MMIO_QRST_D03);

    if (viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(viommu, 1);
    prepare_engine(test, engine);
    attach_engine(test, fixture_domain(test, 0), engine);
    renew_events(test);
    if (!is_fault_reported(test, engine, &target))
        skip(test, "the device reports no fault");
    renew_events(test);
    reset_queue(test, VIRTIO_IOMMU_REQUESTQ);
    expect(test, alone, is_fault_reported(test, engine, &target),
           "no fault is reported any more since the request queue was reset");
    set_up_again(test, VIRTIO_IOMMU_REQUESTQ, viommu->requests.size);
    renew_events(test);
    reset_queue(test, VIRTIO_IOMMU_EVENTQ);
    expect(test, DEV_VQRST_D01, !is_fault_reported(test, engine, &target),
           "a fault is reported in a %s ring that was reset", format_name(test));
    expect_answer(test, alone, any_request(test));
    set_up_again(test, VIRTIO_IOMMU_EVENTQ, size);
    expect(test, DEV_VQRST_D03, !is_fault_reported(test, engine, &target),
           "a fault is reported to a buffer that the event queue had before its reset");
    renew_events(test);
    expect(test, DEV_VQRST_D04, is_fault_reported(test, engine, &target),
           "no fault is reported in the new %s ring", format_name(test));
}

TEST(other_queue_goes_on,
     .clauses = CLAUSES(PCI_COM_D11, MMIO_QRST_D03, DEV_VQRST_D01, DEV_VQRST_D03, DEV_VQRST_D04),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP, .limit_s = 60)
{
    in_every_format(test, 0, go_on);
}
