/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work on another CPU. A CPU that does not start is an ERROR; one that does not come to the end of
 * its work leaves the test to the watchdog, since nobody can tell what it would still touch.
 */
#pragma once

#include "tests/framework/test.h"

/*
 * Calls function(test, argument) on the CPU (0: this one) and waits for its end. Judging, printing
 * and ending the test work there as they do here.
 */
void run_on(struct test *test, unsigned cpu, void (*function)(struct test *test, void *argument),
            void *argument);

/*
 * Calls function(argument) on another CPU while this one goes on. Until finish_on() neither of them
 * may end the test, since the other would go on with what the test had on its stack, and only this
 * one may judge or print.
 */
void start_on(struct test *test, unsigned cpu, void (*function)(void *argument), void *argument);
void finish_on(struct test *test, unsigned cpu);
/* The ERROR of a CPU that arch_start_on() does not start. */
_Noreturn void cpu_does_not_start(struct test *test, unsigned cpu);
