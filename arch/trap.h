/* SPDX-License-Identifier: BSD-2-Clause */
/* What every CPU's trap.c does with a trap that it has described: arch/common/trap.c. */
#pragma once

#include "arch/arch.h"

/* Calls the handler of arch_on_trap(), once in a run, and ends the run. Interrupts are off. */
_Noreturn void trap_report(const struct arch_trap *trap);

/* Four registers a line; `width` is the longest name's, 7 at most. */
void trap_print_registers(const char *const *names, const uint64_t *values, unsigned count,
                          int width, arch_print_line print);
