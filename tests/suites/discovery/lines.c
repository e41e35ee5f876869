// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupts of PCI functions: lines, through bridges and the host bridge's interrupt map, and
 * messages (PCI Local Bus 3.0 sections 2.2.6 and 6.8). Engines that can raise them show where they
 * lead.
 */
#include "drivers/pci/msi.h"
#include "lib/spec/wire.h"
#include "tests/framework/memory.h"
#include "tests/framework/notifications.h"
#include "tests/framework/trial.h"

#define SUITE "discovery.lines"

#define WAIT_NS  500000000ull
#define QUIET_NS 1000000ull

#define RAISED 3

#define EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)

struct line {
    struct dma_engine *engine;
    volatile unsigned hits;
};

/* Lowers the line: a level that stays raised interrupts for ever. */
static void lower(void *context)
{
    struct line *line = context;

    dma_set_line(line->engine, false);
    line->hits++;
}

static void wait_for(const struct line *line, unsigned hits, uint64_t ns)
{
    struct wait wait = arch_wait_begin(ns);

    while (line->hits < hits && arch_wait_goes_on(&wait))
        ;
}

/* Waits. False: PCI status (PCI 3.0 section 6.2.3) does not even show that the line is asserted. */
static bool is_asserted(struct test *test, const struct line *line, unsigned hits)
{
    const struct pci_function *function = line->engine->place.function;

    wait_for(line, hits, WAIT_NS);
    if (line->hits >= hits || pci_read16(function, PCI_STATUS) & PCI_STATUS_INTERRUPT)
        return true;
    note(test, "%s at 0x%04x does not assert its line", line->engine->ops->name, function->bdf);
    return false;
}

/* It shows nothing of the machine's interrupts then; returns false. */
static bool cannot_start(struct test *test, const struct dma_engine *engine)
{
    arch_irq_release_all();
    note(test, "%s at 0x%04x can't be started", engine->ops->name, engine->place.function->bdf);
    return false;
}

/* Raises the line three times; a fourth interrupt would be another device's. False: no line. */
static bool judge(struct test *test, struct dma_engine *engine)
{
    const struct pci_function *function = engine->place.function;
    struct line line = {.engine = engine};

    if (engine->flaw || !engine->ops->set_line || !function ||
        !arch_line_claim(function->interrupt_line, function->interrupt_is_edge, lower, &line))
        return false;
    for (unsigned i = 1; i <= RAISED; i++) {
        if (!dma_set_line(engine, true))
            return cannot_start(test, engine);
        if (!is_asserted(test, &line, i)) {
            arch_irq_release_all();
            return false;
        }
    }
    wait_for(&line, RAISED + 1, QUIET_NS);
    dma_set_line(engine, false);
    arch_irq_release_all();
    expect(test, PCI_ID_D01, line.hits == RAISED,
           "%s at 0x%04x raised pin %u %u times, line %u interrupted %u times", engine->ops->name,
           function->bdf, function->interrupt_pin, RAISED, function->interrupt_line, line.hits);
    return true;
}

/* Catches a wrong interrupt map in a device tree, and a wrong swizzle through bridges. */
TEST(pins_lead_to_their_lines, .needs = 0)
{
    unsigned judged = 0;

    for (unsigned i = 0; i < test->fixture->engine_count; i++)
        judged += judge(test, &test->fixture->engines[i]);
    if (!judged)
        skip(test, "no engine has an interrupt line that is known and can be raised");
    note(test, "%u functions judged", judged);
}

static void count(void *context)
{
    ((struct line *)context)->hits++;
}

/* Whether one message of the engine's arrives. */
static bool sends(struct line *line, const struct arch_msi *message)
{
    unsigned hits = line->hits;

    if (!dma_raise_msi(line->engine, message))
        return false;
    wait_for(line, hits + 1, WAIT_NS);
    pci_msi_disable(line->engine->place.function);
    return line->hits > hits;
}

/* The same where the endpoint is attached, and the doorbell mapped unless it is reserved. */
static bool sends_when_attached(struct test *test, struct line *line,
                                const struct arch_msi *message)
{
    uint32_t domain = fixture_spare_domain(test), endpoint = line->engine->endpoint;
    uint64_t first = message->address & -memory_unit(test);
    bool arrives;

    trial_begin();
    if (!line->engine->is_managed || !trial_ok(test, viommu_attach(domain, endpoint, 0)))
        return false;
    if (viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MAP_UNMAP))
        trial_ok(test, viommu_map(domain, first, first + memory_unit(test) - 1, first, READ_WRITE));
    arrives = sends(line, message);
    trial_ok(test, viommu_detach(domain, endpoint));
    return arrives;
}

