// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where the driver is not as it should be when it sets DRIVER_OK: virtio 1.4 sections 2.1, 3.1.1 and
 * 4.1.5.1.3. What a device makes of it is open, so each is a WARN at most, and the only test that
 * tells of it: all others set up both queues, and notify behind DRIVER_OK.
 */
#include <string.h>

#include "tests/framework/request.h"

#define SUITE "conformance.start"

#define QUEUE_SIZE 64
#define QUIET_NS   10000000ull

/* One that changes nothing; with which status it is answered is judged elsewhere. */
static struct viommu_request any_request(struct test *test)
{
    return viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));
}

/* The same request of a driver that does as 3.1.1 says. */
static void expect_service(struct test *test, enum clause clause)
{
    fixture_restart(test, test->fixture->features);
    expect_answer(test, clause, any_request(test));
}

/* Sends it in a ring that nothing else is in; whether it is answered. */
static bool is_answered(struct test *test)
{
    const struct viommu_request request = any_request(test);
    struct viommu *viommu = fixture_iommu(test);
    uint8_t *bytes = fixture_pages(test, 1), *tail = bytes + sizeof(request.bytes);
    struct virtq_desc *table = fixture_pages(test, 1);
    const struct virtq_segment segments[] = {
        {(uintptr_t)bytes, request.length, false},
        {(uintptr_t)tail, sizeof(struct virtio_iommu_req_tail), true},
    };
    struct virtq_used_element used;

    memcpy(bytes, request.bytes, request.length);
    *tail = VIOMMU_POISON;
    if (!virtq_add_fitting(&viommu->requests, segments, 2, table))
        error(test, "an empty request queue takes no request");
    virtq_kick(&viommu->requests);
    return viommu_wait(viommu, &used) == VIRTQ_POPPED && *tail != VIOMMU_POISON;
}

/*
 * A driver without use for fault reports. It sets up what it wants of a device's queues (4.1.5.1.3
 * tells what it "typically" does), but a device may wait until all of them are there: Cloud Hypervisor
 * does, and then serves none.
 */
TEST(request_queue_alone_is_served, .clauses = CLAUSES(DEV_INIT_P01), .needs = NEEDS_IOMMU,
     .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    uint64_t features = test->fixture->features;

    fixture_negotiate(test, features);
    if (virtio_setup_queue(viommu->transport, VIRTIO_IOMMU_REQUESTQ, QUEUE_SIZE, features,
                           viommu->pages, &viommu->requests))
        error(test, "the request queue can't be set up");
    virtio_driver_ok(viommu->transport);
    expect_should(test, DEV_INIT_P01, is_answered(test),
                  "a request is not answered as long as the event queue is not set up");
    expect_service(test, DEV_INIT_P01);
}

/*
 * The device must not consume it, but the notification was the driver's fault (3.1.1). A device that
 * serves whatever it is notified of runs before the driver has looked whether it wants that.
 */
TEST(early_notification_is_not_served, .clauses = CLAUSES(DEV_STAT_D01, DEV_STAT_D02),
     .needs = NEEDS_IOMMU, .provokes = true)
{
    const struct viommu_request request = any_request(test);
    struct viommu *viommu = fixture_iommu(test);
    struct virtq_used_element used;

    /* Without EVENT_IDX every used buffer is notified. */
    if (viommu_prepare(viommu, test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX),
                       QUEUE_SIZE))
        error(test, "the queues can't be set up");
    fixture_require_room(test);
    publish(test, &request);
    virtq_notify(&viommu->requests);
    arch_wait_ns(QUIET_NS);
    expect_should(test, DEV_STAT_D01, virtq_pop(&viommu->requests, &used) == VIRTQ_EMPTY,
                  "a request that the device was notified of is used before DRIVER_OK");

    uint8_t isr = viommu->transport->ops->isr(viommu->transport);

    expect_should(test, DEV_STAT_D02, !(isr & 1),
                  "the interrupt status reads 0x%x before DRIVER_OK, after a notification", isr);
    expect_service(test, IOMMU_OP_P01);
}
