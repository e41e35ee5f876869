// SPDX-License-Identifier: BSD-2-Clause
/*
 * When the IOMMU may interrupt, and which vectors it has: virtio 1.4 sections 2.1.2, 2.4.1, 2.7.7.1
 * and 4.1.5.1.2.
 */
#include "tests/notifications.h"
#include "tests/request.h"

#define SUITE "conformance.interrupt"

#define EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define PACKED    VIRTIO_BIT(VIRTIO_F_RING_PACKED)

#define WAIT_NS     500000000ull
#define QUIET_NS    5000000ull
#define VECTORS_MAX 64 /* of those that there are, so many are tried */

/* Makes a request available, and tells the device. */
static void offer_request(struct test *test)
{
    struct viommu *viommu = lab_iommu(test);
    const struct viommu_request detach =
        viommu_detach(lab_domain(test, 0), lab_absent_endpoint(test));
    uint16_t head;

    if (!viommu_stage(viommu, &detach, &head))
        broken(test, "the request queue is full");
    virtq_publish(&viommu->requests);
    virtq_notify(&viommu->requests);
}

static unsigned all_hits(const struct notifications *notifications)
{
    unsigned hits = 0;

    for (unsigned i = 0; i < notifications->sources; i++)
        hits += notifications_wait(notifications, i, 1, QUIET_NS);
    return hits;
}

TEST(nothing_after_a_reset, .clauses = CLAUSES(DEV_RESET_D02), .needs = NEEDS_IOMMU)
{
    struct notifications notifications;

    lab_restart(test, test->lab->features & ~EVENT_IDX);
    notifications_open(test, &notifications);
    offer_request(test);
    notifications_settle(&notifications);
    virtio_reset(lab_iommu(test)->transport);
    notifications_settle(&notifications);
    offer_request(test);
    expect(test, DEV_RESET_D02, !all_hits(&notifications),
           "an interrupt came while the status reads 0");
    notifications_close(&notifications);
}

TEST(nothing_before_driver_ok, .clauses = CLAUSES(DEV_STAT_D02), .needs = NEEDS_IOMMU)
{
    struct viommu *viommu = lab_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    uint64_t features = test->lab->features & ~EVENT_IDX;
    struct notifications notifications;

    virtio_reset(transport);
    virtio_acknowledge(transport);
    if (virtio_negotiate(transport, features))
        broken(test, "the features are refused");
    notifications_open(test, &notifications);
    for (uint16_t queue = 0; queue < 2; queue++)
        if (virtio_setup_queue(transport, queue, viommu->requests.size, features, viommu->pages,
                               queue ? &viommu->events : &viommu->requests))
            broken(test, "queue %u can't be set up", queue);
    expect(test, DEV_STAT_D02, !all_hits(&notifications), "an interrupt came before DRIVER_OK");
    notifications_close(&notifications);
}

TEST(avail_flag_is_nothing_beside_an_event_index, .clauses = CLAUSES(VQ_USUP_D04),
     .needs = NEEDS_IOMMU)
{
    struct virtq *queue = &lab_iommu(test)->requests;
    struct notifications notifications;

    if (!viommu_has(lab_iommu(test), VIRTIO_F_EVENT_IDX))
        skip(test, "EVENT_IDX is not offered");
    lab_restart(test, test->lab->features & ~PACKED);
    notifications_open(test, &notifications);
    queue->avail->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
    notifications_settle(&notifications);
    *virtq_used_event(queue) = queue->used_index;
    offer_request(test);
    expect(test, VQ_USUP_D04,
           notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, WAIT_NS) >= 1,
           "bit 0 of avail.flags keeps an interrupt back that used_event asks for");
    queue->avail->flags = 0;
    notifications_close(&notifications);
}

/* What a driver must never do: the device may take it, or leave it, or ask for a reset. */
TEST(need_of_a_reset_is_announced, .clauses = CLAUSES(DEV_STAT_D04), .needs = NEEDS_IOMMU)
{
    struct viommu *viommu = lab_iommu(test);
    struct virtq *queue;
    struct notifications notifications;
    uint64_t start;

    lab_restart(test, test->lab->features & ~(EVENT_IDX | PACKED));
    queue = &viommu->requests;
    notifications_open_line(test, &notifications);
    queue->avail->ring[queue->avail_index++ & (queue->size - 1)] = queue->size;
    virtq_publish(queue);
    virtq_notify(queue);
    start = arch_now_ns();
    while (!viommu_needs_reset(viommu) && arch_now_ns() - start < WAIT_NS / 5)
        cpu_relax();
    if (!viommu_needs_reset(viommu))
        skip(test, "the device does not ask for a reset");
    notifications_wait(&notifications, 0, 1, WAIT_NS);
    expect(test, DEV_STAT_D04, notifications.isr & 2,
           "the device asks for a reset, and the interrupt status has shown 0x%x, expected bit 1",
           notifications.isr);
}

TEST(every_vector_can_be_mapped, .clauses = CLAUSES(PCI_MSIX_D01, PCI_MSIX_D04, PCI_MSIX_D08),
     .needs = NEEDS_PCI)
{
    struct virtio_transport *transport = lab_iommu(test)->transport;
    struct notifications notifications;
    uint16_t count;

    notifications_open_vectors(test, &notifications, 1);
    count = notifications.msix.vector_count;
    expect(test, PCI_MSIX_D01, count >= 2, "there is %u vector, expected two or more", count);
    for (uint16_t vector = 0; vector < count && vector < VECTORS_MAX; vector++) {
        for (uint16_t queue = 0; queue < 2; queue++)
            expect(test, PCI_MSIX_D04,
                   transport->ops->set_queue_vector(transport, queue, vector) == vector,
                   "queue %u can't be mapped to vector %u of %u", queue, vector, count);
        expect(test, PCI_MSIX_D08, transport->ops->set_config_vector(transport, vector) == vector,
               "the configuration can't be mapped to vector %u of %u", vector, count);
    }
    transport->ops->set_config_vector(transport, VIRTIO_NO_VECTOR);
    notifications_close(&notifications);
}