/*
 * Its first message did not come. If it comes where the endpoint is attached, it is not the engine's nor the
 * machine's fault. Otherwise it is as if it had none: returns whether something was judged.
 */
static bool judge_silence(struct test *test, struct line *line, const struct arch_msi *message)
{
    const struct dma_engine *engine = line->engine;
    bool is_kept = sends_when_attached(test, line, message);

    arch_irq_release_all();
    if (is_kept)
        expect(
            test, IOMMU_BYP_P06, false,
            "%s at 0x%04x: a message to 0x%llx arrives when the endpoint is attached, and not in "
            "bypass",
            engine->ops->name, engine->place.function->bdf, (unsigned long long)message->address);
    else
        note(test, "%s at 0x%04x: no message to 0x%llx arrives, in bypass or attached",
             engine->ops->name, engine->place.function->bdf, (unsigned long long)message->address);
    return is_kept;
}

/* Whether the IOMMU's own messages do; which a machine without a doorbell does not deliver either. */
static bool iommus_arrive(struct test *test)
{
    const struct viommu_request request =
        viommu_detach(fixture_spare_domain(test), fixture_absent_endpoint(test));
    struct notifications notifications;
    struct pci_msix msix;
    bool arrive;

    if (!test->fixture->has_iommu || !test->fixture->iommu_location.function ||
        !pci_msix_open(test->fixture->iommu_location.function, &msix))
        return false;
    fixture_restart(test, test->fixture->features & ~EVENT_IDX); /* each request notifies */
    notifications_open(test, &notifications);
    viommu_submit(fixture_iommu(test), &request);
    arrive = notifications_wait(&notifications, VIRTIO_IOMMU_REQUESTQ, 1, WAIT_NS);
    notifications_close(&notifications);
    return arrive;
}

/* No IOMMU is between the engine and the doorbell: it is not attached, and let through. */
static bool is_let_through(struct test *test, const struct dma_engine *engine)
{
    const struct fixture *fixture = test->fixture;

    return !engine->is_managed ||
           (fixture->has_iommu && fixture->iommu.features >> VIRTIO_IOMMU_F_BYPASS_CONFIG & 1);
}

/* False: it has no message, or the machine takes none of it. */
static bool judge_messages(struct test *test, struct dma_engine *engine)
{
    const struct pci_function *function = engine->place.function;
    struct line line = {.engine = engine};
    struct arch_msi message;

    if (engine->flaw || !engine->can_raise_msi || !is_let_through(test, engine) ||
        !arch_msi_claim(function->msi_id, count, &line, &message))
        return false;
    for (unsigned i = 1; i <= RAISED; i++) {
        if (!dma_raise_msi(engine, &message)) {
            pci_msi_disable(function);
            return cannot_start(test, engine);
        }
        wait_for(&line, i, WAIT_NS);
        if (!line.hits) {
            pci_msi_disable(function);
            return judge_silence(test, &line, &message);
        }
    }
    wait_for(&line, RAISED + 1, QUIET_NS);
    pci_msi_disable(function);
    arch_irq_release_all();
    expect(test, engine->is_managed ? IOMMU_BYP_P06 : PCI_ID_D01, line.hits == RAISED,
           "%s at 0x%04x sent %u messages to 0x%llx, which interrupted %u times", engine->ops->name,
           function->bdf, RAISED, (unsigned long long)message.address, line.hits);
    return true;
}

/*
 * Catches a doorbell, or an id of messages, that the machine does not have, and an IOMMU that keeps messages from
 * arriving which it is to let through.
 */
TEST(messages_arrive, .clauses = CLAUSES(IOMMU_BYP_P06, PCI_ID_D01), .needs = 0)
{
    unsigned judged = 0, managed = 0;

    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        bool is_judged = judge_messages(test, &test->fixture->engines[i]);

        judged += is_judged;
        managed += is_judged && test->fixture->engines[i].is_managed;
    }
    if (!judged)
        skip(test,
             "no engine can raise a message that the machine delivers, with no IOMMU between%s",
             iommus_arrive(test) ? "; those of the IOMMU arrive" : "");
    if (!managed)
        waive(test, IOMMU_BYP_P06, "no endpoint raises a message");
    if (managed == judged)
        waive(test, PCI_ID_D01, "every message is an endpoint's");
    note(test, "%u functions judged", judged);
}
