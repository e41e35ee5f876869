// SPDX-License-Identifier: BSD-2-Clause
/*
 * When the IOMMU must not interrupt: virtio 1.4 sections 2.1.2 and 2.4.1. By MSI-X or by the line,
 * as the transport has it.
 */
#include "tests/framework/notifications.h"
#include "tests/framework/request.h"

#define SUITE "conformance.interrupt"

#define EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)

#define WAIT_NS  500000000ull
#define QUIET_NS 5000000ull

/* Makes a request available and notifies the device. */
static void offer_request(struct test *test)
{
    const struct viommu_request detach =
        viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));

    publish(test, &detach);
    virtq_notify(&fixture_iommu(test)->requests);
}

static unsigned all_hits(const struct notifications *notifications)
{
    unsigned hits = 0;

    for (unsigned i = 0; i < notifications->sources; i++)
        hits += notifications_wait(notifications, i, 1, QUIET_NS);
    return hits;
}

/* That nothing comes proves something only if something can come. */
static void require_interrupt(struct test *test, const struct notifications *notifications,
                              const char *when)
{
    uint16_t head;

    offer_request(test);
    if (!notifications_wait(notifications, VIRTIO_IOMMU_REQUESTQ, 1, WAIT_NS))
        error(test, "control: a request does not interrupt %s, either", when);
    viommu_collect(fixture_iommu(test), &head); /* its descriptors are for the next one */
}

/* A request and a notification while the status reads 0: the rings are still in memory. */
TEST(nothing_after_a_reset, .clauses = CLAUSES(DEV_RESET_D02), .needs = NEEDS_IOMMU,
     .provokes = true)
{
    struct notifications notifications;

    fixture_restart(test, test->fixture->features & ~EVENT_IDX);
    notifications_open(test, &notifications);
    require_interrupt(test, &notifications, "before the reset");
    notifications_settle(&notifications);
    virtio_reset(fixture_iommu(test)->transport);
    notifications_settle(&notifications);
    offer_request(test);
    expect(test, DEV_RESET_D02, !all_hits(&notifications),
           "an interrupt came while the status reads 0");
    notifications_close(&notifications);
}

/* Vectors and queues are set up, so that a device that interrupts on that is seen. */
TEST(nothing_before_driver_ok, .clauses = CLAUSES(DEV_STAT_D02), .needs = NEEDS_IOMMU)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    uint64_t features = test->fixture->features & ~EVENT_IDX;
    struct notifications notifications;

    fixture_negotiate(test, features);
    notifications_open(test, &notifications);
    for (uint16_t queue = 0; queue < 2; queue++)
        if (virtio_setup_queue(transport, queue, viommu->requests.size, features, viommu->pages,
                               queue ? &viommu->events : &viommu->requests))
            error(test, "queue %u can't be set up", queue);
    expect(test, DEV_STAT_D02, !all_hits(&notifications), "an interrupt came before DRIVER_OK");
    notifications_close(&notifications);
    arch_irq_release_all();
    fixture_restart(test, features);
    notifications_open(test, &notifications);
    require_interrupt(test, &notifications, "after DRIVER_OK");
    notifications_close(&notifications);
}
