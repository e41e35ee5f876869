// SPDX-License-Identifier: BSD-2-Clause
/* What every interrupt ends in: the deadline, and claimed messages and lines. */
#include "arch/aarch64/gic.h"
#include "arch/aarch64/internal.h"
#include "arch/claim.h"
#include "arch/deadline.h"

#define CLAIMS 256

/* File scope: an interrupt passes no context to its handler. */
static struct claim claims[CLAIMS];
static unsigned claim_count; /* the entry reads it at any time */
static bool has_gic;

void interrupts_init(const struct machine_interrupts *interrupts)
{
    has_gic = gic_open(interrupts) && gic_enable(DEADLINE_INTID, false);
}

/* After the claim: an interrupt may come in between. */
static void set_claim_count(unsigned count)
{
    __atomic_store_n(&claim_count, count, __ATOMIC_RELEASE);
}

static struct claim *find_claim(uint32_t intid)
{
    for (unsigned i = 0; i < claim_count; i++)
        if (claims[i].id == intid)
            return &claims[i];
    return NULL;
}

void interrupt_entry(const struct frame *frame)
{
    uint32_t intid = gic_acknowledge();
    struct claim *claim = find_claim(intid);

    if (intid == DEADLINE_INTID && deadline_is_over())
        trap(frame, true);
    if (claim && claim_call(claim))
        gic_disable(intid);
    if (intid != GIC_NONE)
        gic_end(intid);
}

bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    uint32_t intid;

    if (!has_gic || claim_count == CLAIMS || !gic_claim_message(device, &intid, msi))
        return false;
    claim_message(&claims[claim_count], intid, handler, context);
    set_claim_count(claim_count + 1);
    return true;
}

/* The claim first: a level may be there already. */
bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    if (!has_gic || claim_count == CLAIMS || line < GIC_SPI_FIRST || find_claim(line))
        return false;
    claim_line(&claims[claim_count], line, handler, context);
    set_claim_count(claim_count + 1);
    if (gic_enable(line, is_edge))
        return true;
    set_claim_count(claim_count - 1);
    return false;
}

bool arch_line_is_lost(void)
{
    return false;
}

void arch_irq_mask(void)
{
    __asm__ volatile("msr daifset, #15" : : : "memory");
}

void arch_irq_release_all(void)
{
    for (unsigned i = 0; i < claim_count; i++)
        if (claims[i].is_line)
            gic_disable(claims[i].id);
    set_claim_count(0);
    gic_release_messages();
}
