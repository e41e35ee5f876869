// SPDX-License-Identifier: BSD-2-Clause
/* What every vector ends in: traps, the deadline, and claimed messages and lines. */
#include "arch/claim.h"
#include "arch/deadline.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"
#include "lib/array/array.h"

#define LINES 16

/* File scope: an interrupt passes no context to its handler. A line of an I/O APIC takes one of the
 * vectors for messages. */
static struct claim msi_claims[VECTOR_MSI_LAST - VECTOR_MSI_FIRST + 1];
static struct claim line_claims[LINES];
static unsigned msi_used;

static void line_entry(unsigned line)
{
    if (claim_call(&line_claims[line]))
        pic_mask(line, true);
    pic_end_of_interrupt(line);
}

static void msi_entry(unsigned index)
{
    struct claim *claim = &msi_claims[index];

    if (claim_call(claim))
        ioapic_mask(claim->id);
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
    claim_message(&msi_claims[msi_used], VECTOR_MSI_FIRST + msi_used, handler, context);
    msi->address = 0xfee00000u | apic_id() << 12;
    msi->data = VECTOR_MSI_FIRST + msi_used++;
    return true;
}

static bool claim_ioapic_line(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    if (msi_used == ARRAY_LENGTH(msi_claims))
        return false;
    for (unsigned i = 0; i < msi_used; i++)
        if (msi_claims[i].is_line && msi_claims[i].id == line)
            return false;

    struct claim *claim = &msi_claims[msi_used];

    claim_line(claim, line, handler, context);
    if (ioapic_route(line, is_edge, (uint8_t)(VECTOR_MSI_FIRST + msi_used))) {
        msi_used++;
        return true;
    }
    claim_clear(claim);
    return false;
}

bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    if (line >= LINES)
        return claim_ioapic_line(line, is_edge, handler, context);
    /* Firmware has set whether it is an edge in the 8259s. */
    if (line == PIC_CASCADE || line_claims[line].handler)
        return false;
    claim_line(&line_claims[line], line, handler, context);
    pic_mask(line, false);
    return true;
}

bool arch_line_is_lost(void)
{
    return false;
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
        claim_clear(&line_claims[line]);
    }
    for (unsigned i = 0; i < msi_used; i++) {
        if (msi_claims[i].is_line)
            ioapic_mask(msi_claims[i].id);
        claim_clear(&msi_claims[i]);
    }
    msi_used = 0;
}
