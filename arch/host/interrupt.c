// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupts are calls: a device that sends one has its handler run before its register access
 * returns, or, while they are masked, not at all.
 */
#include "arch/arch.h"
#include "arch/host/host.h"

#define MESSAGES   64
#define LINES      64
#define LINE_LIMIT 1000 /* calls in a row of a handler that does not take the level away */

struct claim {
    arch_irq_handler handler;
    void *context;
};

/* File scope: an interrupt passes no context to its handler. */
static struct claim messages[MESSAGES], lines[LINES];
static bool is_asserted[LINES];
static unsigned messages_used;
static bool is_masked;

void host_message(uint64_t address, uint32_t data)
{
    if (address == HOST_MESSAGES && data < messages_used && !is_masked)
        messages[data].handler(messages[data].context);
}

static void deliver(uint32_t line)
{
    for (unsigned i = 0; is_asserted[line] && lines[line].handler && !is_masked; i++) {
        if (i == LINE_LIMIT) {
            lines[line].handler = NULL;
            return;
        }
        lines[line].handler(lines[line].context);
    }
}

void host_line(uint32_t line, bool asserted)
{
    if (line >= LINES || is_asserted[line] == asserted)
        return;
    is_asserted[line] = asserted;
    deliver(line);
}

bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    (void)device;
    if (messages_used == MESSAGES)
        return false;
    messages[messages_used] = (struct claim){handler, context};
    *msi = (struct arch_msi){.address = HOST_MESSAGES, .data = messages_used++};
    return true;
}

bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context)
{
    (void)is_edge;
    if (line >= LINES || lines[line].handler)
        return false;
    lines[line] = (struct claim){handler, context};
    deliver(line);
    return true;
}

bool arch_line_is_lost(void)
{
    return false;
}

void arch_irq_mask(void)
{
    is_masked = true;
    arch_deadline(0);
}

void arch_irq_release_all(void)
{
    for (unsigned i = 0; i < LINES; i++)
        lines[i] = (struct claim){0};
    messages_used = 0;
}
