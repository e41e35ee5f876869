/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work on another CPU. A CPU that does not start is an ERROR. One that does not finish leaves the
 * test to the watchdog: it could still write to memory that the next test uses.
 */
#pragma once

#include "tests/framework/test.h"

/*
 * Calls function(test, argument) on the CPU (0: this one) and waits until it returns. It may judge,
 * print and end the test as on this CPU.
 */
void run_on(struct test *test, unsigned cpu, void (*function)(struct test *test, void *argument),
            void *argument);

/*
 * Calls function(argument) on another CPU while this one continues. Until finish_on() neither of
 * them may end the test, because the other still uses what is on the test's stack; and only this
 * CPU may judge or print.
 */
void start_on(struct test *test, unsigned cpu, void (*function)(void *argument), void *argument);
void finish_on(struct test *test, unsigned cpu);
/* The ERROR of a CPU that arch_start_on() does not start. */
_Noreturn void cpu_does_not_start(struct test *test, unsigned cpu);
