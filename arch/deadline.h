/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The deadline of arch_deadline(), the same for every CPU: arch/common/deadline.c. A timer
 * interrupts the CPU that booted every few milliseconds, and time in which it did not come to that
 * does not count (lib/wait/wait.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* By the CPU's directory: one interrupt, `ns` from now; 0: none. */
void deadline_timer(uint64_t ns);
/* By the CPU's directory: halts until an interrupt; not at all where this CPU takes none. */
void deadline_halt(void);
/* Called for that interrupt, with interrupts off. False: another one will come, if one is needed. */
bool deadline_is_over(void);
