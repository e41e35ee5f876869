// SPDX-License-Identifier: BSD-2-Clause
/*
 * The counter `time` (Unprivileged Architecture, chapter "Counters"), whose rate only the machine's
 * description tells, and the timer that SBI sets by it, which wakes the kernel to look at the
 * deadline.
 */
#include "arch/counter.h"
#include "arch/riscv64/internal.h"
#include "arch/riscv64/sbi.h"

/* No machine's is faster, so that a limit is never shorter than it says. */
#define ASSUMED_RATE 1000000000ull

/* A trap brings no state along. */
static uint64_t deadline = UINT64_MAX; /* on the clock of arch_cycles(); the highest: none */

static void start_timer(void)
{
    sbi_call(SBI_TIME, SBI_TIME_SET, deadline, 0, 0);
}

void clock_init(uint64_t timer_hz)
{
    if (timer_hz)
        counter_init(timer_hz, "time");
    else
        counter_assume(ASSUMED_RATE, "time, its rate assumed");
    start_timer();
    SET_CSR("sie", 1 << INTERRUPT_TIMER);
}

void arch_deadline(uint64_t ns)
{
    deadline = ns ? counter_after(ns) : UINT64_MAX;
    start_timer();
}

bool deadline_is_over(void)
{
    if (arch_cycles() >= deadline)
        return true;
    start_timer();
    return false;
}
