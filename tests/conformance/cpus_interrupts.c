// SPDX-License-Identifier: BSD-2-Clause
/* Interrupts of the IOMMU, taken by one CPU while another one submits: virtio 1.4 section 2.7.7. */
#include "tests/cpu.h"
#include "tests/request.h"

#define SUITE "conformance.cpus"
#define NEEDS (NEEDS_CPUS | NEEDS_PCI | NEEDS_ENDPOINT)

#define PATIENCE_NS 2000000000ull
#define REQUESTS    50

/* Requests of a CPU that takes no interrupts; each waits for the interrupt that CPU 0 takes. */
struct conversation {
    struct viommu *viommu;
    struct viommu_request request;
    unsigned interrupts; /* counted by CPU 0 */
    unsigned answered;
};

static void take_message(void *context)
{
    struct conversation *conversation = context;

    __atomic_add_fetch(&conversation->interrupts, 1, __ATOMIC_ACQ_REL);
}

/* Reading ISR takes the level away; 0: another device on the line. */
static void take_line(void *context)
{
    struct conversation *conversation = context;
    struct virtio_transport *transport = conversation->viommu->transport;

    if (transport->ops->isr(transport))
        __atomic_add_fetch(&conversation->interrupts, 1, __ATOMIC_ACQ_REL);
}

static void converse(void *context)
{
    struct conversation *conversation = context;

    for (unsigned i = 1; i <= REQUESTS; i++) {
        uint64_t start = arch_now_ns();

        if (viommu_submit(conversation->viommu, &conversation->request).outcome != VIOMMU_ANSWERED)
            return;
        conversation->answered = i;
        while (__atomic_load_n(&conversation->interrupts, __ATOMIC_ACQUIRE) < i) {
            if (arch_now_ns() - start > PATIENCE_NS)
                return;
            cpu_relax();
        }
    }
}

/* Without EVENT_IDX there is an interrupt for every request that is waited for. */
static void open_conversation(struct test *test, struct conversation *conversation)
{
    *conversation = (struct conversation){
        .viommu = lab_iommu(test),
        .request = viommu_attach(lab_domain(test, 0), lab_endpoint_id(test, 0), 0)};
    lab_restart(test, test->lab->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
}

static void hold_conversation(struct test *test, enum clause clause,
                              struct conversation *conversation)
{
    start_on(test, 1, converse, conversation);
    finish_on(test, 1);
    expect(test, clause,
           conversation->answered == REQUESTS && conversation->interrupts == conversation->answered,
           "%u requests are answered, %u interrupts came, expected %u of both",
           conversation->answered, conversation->interrupts, REQUESTS);
}

TEST(messages_arrive_while_another_cpu_submits, .clauses = CLAUSES(PCI_MSIX_P01, VQ_USUP_D03),
     .needs = NEEDS, .limit_s = 20)
{
    const struct pci_function *function = test->lab->iommu_place.function;
    struct virtio_transport *transport = lab_iommu(test)->transport;
    struct conversation conversation;
    struct arch_msi message;
    struct pci_msix msix;

    open_conversation(test, &conversation);
    if (!pci_msix_open(function, &msix))
        skip(test, "the IOMMU has no MSI-X");
    if (!arch_msi_claim(function->msi_id, take_message, &conversation, &message))
        skip(test, "no message interrupt can be claimed");
    pci_msix_enable(&msix);
    pci_msix_set(&msix, 0, &message);
    transport->ops->set_queue_vector(transport, 0, 0);
    hold_conversation(test, VQ_USUP_D03, &conversation);
    pci_msix_disable(&msix);
}

TEST(line_interrupts_while_another_cpu_submits, .clauses = CLAUSES(PCI_ISR_P01, VQ_USUP_D03),
     .needs = NEEDS, .limit_s = 20)
{
    const struct pci_function *function = test->lab->iommu_place.function;
    struct conversation conversation;

    open_conversation(test, &conversation);
    pci_command(function, 0, PCI_COMMAND_INTX_DISABLE);
    if (!function->interrupt_pin ||
        !arch_line_claim(function->interrupt_line, function->interrupt_is_edge, take_line,
                         &conversation))
        skip(test, "no interrupt line that can be claimed");
    hold_conversation(test, PCI_ISR_P01, &conversation);
}
