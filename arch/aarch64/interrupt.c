// SPDX-License-Identifier: BSD-2-Clause
/* Where every interrupt leads: the deadline, and claimed messages and lines. */
#include "arch/aarch64/cpu.h"
#include "arch/aarch64/gic.h"

#define CLAIMS 256

/* More interrupts than this and a line is masked: a level that no handler takes away leaves no time
 * for anything else, the deadline included. */
#define LINE_LIMIT 100000

struct claim {
    uint32_t intid;
    arch_irq_handler handler;
    void *context;
    unsigned count;
};

/* Interrupts have no parameter to bring their state along. */
static struct claim claims[CLAIMS];
static unsigned claim_count; /* the entry reads it at any time */
static bool has_gic;

void interrupts_init(const struct machine_interrupts *interrupts)
{
    has_gic = gic_open(interrupts) && gic_enable(DEADLINE_INTID, false);
}

static struct claim *find_claim(uint32_t intid)
{
    for (unsigned i = 0; i < claim_count; i++)
        if (claims[i].intid == intid)
            return &claims[i];
    return NULL;
}

static void call(struct claim *claim)
{
    claim->handler(claim->context);
    if (++claim->count == LINE_LIMIT && claim->intid < GIC_SPI_END)
        gic_disable(claim->intid);
}

void interrupt_entry(const struct frame *frame)
{
    uint32_t intid = gic_acknowledge();
    struct claim *claim = find_claim(intid);

    if (intid == DEADLINE_INTID && deadline_is_over())
        trap(frame, true);
    if (claim)
        call(claim);
    if (intid != GIC_NONE)
        gic_end(intid);
}

/* Whole before it is counted: it may be called in between. */
static void add_claim(uint32_t intid, arch_irq_handler handler, void *context)
{
    claims[claim_count] = (struct claim){.intid = intid, .handler = handler, .context = context};
    __atomic_store_n(&claim_count, claim_count + 1, __ATOMIC_RELEASE);
}

bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    uint32_t intid;

    if (!has_gic || claim_count == CLAIMS || !gic_claim_message(device, &intid, msi))
        return false;
    add_claim(intid, handler, context);
    return true;
}

/* The claim first: a level may be there already. */
bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    if (!has_gic || claim_count == CLAIMS || line < GIC_SPI_FIRST || find_claim(line))
        return false;
    add_claim(line, handler, context);
    if (gic_enable(line, is_edge))
        return true;
    __atomic_store_n(&claim_count, claim_count - 1, __ATOMIC_RELEASE);
    return false;
}

void arch_irq_mask(void)
{
    __asm__ volatile("msr daifset, #15" : : : "memory");
}

void arch_irq_release_all(void)
{
    for (unsigned i = 0; i < claim_count; i++)
        if (claims[i].intid < GIC_SPI_END)
            gic_disable(claims[i].intid);
    __atomic_store_n(&claim_count, 0, __ATOMIC_RELEASE);
    gic_release_messages();
}
