// SPDX-License-Identifier: BSD-2-Clause
/*
 * The counter `time` (Unprivileged Architecture, chapter "Counters"), whose rate only the machine's
 * description has, and the timer that SBI sets by it, which wakes the kernel to look at the
 * deadline.
 */
#include "arch/counter.h"
#include "arch/deadline.h"
#include "arch/riscv64/internal.h"
#include "arch/riscv64/layout.h"
#include "arch/riscv64/sbi.h"

/* No machine's is faster, so that a limit is never shorter than it says. */
#define ASSUMED_RATE 1000000000ull

/*
 * No timer is one whose interrupt is off: the end of 64 bits is a time, too, and nothing would end an
 * interrupt that nobody waits for.
 */
void deadline_timer(uint64_t ns)
{
    CLEAR_CSR("sie", 1 << INTERRUPT_TIMER);
    if (!ns)
        return;
    sbi_call(SBI_TIME, SBI_TIME_SET, counter_after(ns), 0, 0);
    SET_CSR("sie", 1 << INTERRUPT_TIMER);
}

void deadline_halt(void)
{
    if (READ_CSR("sstatus") & SSTATUS_SIE)
        __asm__ volatile("wfi" : : : "memory");
}

void clock_init(uint64_t timer_hz)
{
    if (timer_hz)
        counter_init(timer_hz, "time");
    else
        counter_assume(ASSUMED_RATE, "time, its rate assumed");
    deadline_timer(0);
}
