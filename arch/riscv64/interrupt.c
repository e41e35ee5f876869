// SPDX-License-Identifier: BSD-2-Clause
/* What every interrupt ends in: the deadline, and claimed lines. There is nothing for messages. */
#include "arch/claim.h"
#include "arch/riscv64/internal.h"
#include "arch/riscv64/layout.h"
#include "arch/riscv64/plic.h"

/* File scope: an interrupt passes no context to its handler. */
static struct claim claims[PLIC_LINES];
static bool has_plic;
static uint32_t plic; /* which of the machine's it is: that of this hart */

void interrupts_init(const struct machine *machine)
{
    const struct machine_interrupts *interrupts = &machine->interrupts;

    for (unsigned i = 0; interrupts->kind == MACHINE_PLIC && i < machine->cpu_count; i++) {
        const struct machine_cpu *cpu = &machine->cpus[i];

        if (cpu->id != cpu_hart())
            continue;
        plic = cpu->plic;
        has_plic = plic_open(&interrupts->plics[plic], cpu->plic_context);
    }
    if (has_plic)
        SET_CSR("sie", 1 << INTERRUPT_EXTERNAL);
}

/* A line that is disabled while it is handled can't be ended, and is never claimed again. */
static void handle_line(void)
{
    uint32_t line = plic_claim();

    if (line == PLIC_NONE || line >= PLIC_LINES)
        return;
    bool is_to_mask = claim_call(&claims[line]);

    plic_end(line);
    if (is_to_mask)
        plic_disable(line);
}

void interrupt_entry(const struct frame *frame, unsigned interrupt)
{
    if (interrupt == INTERRUPT_EXTERNAL)
        handle_line();
    else if (interrupt == INTERRUPT_TIMER && deadline_is_over())
        trap(frame, true);
}

bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    (void)device, (void)handler, (void)context, (void)msi;
    return false;
}

/*
 * The claim first: a level may be there already. The PLIC does not know edges. Another PLIC
 * interrupts other harts.
 */
bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    (void)is_edge;
    if (!has_plic || MACHINE_LINE_PLIC(line) != plic)
        return false;
    line = MACHINE_LINE_INTERRUPT(line);
    if (line >= PLIC_LINES || claims[line].handler)
        return false;
    claim_line(&claims[line], line, handler, context);
    if (plic_enable(line))
        return true;
    claim_clear(&claims[line]);
    return false;
}

void arch_irq_mask(void)
{
    CLEAR_CSR("sstatus", SSTATUS_SIE);
}

void arch_irq_release_all(void)
{
    for (unsigned line = 0; line < PLIC_LINES; line++) {
        if (claims[line].handler)
            plic_disable(line);
        claim_clear(&claims[line]);
    }
}
