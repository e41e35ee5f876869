// SPDX-License-Identifier: BSD-2-Clause
/*
 * When the IOMMU must interrupt: virtio 1.4 sections 2.7.7, 4.1.4.5, 4.1.5.1 and 4.2.3.4. What
 * chapter 2 says holds for every transport, so it is tested by MSI-X or by the line, as the
 * transport has it.
 */
#include "drivers/viommu/event.h"
#include "tests/framework/notifications.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.interrupt"

#define EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define PACKED    VIRTIO_BIT(VIRTIO_F_RING_PACKED)

#define WAIT_NS  500000000ull
#define QUIET_NS 5000000ull

/* A request that changes nothing. */
static void request_once(struct test *test)
{
    const struct viommu_request detach =
        viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));

    submit(test, &detach);
}

/* Without EVENT_IDX, and each one waited for, so none can be merged with the next. */
TEST(every_request_notifies, .clauses = CLAUSES(VQ_USUP_D03), .needs = NEEDS_IOMMU)
{
    struct notifications notifications;

    fixture_restart(test, test->fixture->features & ~(EVENT_IDX | PACKED));
    notifications_open(test, &notifications);
    for (unsigned i = 1; i <= 20; i++) {
        request_once(test);

        unsigned hits = notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, i, WAIT_NS);

        if (!expect(test, VQ_USUP_D03, hits == i, "%u interrupts after %u requests", hits, i))
            break;
    }
    notifications_close(&notifications);
}

/* Unmapped again after it was mapped: catches a device that keeps the old vector. */
TEST(no_vector_no_interrupt, .clauses = CLAUSES(PCI_MSIX_D05, PCI_INT_D01), .needs = NEEDS_PCI)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    struct notifications notifications;

    fixture_restart(test, test->fixture->features & ~EVENT_IDX);
    notifications_open_vectors(test, &notifications, 1);
    transport->ops->set_queue_vector(transport, 0, 0);
    request_once(test);
    if (!notifications_wait(&notifications, 0, 1, WAIT_NS))
        error(test, "control: no interrupt comes with a vector, either");
    notifications_settle(&notifications);
    expect(test, PCI_MSIX_D05,
           transport->ops->set_queue_vector(transport, 0, VIRTIO_NO_VECTOR) == VIRTIO_NO_VECTOR,
           "queue 0 can't be unmapped from its vector");
    request_once(test);
    expect(test, PCI_INT_D01, notifications_wait(&notifications, 0, 1, QUIET_NS) == 0,
           "an interrupt came without a vector");
    notifications_close(&notifications);
}

/* A vector that is left over would interrupt a driver that has not set up any. */
TEST(vectors_are_unmapped_by_a_reset, .clauses = CLAUSES(PCI_MSIX_D07, PCI_MSIX_D06),
     .needs = NEEDS_PCI)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    const struct virtio_pci *pci = &test->fixture->iommu_device.pci;
    struct notifications notifications;

    notifications_open_vectors(test, &notifications, 2);
    expect(test, PCI_MSIX_D06, transport->ops->set_queue_vector(transport, 1, 1) == 1,
           "the vector of queue 1 does not read back");
    fixture_negotiate(test, test->fixture->features);
    for (uint16_t queue = 0; queue < 2; queue++)
        expect(test, PCI_MSIX_D07, virtio_pci_queue_vector(pci, queue) == VIRTIO_NO_VECTOR,
               "queue %u keeps vector %u over a reset", queue, virtio_pci_queue_vector(pci, queue));
    notifications_close(&notifications);
}

/* Every queue, and the configuration, to every vector. */
TEST(every_vector_can_be_mapped, .clauses = CLAUSES(PCI_MSIX_D01, PCI_MSIX_D04, PCI_MSIX_D08),
     .needs = NEEDS_PCI)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    struct notifications notifications;
    unsigned failed = 0;

    notifications_open_vectors(test, &notifications, 1);

    uint16_t count = notifications.msix.vector_count;

    expect(test, PCI_MSIX_D01, count >= 2, "MSI-X has %u vectors, expected at least 2", count);
    for (uint16_t queue = 0; queue < 2; queue++)
        for (uint16_t vector = 0; vector < count; vector++)
            failed += transport->ops->set_queue_vector(transport, queue, vector) != vector;
    for (uint16_t vector = 0; vector < count; vector++)
        failed += transport->ops->set_config_vector(transport, vector) != vector;
    transport->ops->set_config_vector(transport, VIRTIO_NO_VECTOR);
    expect(test, PCI_MSIX_D08, !failed, "%u of %u mappings to a valid vector failed", failed,
           3u * count);
    expect(test, PCI_MSIX_D04, !failed, "%u of %u mappings to a valid vector failed", failed,
           3u * count);
    notifications_close(&notifications);
}

