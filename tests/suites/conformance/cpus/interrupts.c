// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupts of the IOMMU that one CPU takes while another one submits: virtio 1.4 sections 2.7.7,
 * 4.1.5.3 and 4.2.3.4.
 */
#include "tests/framework/cpu.h"
#include "tests/framework/notifications.h"
#include "tests/framework/request.h"

#define SUITE "conformance.cpus"
#define NEEDS (NEEDS_CPUS | NEEDS_ENDPOINT)

#define TIMEOUT_NS 2000000000ull
#define REQUESTS   50

/*
 * Requests of a CPU that takes no interrupts. After each it waits for the interrupt that CPU 0
 * takes.
 */
struct conversation {
    struct viommu *viommu;
    struct viommu_request request;
    struct notifications notifications;
    unsigned interrupts, answered;
};

static void converse(void *context)
{
    struct conversation *conversation = context;

    for (unsigned i = 1; i <= REQUESTS; i++) {
        if (viommu_submit(conversation->viommu, &conversation->request).outcome != VIOMMU_ANSWERED)
            return;
        conversation->answered = i;
        conversation->interrupts =
            notifications_count(&conversation->notifications, VIRTIO_IOMMU_REQUESTQ, i, TIMEOUT_NS);
        if (conversation->interrupts < i)
            return;
    }
}

/* Without EVENT_IDX the device interrupts for every used buffer, so the count is exact. */
static void open_conversation(struct test *test, struct conversation *conversation)
{
    *conversation = (struct conversation){
        .viommu = fixture_iommu(test),
        .request = viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0)};
    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    fixture_remember(test, &conversation->request, VIRTIO_IOMMU_S_OK);
}

static void hold_conversation(struct test *test, enum clause clause,
                              struct conversation *conversation)
{
    start_on(test, 1, converse, conversation);
    finish_on(test, 1);
    if (conversation->interrupts < conversation->answered)
        notifications_require_line(&conversation->notifications);
    expect(test, clause,
           conversation->answered == REQUESTS && conversation->interrupts == conversation->answered,
           "%u requests are answered, %u interrupts came, expected %u of both",
           conversation->answered, conversation->interrupts, REQUESTS);
}

/*
 * By MSI-X. Catches an interrupt that is lost when a request arrives while the last one is being
 * delivered.
 */
TEST(messages_arrive_while_another_cpu_submits, .clauses = CLAUSES(PCI_MSIX_P01, VQ_USUP_D03),
     .needs = NEEDS | NEEDS_PCI, .limit_s = 20)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    struct conversation conversation;

    open_conversation(test, &conversation);
    notifications_open_vectors(test, &conversation.notifications, 1);
    transport->ops->set_queue_vector(transport, 0, 0);
    hold_conversation(test, VQ_USUP_D03, &conversation);
    expect(test, PCI_MSIX_P01, conversation.interrupts, "no message of the vector's came");
    notifications_close(&conversation.notifications);
}

/* The same by the interrupt line, which the handler on CPU 0 lowers. */
TEST(line_interrupts_while_another_cpu_submits, .clauses = CLAUSES(PCI_ISR_P01, MMIO_INT_P01),
     .needs = NEEDS, .limit_s = 20)
{
    struct conversation conversation;

    open_conversation(test, &conversation);
    notifications_open_line(test, &conversation.notifications);
    hold_conversation(test, fixture_clause(test, PCI_ISR_P01, MMIO_INT_P01), &conversation);
}
