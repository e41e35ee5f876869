// SPDX-License-Identifier: BSD-2-Clause
/* Where every vector leads: traps, the deadline, and claimed messages and lines. */
#include "arch/x86_64/cpu.h"
#include "lib/array/array.h"

#define LINES 16

/* More interrupts than this and a line is masked: a level that no handler takes away leaves no time
 * for anything else, the deadline included. */
#define LINE_LIMIT 100000

struct claim {
    arch_irq_handler handler;
    void *context;
    unsigned count;
    uint32_t line; /* of an I/O APIC, that arrives as this message; 0: none */
};

/* Interrupts have no parameter to bring their state along. A line of an I/O APIC takes a vector of
 * those for messages. */
static struct claim msi_claims[VECTOR_MSI_LAST - VECTOR_MSI_FIRST + 1];
static struct claim line_claims[LINES];
static unsigned msi_used;

/* The handler last, and taken away first: it may be called in between. */
static void set_claim(struct claim *claim, arch_irq_handler handler, void *context)
{
    __atomic_store_n(&claim->handler, NULL, __ATOMIC_RELEASE);
    claim->context = context;
    claim->count = 0;
    __atomic_store_n(&claim->handler, handler, __ATOMIC_RELEASE);
}

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
    struct claim *claim = &msi_claims[index];

    if (claim->handler)
        claim->handler(claim->context);
    if (claim->line && ++claim->count == LINE_LIMIT)
        ioapic_mask(claim->line);
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
    else if (vector != VECTOR_SPURIOUS) {
        /* A message may come with any vector, and would hold up all below it, the deadline too. */
        if (vector == VECTOR_DEADLINE && deadline_is_over())
            trap(frame);
        apic_end_of_interrupt();
    }
}

bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    (void)device;
    if (msi_used == ARRAY_LENGTH(msi_claims) || apic_id() > APIC_ID_MAX)
        return false;
    set_claim(&msi_claims[msi_used], handler, context);
    msi->address = 0xfee00000u | apic_id() << 12;
    msi->data = VECTOR_MSI_FIRST + msi_used++;
    return true;
}

static bool claim_ioapic_line(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    if (msi_used == ARRAY_LENGTH(msi_claims))
        return false;
    for (unsigned i = 0; i < msi_used; i++)
        if (msi_claims[i].line == line)
            return false;

    struct claim *claim = &msi_claims[msi_used];

    set_claim(claim, handler, context);
    claim->line = line;
    if (ioapic_route(line, is_edge, (uint8_t)(VECTOR_MSI_FIRST + msi_used))) {
        msi_used++;
        return true;
    }
    set_claim(claim, NULL, NULL);
    claim->line = 0;
    return false;
}

bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    if (line >= LINES)
        return claim_ioapic_line(line, is_edge, handler, context);
    /* The 8259s are told by firmware whether it is an edge. */
    if (line == PIC_CASCADE || line_claims[line].handler)
        return false;
    set_claim(&line_claims[line], handler, context);
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
        set_claim(&line_claims[line], NULL, NULL);
    }
    for (unsigned i = 0; i < msi_used; i++) {
        if (msi_claims[i].line)
            ioapic_mask(msi_claims[i].line);
        set_claim(&msi_claims[i], NULL, NULL);
        msi_claims[i].line = 0;
    }
    msi_used = 0;
}
