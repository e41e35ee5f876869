// SPDX-License-Identifier: BSD-2-Clause
/* Interrupts of the IOMMU itself: virtio 1.4 sections 2.7.7, 4.1.4.5 and 4.1.5.1. */
#include "drivers/viommu/event.h"
#include "tests/transfer.h"

#define SUITE "conformance.interrupt"
#define NEEDS (NEEDS_PCI | NEEDS_ENDPOINT)

#define WAIT_NS  500000000ull
#define QUIET_NS 5000000ull

static void count(void *context)
{
    ++*(volatile unsigned *)context;
}

/* One vector, its count of interrupts, and MSI-X of the IOMMU on. */
struct vectors {
    struct pci_msix msix;
    volatile unsigned hits[2];
};

static void open_msix(struct test *test, struct vectors *vectors, uint16_t needed)
{
    const struct pci_function *function = test->lab->iommu_place.function;

    *vectors = (struct vectors){0};
    if (!pci_msix_open(function, &vectors->msix) || vectors->msix.vector_count < needed)
        skip(test, "the IOMMU has fewer than %u MSI-X vectors", needed);
    pci_msix_enable(&vectors->msix);
    for (uint16_t i = 0; i < needed; i++) {
        struct arch_msi message;

        if (!arch_msi_claim(function->msi_id, count, (void *)&vectors->hits[i], &message))
            broken(test, "no interrupt vector left");
        pci_msix_set(&vectors->msix, i, &message);
    }
}

static unsigned wait_for(const volatile unsigned *hits, unsigned wanted, uint64_t ns)
{
    uint64_t start = arch_now_ns();

    while (*hits < wanted && arch_now_ns() - start < ns)
        cpu_relax();
    return *hits;
}

static void attach_once(struct test *test)
{
    must_attach(test, 0, 0);
}

