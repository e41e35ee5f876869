// SPDX-License-Identifier: BSD-2-Clause
/* Where every vector leads: traps, the deadline, and claimed messages and lines. */
#include "arch/x86_64/cpu.h"

#define LINES 16

/* More interrupts than this and a line is masked: a level that no handler takes away leaves no time
 * for anything else, the deadline included. */
#define LINE_LIMIT 100000

struct claim {
    arch_irq_handler handler;
    void *context;
    unsigned count;
};

/* Interrupts have no parameter to bring their state along. */
static struct claim msi_claims[VECTOR_MSI_LAST - VECTOR_MSI_FIRST + 1];
static struct claim line_claims[LINES];
static unsigned msi_used;

static void line_entry(unsigned line)
{
    struct claim *claim = &line_claims[line];

    if (claim->handler)
        claim->handler(claim->context);
    if (++claim->count == LINE_LIMIT)
        pic_mask(line, true);
    pic_end_of_interrupt(line);
}

static void msi_entry(unsigned index)
{
    const struct claim *claim = &msi_claims[index];

    if (claim->handler)
        claim->handler(claim->context);
    apic_end_of_interrupt();
}

void interrupt_entry(struct frame *frame)
{
    unsigned vector = (unsigned)frame->vector;

    if (vector < EXCEPTIONS)
        trap(frame);
    if (vector < VECTOR_PIC + LINES)
        line_entry(vector - VECTOR_PIC);
    else if (vector >= VECTOR_MSI_FIRST && vector <= VECTOR_MSI_LAST)
        msi_entry(vector - VECTOR_MSI_FIRST);
    else if (vector == VECTOR_DEADLINE) {
        if (deadline_is_over())
            trap(frame);
        apic_end_of_interrupt();
    }
}

bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    (void)device;
    if (msi_used == sizeof(msi_claims) / sizeof(msi_claims[0]) || apic_id() > APIC_ID_MAX)
        return false;
    msi_claims[msi_used] = (struct claim){.handler = handler, .context = context};
    msi->address = 0xfee00000u | apic_id() << 12;
    msi->data = VECTOR_MSI_FIRST + msi_used++;
    return true;
}

bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    (void)is_edge; /* the 8259s are told by firmware */
    if (line >= LINES || line == PIC_CASCADE || line_claims[line].handler)
        return false;
    line_claims[line] = (struct claim){.handler = handler, .context = context};
    pic_mask(line, false);
    return true;
}

void arch_irq_mask(void)
{
    __asm__ volatile("cli");
}

void arch_irq_release_all(void)
{
    for (unsigned line = 0; line < LINES; line++) {
        if (line_claims[line].handler)
            pic_mask(line, true);
        line_claims[line] = (struct claim){0};
    }
    for (unsigned i = 0; i < msi_used; i++)
        msi_claims[i] = (struct claim){0};
    msi_used = 0;
}