/* A driver should not write it, so WARN at most. */
TEST(vector_out_of_range_reads_no_vector, .clauses = CLAUSES(PCI_MSIX_D09), .needs = NEEDS_PCI)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    struct notifications notifications;
    uint16_t beyond;

    notifications_open_vectors(test, &notifications, 1);
    beyond = notifications.msix.vector_count;
    expect_should(test, PCI_MSIX_D09,
                  transport->ops->set_queue_vector(transport, 0, beyond) == VIRTIO_NO_VECTOR,
                  "vector %u of %u is accepted", beyond, beyond);
    notifications_close(&notifications);
}

/* The first notification after a start may be spurious, so there was one. */
static void open_with_event_index(struct test *test, struct notifications *notifications)
{
    if (!viommu_has(fixture_iommu(test), VIRTIO_F_EVENT_IDX))
        skip(test, "EVENT_IDX is not offered");
    fixture_restart(test, test->fixture->features & ~PACKED);
    notifications_open(test, notifications);
    request_once(test);
    notifications_settle(notifications);
}

/* Four entries before the one that used_event names must not interrupt; that one must. */
TEST(event_index_suppresses, .clauses = CLAUSES(VQ_USUP_D05, VQ_USUP_D06), .needs = NEEDS_IOMMU)
{
    struct virtq *queue = &fixture_iommu(test)->requests;
    struct notifications notifications;

    open_with_event_index(test, &notifications);
    *virtq_used_event(queue) = (uint16_t)(queue->used_index + 4);
    for (unsigned i = 0; i < 4; i++)
        request_once(test);

    unsigned hits = notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, QUIET_NS);

    expect(test, VQ_USUP_D06, hits == 0, "%u interrupts before the entry that used_event names",
           hits);
    request_once(test);
    hits = notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, WAIT_NS);
    expect(test, VQ_USUP_D05, hits >= 1, "no interrupt for the entry that used_event names");
    notifications_close(&notifications);
}

/* The flag is honoured, and used_event is ignored, while EVENT_IDX is not negotiated. */
TEST(avail_flag_suppresses, .clauses = CLAUSES(VQ_USUP_D02, VQ_USUP_D01), .needs = NEEDS_IOMMU)
{
    struct virtq *queue = &fixture_iommu(test)->requests;
    struct notifications notifications;

    fixture_restart(test, test->fixture->features & ~(EVENT_IDX | PACKED));
    notifications_open(test, &notifications);
    queue->avail->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
    request_once(test);
    expect(test, VQ_USUP_D02,
           notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, QUIET_NS) == 0,
           "an interrupt came although avail.flags asks for none");
    queue->avail->flags = 0;
    *virtq_used_event(queue) = (uint16_t)(queue->used_index + 1000);
    request_once(test);
    expect(test, VQ_USUP_D01,
           notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, WAIT_NS) >= 1,
           "used_event is heeded without EVENT_IDX");
    notifications_close(&notifications);
}

/* The other way round. */
TEST(avail_flag_is_ignored_with_event_index, .clauses = CLAUSES(VQ_USUP_D04), .needs = NEEDS_IOMMU,
     .provokes = true)
{
    struct virtq *queue = &fixture_iommu(test)->requests;
    struct notifications notifications;

    open_with_event_index(test, &notifications);
    queue->avail->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
    *virtq_used_event(queue) = queue->used_index;
    request_once(test);
    expect(
        test, VQ_USUP_D04,
        notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, WAIT_NS) >= 1,
        "avail.flags is heeded with EVENT_IDX: no interrupt for the entry that used_event names");
    notifications_close(&notifications);
}

/* What a notification violates that does not come: by a message, or by the line. */
static enum clause clause_of_notification(struct test *test)
{
    const struct pci_function *function = test->fixture->iommu_location.function;
    struct pci_msix msix;
    bool has_messages = function && pci_msix_open(function, &msix);