TEST(msix_of_the_request_queue, .clauses = CLAUSES(PCI_MSIX_P01, PCI_MSIX_D04, VQ_USUP_D03),
     .needs = NEEDS)
{
    struct virtio_transport *transport = lab_iommu(test)->transport;
    struct vectors vectors;

    lab_restart(test, test->lab->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    open_msix(test, &vectors, 1);
    expect(test, PCI_MSIX_D04, transport->ops->set_queue_vector(transport, 0, 0) == 0,
           "queue 0 can't be mapped to vector 0");
    for (unsigned i = 1; i <= 20; i++) {
        attach_once(test);
        if (!expect(test, VQ_USUP_D03, wait_for(&vectors.hits[0], i, WAIT_NS) == i,
                    "%u interrupts after %u requests", vectors.hits[0], i))
            break;
    }
    pci_msix_disable(&vectors.msix);
}

TEST(no_vector_no_interrupt, .clauses = CLAUSES(PCI_MSIX_D05, PCI_INT_D01), .needs = NEEDS)
{
    struct virtio_transport *transport = lab_iommu(test)->transport;
    struct vectors vectors;

    open_msix(test, &vectors, 1);
    transport->ops->set_queue_vector(transport, 0, 0);
    expect(test, PCI_MSIX_D05,
           transport->ops->set_queue_vector(transport, 0, VIRTIO_NO_VECTOR) == VIRTIO_NO_VECTOR,
           "queue 0 can't be unmapped from its vector");
    attach_once(test);
    expect(test, PCI_INT_D01, wait_for(&vectors.hits[0], 1, QUIET_NS) == 0,
           "an interrupt came without a vector");
    pci_msix_disable(&vectors.msix);
}

TEST(vectors_are_unmapped_by_a_reset, .clauses = CLAUSES(PCI_MSIX_D07, PCI_MSIX_D06),
     .needs = NEEDS)
{
    struct viommu *viommu = lab_iommu(test);
    const struct virtio_pci *pci = &test->lab->iommu_device.pci;
    struct vectors vectors;

    open_msix(test, &vectors, 2);
    expect(test, PCI_MSIX_D06,
           viommu->transport->ops->set_queue_vector(viommu->transport, 1, 1) == 1,
           "the vector of queue 1 does not read back");
    virtio_reset(viommu->transport);
    for (uint16_t queue = 0; queue < 2; queue++)
        expect(test, PCI_MSIX_D07, virtio_pci_queue_vector(pci, queue) == VIRTIO_NO_VECTOR,
               "queue %u keeps vector %u over a reset", queue, virtio_pci_queue_vector(pci, queue));
    pci_msix_disable(&vectors.msix);
}

TEST(vector_out_of_range_reads_no_vector, .clauses = CLAUSES(PCI_MSIX_D09), .needs = NEEDS)
{
    struct virtio_transport *transport = lab_iommu(test)->transport;
    struct vectors vectors;
    uint16_t beyond;

    open_msix(test, &vectors, 1);
    beyond = vectors.msix.vector_count;
    advise(test, PCI_MSIX_D09,
           transport->ops->set_queue_vector(transport, 0, beyond) == VIRTIO_NO_VECTOR,
           "vector %u of %u is accepted", beyond, beyond);
    pci_msix_disable(&vectors.msix);
}

TEST(event_index_suppresses, .clauses = CLAUSES(VQ_USUP_D05, VQ_USUP_D06), .needs = NEEDS)
{
    struct viommu *viommu = lab_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    struct vectors vectors;

    if (!viommu_has(viommu, VIRTIO_F_EVENT_IDX))
        skip(test, "EVENT_IDX is not offered");
    open_msix(test, &vectors, 1);
    transport->ops->set_queue_vector(transport, 0, 0);
    attach_once(test); /* the first one after a start may be spurious */
    wait_for(&vectors.hits[0], 1, QUIET_NS);
    vectors.hits[0] = 0;
    *virtq_used_event(&viommu->requests) = (uint16_t)(viommu->requests.used_index + 4);
    for (unsigned i = 0; i < 4; i++)
        attach_once(test);
    expect(test, VQ_USUP_D06, wait_for(&vectors.hits[0], 1, QUIET_NS) == 0,
           "%u interrupts before the entry that used_event names", vectors.hits[0]);
    attach_once(test);
    expect(test, VQ_USUP_D05, wait_for(&vectors.hits[0], 1, WAIT_NS) >= 1,
           "no interrupt for the entry that used_event names");
    pci_msix_disable(&vectors.msix);
}

TEST(avail_flag_suppresses, .clauses = CLAUSES(VQ_USUP_D02, VQ_USUP_D01), .needs = NEEDS)
{
    struct viommu *viommu = lab_iommu(test);
    struct vectors vectors;

    lab_restart(test, test->lab->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    open_msix(test, &vectors, 1);
    viommu->transport->ops->set_queue_vector(viommu->transport, 0, 0);
    viommu->requests.avail->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
    attach_once(test);
    expect(test, VQ_USUP_D02, wait_for(&vectors.hits[0], 1, QUIET_NS) == 0,
           "an interrupt came although avail.flags asks for none");
    viommu->requests.avail->flags = 0;
    *virtq_used_event(&viommu->requests) = (uint16_t)(viommu->requests.used_index + 1000);
    attach_once(test);
    expect(test, VQ_USUP_D01, wait_for(&vectors.hits[0], 1, WAIT_NS) >= 1,
           "used_event is heeded without EVENT_IDX");
    pci_msix_disable(&vectors.msix);
}

TEST(fault_report_interrupts, .clauses = CLAUSES(IOMMU_FAULT_P01, PCI_MSIX_P01),
     .needs = NEEDS | NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct viommu *viommu = lab_iommu(test);
    struct dma_engine *engine = lab_engine(test);
    struct target target = target_new(test, 1);
    struct viommu_event event;
    struct vectors vectors;

    lab_restart(test, test->lab->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    viommu_set_bypass(viommu, 1);
    prepare_engine(test, engine);
    open_msix(test, &vectors, 2);
    viommu->transport->ops->set_queue_vector(viommu->transport, VIRTIO_IOMMU_EVENTQ, 1);
    viommu_post_events(viommu, 8, sizeof(struct virtio_iommu_fault));
    attach_engine(test, lab_domain(test, 0), engine);
    expect_write_denied(test, IOMMU_MAP_P04, engine, free_iova(test), &target, engine->min_length);
    if (viommu_next_event(viommu, WAIT_NS, &event) == VIRTQ_EMPTY)
        note(test, "the device reports no fault");
    else
        expect(test, PCI_MSIX_P01, wait_for(&vectors.hits[1], 1, WAIT_NS) >= 1,
               "a fault was reported without an interrupt");
    pci_msix_disable(&vectors.msix);
}

/* The handler must take the level away, or it is called for ever: reading ISR does. */
struct line {
    struct virtio_transport *transport;
    volatile unsigned hits;
    volatile uint8_t isr;
};

static void acknowledge(void *context)
{
    struct line *line = context;
    uint8_t isr = line->transport->ops->isr(line->transport);

    if (!isr)
        return; /* another device on the line */
    line->isr |= isr;
    line->hits++;
}

TEST(intx_of_the_request_queue, .clauses = CLAUSES(PCI_ISR_D03, PCI_ISR_D05, PCI_ISR_P01),
     .needs = NEEDS)
{
    const struct pci_function *function = test->lab->iommu_place.function;
    struct line line = {.transport = lab_iommu(test)->transport};

    lab_restart(test, test->lab->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    pci_command(function, 0, PCI_COMMAND_INTX_DISABLE);
    if (!function->interrupt_pin ||
        !arch_line_claim(function->interrupt_line, function->interrupt_is_edge, acknowledge, &line))
        skip(test, "no interrupt line that can be claimed");
    for (unsigned i = 1; i <= 5; i++) {
        attach_once(test);
        expect(test, PCI_ISR_P01, wait_for(&line.hits, i, WAIT_NS) == i,
               "%u interrupts after %u requests", line.hits, i);
    }
    expect(test, PCI_ISR_D03, line.isr & 1, "ISR read 0x%x, expected bit 0", line.isr);
    expect(test, PCI_ISR_D05, line.transport->ops->isr(line.transport) == 0,
           "ISR does not read 0 after it was read");
}

TEST(isr_and_pci_status_agree, .clauses = CLAUSES(PCI_ISR_D04, PCI_ISR_D03, PCI_ISR_D05),
     .needs = NEEDS)
{
    const struct pci_function *function = test->lab->iommu_place.function;
    struct virtio_transport *transport = lab_iommu(test)->transport;

    lab_restart(test, test->lab->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    attach_once(test);
    expect(test, PCI_ISR_D04, pci_read16(function, PCI_STATUS) & PCI_STATUS_INTERRUPT,
           "PCI status has no interrupt pending after a request");
    expect(test, PCI_ISR_D03, transport->ops->isr(transport) & 1, "ISR bit 0 is not set");
    expect(test, PCI_ISR_D05, transport->ops->isr(transport) == 0, "ISR is not cleared by reading");
    expect(test, PCI_ISR_D04, !(pci_read16(function, PCI_STATUS) & PCI_STATUS_INTERRUPT),
           "PCI status still has an interrupt pending after ISR was read");
}
