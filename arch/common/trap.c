// SPDX-License-Identifier: BSD-2-Clause
#include "arch/trap.h"

#include <stdio.h>

#include "arch/smp.h"

#define A_LINE 4

/* File scope: a trap passes no context. */
static void (*trap_handler)(const struct arch_trap *trap);

void arch_on_trap(void (*handler)(const struct arch_trap *trap))
{
    trap_handler = handler;
}

_Noreturn void trap_report(const struct arch_trap *trap)
{
    /* A trap in the handler is not reported again, or it would never end. */
    if (smp_claim_trap(trap->cpu) && trap_handler)
        trap_handler(trap);
    arch_poweroff(2);
}

void trap_print_registers(const char *const *names, const uint64_t *values, unsigned count,
                          int width, arch_print_line print)
{
    char line[A_LINE * sizeof("  name... 0123456789abcdef")];

    for (unsigned i = 0; i < count; i += A_LINE) {
        int at = 0;

        for (unsigned j = i; j < i + A_LINE && j < count; j++)
            at += snprintf(line + at, sizeof(line) - (size_t)at, "%s%-*s %016llx",
                           j > i ? "  " : "", width, names[j], (unsigned long long)values[j]);
        print(line);
    }
}