    waive(test, PCI_MSIX_P01, "there is no MSI-X");
    waive(test, PCI_ISR_D03, "there is MSI-X");
    return has_messages ? PCI_MSIX_P01 : fixture_clause(test, PCI_ISR_D03, MMIO_INT_P01);
}

/* Reports are optional; where one comes its queue must notify. */
TEST(fault_report_interrupts,
     .clauses = CLAUSES(PCI_MSIX_P01, PCI_ISR_D03, MMIO_INT_P01, IOMMU_FAULT_P03, IOMMU_MAP_P04),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct viommu *viommu = fixture_iommu(test);
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    struct notifications notifications;
    struct viommu_event event;

    fixture_restart(test, test->fixture->features & ~EVENT_IDX);
    if (viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(viommu, 1);
    prepare_engine(test, engine);
    notifications_open(test, &notifications);
    attach_engine(test, fixture_domain(test, 0), engine);
    require(test, IOMMU_FAULT_P03, viommu_drain_events(viommu),
            "the event queue is in disorder before the fault");
    notifications_settle(&notifications);
    expect_write_denied(test, IOMMU_MAP_P04, engine, free_iova(test), &target,
                        transfer_length(engine));
    if (viommu_next_event(viommu, WAIT_NS, &event) == VIRTQ_EMPTY)
        skip(test, "the device reports no fault");
    else
        expect(test, clause_of_notification(test),
               notifications_wait(&notifications, VIRTIO_IOMMU_EVENTQ, 1, WAIT_NS) >= 1,
               "a fault was reported without an interrupt");
    notifications_close(&notifications);
}

/*
 * The status has bit 0 and is 0 once it was acknowledged: a line that stays raised interrupts for
 * ever.
 */
TEST(line_of_the_request_queue,
     .clauses = CLAUSES(PCI_ISR_D03, PCI_ISR_D05, PCI_ISR_P01, MMIO_INT_D01, MMIO_INT_D02,
                        MMIO_INT_P01),
     .needs = NEEDS_IOMMU)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    struct notifications notifications;

    fixture_restart(test, test->fixture->features & ~EVENT_IDX);
    notifications_open_line(test, &notifications);
    for (unsigned i = 1; i <= 5; i++) {
        request_once(test);

        unsigned hits = notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, i, WAIT_NS);

        expect(test, fixture_clause(test, PCI_ISR_P01, MMIO_INT_P01), hits == i,
               "%u interrupts after %u requests", hits, i);
    }
    expect(test, fixture_clause(test, PCI_ISR_D03, MMIO_INT_D01), notifications.isr & 1,
           "the interrupt status read 0x%x, expected bit 0", notifications.isr);
    expect(test, fixture_clause(test, PCI_ISR_D05, MMIO_INT_D02),
           transport->ops->isr(transport) == 0,
           "the interrupt status does not read 0 after it was acknowledged");
}

/*
 * Drivers of a shared line look at the PCI status to see whose interrupt it is. A function without a
 * pin has no line: with MSI-X off it sends no notification that ISR would have to come before.
 */
TEST(isr_and_pci_status_agree, .clauses = CLAUSES(PCI_ISR_D04, PCI_ISR_D03, PCI_ISR_D05),
     .needs = NEEDS_PCI)
{
    const struct pci_function *function = test->fixture->iommu_location.function;
    struct virtio_transport *transport = fixture_iommu(test)->transport;

    if (!function->interrupt_pin)
        skip(test, "the IOMMU has no interrupt pin, so its notifications are messages");
    fixture_restart(test, test->fixture->features & ~EVENT_IDX);
    request_once(test);
    expect(test, PCI_ISR_D04, pci_read16(function, PCI_STATUS) & PCI_STATUS_INTERRUPT,
           "PCI status has no interrupt pending after a request");
    expect(test, PCI_ISR_D03, transport->ops->isr(transport) & 1, "ISR bit 0 is not set");
    expect(test, PCI_ISR_D05, transport->ops->isr(transport) == 0, "ISR is not cleared by reading");
    expect(test, PCI_ISR_D04, !(pci_read16(function, PCI_STATUS) & PCI_STATUS_INTERRUPT),
           "PCI status still has an interrupt pending after ISR was read");
}
