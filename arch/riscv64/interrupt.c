// SPDX-License-Identifier: BSD-2-Clause
/* Where every interrupt leads: the deadline, and claimed lines. There is nothing for messages. */
#include "arch/claim.h"
#include "arch/riscv64/internal.h"
#include "arch/riscv64/layout.h"
#include "arch/riscv64/plic.h"

/* Interrupts have no parameter to bring their state along. */
static struct claim claims[PLIC_LINES];
static bool has_plic;

void interrupts_init(const struct machine *machine)
{
    for (unsigned i = 0; i < machine->cpu_count; i++)
        if (machine->cpus[i].id == cpu_hart())
            has_plic = plic_open(&machine->interrupts, machine->cpus[i].plic_context);
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

/* The claim first: a level may be there already. The PLIC does not know edges. */
bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    (void)is_edge;
    if (!has_plic || line >= PLIC_LINES || claims[line].handler)
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
