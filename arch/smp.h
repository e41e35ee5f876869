/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between arch/common/smp.c, which is the same for every CPU, and arch/<cpu>/, which knows how one
 * is started. A CPU is started for every call and stops after it: none has to be woken, and
 * no CPU but the one that booted takes interrupts or keeps the host busy while it waits.
 *
 * CPUs are counted as in arch.h: 0 is the one that booted. Only that one starts others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/machine/machine.h"

/* -- offered by arch/<cpu>/ ---------------------------------------------------------------- */

/*
 * Makes the CPU with that id (struct machine_cpu) call smp_main(cpu) on the stack whose end is
 * `stack_top` (aligned to 16 bytes), with the page tables, the exceptions and the FPU as the CPU
 * that booted has them, and interrupts off. Returns without waiting for smp_main(). A CPU that is
 * on its way into cpu_stop() is waited for. False: refused, or there is no way to start it.
 */
bool cpu_start(unsigned cpu, uint64_t id, void *stack_top);

/* Stops the CPU that calls, with interrupts off, in a state that cpu_start() can start it from. */
_Noreturn void cpu_stop(void);

/* -- offered by arch/common/smp.c ---------------------------------------------------------- */

/*
 * Takes the CPUs of *machine but the one with `boot_id`. Called by arch_start(), after the clock.
 */
void smp_init(const struct machine *machine, uint64_t boot_id);

/* What every other CPU ends in. */
_Noreturn void smp_main(unsigned cpu);

/* Whether the address is in the page below a stack, which must not be mapped; any CPU's. */
bool smp_is_guard(uint64_t address);
/* Whether the address is on a stack; any CPU's. */
bool smp_is_stack(uint64_t address);

/*
 * Called first in a trap, with interrupts off. True: report it. False: it hit while this CPU
 * reported another one. Does not return where another CPU is about to end the run, nor on a CPU
 * that nobody waits for any more.
 */
bool smp_claim_trap(unsigned cpu);
