// SPDX-License-Identifier: BSD-2-Clause
/*
 * What every interrupt ends in: the deadline, and claimed lines and messages. A hart with an IMSIC
 * gets nothing but messages, and an APLIC sends one for each of its lines.
 */
#include "arch/claim.h"
#include "arch/deadline.h"
#include "arch/riscv64/imsic.h"
#include "arch/riscv64/internal.h"
#include "arch/riscv64/layout.h"
#include "arch/riscv64/wired.h"
#include "lib/array/array.h"

#define SETTLE_NS 5000000ull /* an interrupt may be on its way */

static const struct wired *const kinds[] = {[MACHINE_PLIC] = &plic, [MACHINE_APLIC] = &aplic};

/* File scope: an interrupt passes no context to its handler. By lines, or by messages. */
static struct claim claims[WIRED_LINES];
static const struct wired *wired; /* of this hart; NULL: none */
static uint32_t controller;       /* which of the machine's it is */
static uint64_t message_address;  /* of this hart; 0: it has no IMSIC */
static uint32_t message_count, messages_used;

static void open_hart(const struct machine_interrupts *interrupts, const struct machine_cpu *cpu)
{
    const struct machine_wired *own = &interrupts->wired[cpu->wired];

    if (cpu->message_address) {
        imsic_open();
        message_address = cpu->message_address;
        message_count = cpu->message_count < IMSIC_MAX ? cpu->message_count : IMSIC_MAX;
    }
    if (cpu->wired >= interrupts->node_count || own->sends_messages != !!message_address)
        return;
    controller = cpu->wired;
    if (kinds[own->kind]->open(own, cpu->context))
        wired = kinds[own->kind];
}

void interrupts_init(const struct machine *machine)
{
    for (unsigned i = 0; i < machine->cpu_count; i++)
        if (machine->cpus[i].id == cpu_hart())
            open_hart(&machine->interrupts, &machine->cpus[i]);
    if (wired || message_address)
        SET_CSR("sie", 1 << INTERRUPT_EXTERNAL);
}

/* A line that is disabled while it is handled can't be ended, and is never claimed again. */
static void handle_external(void)
{
    uint32_t number = message_address ? imsic_claim() : wired->claim();

    if (!number || number >= ARRAY_LENGTH(claims))
        return;
    struct claim *claim = &claims[number];
    bool is_to_mask = claim_call(claim);

    if (!message_address || claim->is_line)
        wired->end(message_address ? claim->id : number);
    if (is_to_mask)
        wired->disable(message_address ? claim->id : number);
}

void interrupt_entry(const struct frame *frame, unsigned interrupt)
{
    if (interrupt == INTERRUPT_EXTERNAL)
        handle_external();
    else if (interrupt == INTERRUPT_TIMER && deadline_is_over())
        trap(frame, true);
}

bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    (void)device; /* any device's write does */
    if (!message_address || messages_used == message_count)
        return false;
    messages_used++;
    claim_message(&claims[messages_used], messages_used, handler, context);
    imsic_enable(messages_used, true);
    *msi = (struct arch_msi){.address = message_address, .data = messages_used};
    return true;
}

static bool is_claimed(uint32_t line)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(claims); i++)
        if (claims[i].handler && claims[i].is_line && claims[i].id == line)
            return true;
    return false;
}

/* The claim first: a level may be there already. Another controller interrupts other harts. */
bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    if (!wired || MACHINE_LINE_CONTROLLER(line) != controller)
        return false;
    line = MACHINE_LINE_INTERRUPT(line);
    if (line >= WIRED_LINES || is_claimed(line) ||
        (message_address && messages_used == message_count))
        return false;
    uint32_t number = message_address ? messages_used + 1 : line;

    claim_line(&claims[number], line, handler, context);
    if (message_address)
        imsic_enable(number, true);
    if (wired->enable(line, is_edge, number)) {
        messages_used += message_address != 0;
        return true;
    }
    claim_clear(&claims[number]);
    return false;
}

static bool is_pending(void)
{
    for (uint32_t i = 0; i < ARRAY_LENGTH(claims); i++)
        if (claims[i].handler && claims[i].is_line && wired->is_pending(claims[i].id))
            return true;
    return false;
}

bool arch_line_is_lost(void)
{
    if (!wired || !wired->is_pending || message_address || !is_pending())
        return false;
    arch_wait_ns(SETTLE_NS);
    return is_pending();
}

void arch_irq_mask(void)
{
    CLEAR_CSR("sstatus", SSTATUS_SIE);
}

void arch_irq_release_all(void)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(claims); i++) {
        if (claims[i].handler && claims[i].is_line)
            wired->disable(claims[i].id);
        claim_clear(&claims[i]);
    }
    for (; messages_used; messages_used--)
        imsic_enable(messages_used, false);
}
