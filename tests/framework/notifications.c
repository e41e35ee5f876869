// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/notifications.h"

#include "tests/framework/state.h"

#define SETTLE_NS 5000000ull

static void count(void *context)
{
    ++*(volatile unsigned *)context;
}

void notifications_open_vectors(struct test *test, struct notifications *notifications,
                                uint16_t sources)
{
    state_be_quiet();
    const struct pci_function *function = test->fixture->iommu_location.function;
    struct pci_msix *msix = &notifications->msix;

    *notifications = (struct notifications){
        .test = test, .transport = fixture_iommu(test)->transport, .sources = sources};
    if (!pci_msix_open(function, msix) || msix->vector_count < sources)
        skip(test, "the IOMMU has fewer than %u MSI-X vectors", sources);
    pci_msix_enable(msix);
    for (uint16_t i = 0; i < sources; i++) {
        struct arch_msi message;

        if (!arch_msi_claim(function->msi_id, count, (void *)&notifications->hits[i], &message))
            skip(test, "the machine delivers no messages, or has no vector left");
        pci_msix_set(msix, i, &message);
    }
}

/* A line may be shared: a status of 0 means that another device has raised it. */
static void acknowledge(void *context)
{
    struct notifications *notifications = context;
    uint8_t isr = notifications->transport->ops->isr(notifications->transport);

    notifications->isr |= isr;
    notifications->hits[0] += isr != 0;
}

void notifications_open_line(struct test *test, struct notifications *notifications)
{
    state_be_quiet();
    const struct device_location *place = &test->fixture->iommu_location;
    bool is_described, is_edge;
    uint32_t line;

    *notifications = (struct notifications){
        .test = test, .transport = fixture_iommu(test)->transport, .sources = 1};
    if (place->function) {
        line = place->function->interrupt_line;
        is_edge = place->function->interrupt_is_edge;
        is_described = place->function->interrupt_pin && line != UINT32_MAX;
        pci_command(place->function, 0, PCI_COMMAND_INTX_DISABLE);
    } else {
        line = place->block->machine->line;
        is_edge = place->block->machine->is_edge;
        is_described = line;
    }
    if (!is_described)
        skip(test, "nothing describes the IOMMU's interrupt line");
    /* Requests that were polled for left the line raised, and a raised line gives no edge. */
    notifications->transport->ops->isr(notifications->transport);
    if (!arch_line_claim(line, is_edge, acknowledge, notifications))
        skip(test, "interrupt line %u can't be claimed", (unsigned)line);
}

void notifications_open(struct test *test, struct notifications *notifications)
{
    const struct pci_function *function = test->fixture->iommu_location.function;
    struct virtio_transport *transport = fixture_iommu(test)->transport;

    if (!function || !pci_msix_open(function, &notifications->msix)) {
        notifications_open_line(test, notifications);
        return;
    }
    notifications_open_vectors(test, notifications, notifications->msix.vector_count > 1 ? 2 : 1);
    for (uint16_t queue = 0; queue < 2; queue++) {
        uint16_t vector = (uint16_t)(queue % notifications->sources);

        expect(test, PCI_MSIX_D04,
               transport->ops->set_queue_vector(transport, queue, vector) == vector,
               "queue %u can't be mapped to vector %u", queue, vector);
    }
}

void notifications_close(struct notifications *notifications)
{
    if (notifications->msix.function)
        pci_msix_disable(&notifications->msix);
}

unsigned notifications_count(const struct notifications *notifications, unsigned queue,
                             unsigned wanted, uint64_t ns)
{
    const volatile unsigned *hits = &notifications->hits[queue % notifications->sources];
    struct wait wait = arch_wait_begin(ns);

    while (*hits < wanted && arch_wait_goes_on(&wait))
        ;
    return *hits;
}

void notifications_require_line(const struct notifications *notifications)
{
    if (!notifications->msix.function && arch_line_is_lost())
        skip(notifications->test,
             "the IOMMU's interrupt line is up at its controller, which does not "
             "interrupt this CPU");
}

unsigned notifications_wait(const struct notifications *notifications, unsigned queue,
                            unsigned wanted, uint64_t ns)
{
    unsigned hits = notifications_count(notifications, queue, wanted, ns);

    if (hits < wanted)
        notifications_require_line(notifications);
    return hits;
}

void notifications_settle(struct notifications *notifications)
{
    /* PCI ordering: the completion of a read pushes messages that were sent before it. */
    notifications->transport->ops->status(notifications->transport);
    arch_wait_ns(SETTLE_NS);
    for (unsigned i = 0; i < NOTIFICATION_SOURCES; i++)
        notifications->hits[i] = 0;
}
