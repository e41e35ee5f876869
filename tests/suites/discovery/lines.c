// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupt lines of PCI functions, through bridges and the host bridge's interrupt map: PCI Local
 * Bus 3.0 section 2.2.6. Engines that can raise their line show which one it is.
 */
#include "tests/framework/fixture.h"

#define SUITE "discovery.lines"

#define WAIT_NS  500000000ull
#define QUIET_NS 1000000ull

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
    uint64_t start = arch_now_ns();

    while (line->hits < hits && arch_now_ns() - start < ns)
        cpu_relax();
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

/* Raises the line three times; a fourth interrupt would be another device's. False: no line. */
static bool judge(struct test *test, struct dma_engine *engine)
{
    const struct pci_function *function = engine->place.function;
    struct line line = {.engine = engine};

    if (engine->flaw || !engine->ops->set_line || !function ||
        !arch_line_claim(function->interrupt_line, function->interrupt_is_edge, lower, &line))
        return false;
    for (unsigned i = 1; i <= 3; i++) {
        if (!dma_set_line(engine, true))
            error(test, "%s at 0x%04x can't be started", engine->ops->name, function->bdf);
        if (!is_asserted(test, &line, i)) {
            arch_irq_release_all();
            return false;
        }
    }
    wait_for(&line, 4, QUIET_NS);
    dma_set_line(engine, false);
    arch_irq_release_all();
    expect(test, PCI_ID_D01, line.hits == 3,
           "%s at 0x%04x raised pin %u 3 times, line %u interrupted %u times", engine->ops->name,
           function->bdf, function->interrupt_pin, function->interrupt_line, line.hits);
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
