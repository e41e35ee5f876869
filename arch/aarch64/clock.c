// SPDX-License-Identifier: BSD-2-Clause
/*
 * The generic timer (Arm ARM chapter D12): the virtual counter, whose rate firmware leaves in
 * CNTFRQ_EL0, and the virtual timer, which is the only one that every hypervisor gives.
 */
#include "arch/aarch64/internal.h"
#include "arch/counter.h"
#include "arch/deadline.h"

/* Of Armv8.6 on; older counters are slower, and a limit is longer than it says. */
#define ASSUMED_RATE 1000000000u
#define TIMER_ENABLE 1
#define DAIF_I       (1u << 7)

void clock_init(void)
{
    uint32_t rate = (uint32_t)READ_SYSTEM("cntfrq_el0");

    if (rate)
        counter_init(rate, "cntvct");
    else
        counter_assume(ASSUMED_RATE, "cntvct, its rate assumed");
    WRITE_SYSTEM("cntv_ctl_el0", 0);
}

/* A level, until it is set again. */
void deadline_timer(uint64_t ns)
{
    WRITE_SYSTEM("cntv_ctl_el0", 0);
    if (!ns)
        return;
    WRITE_SYSTEM("cntv_cval_el0", counter_after(ns));
    WRITE_SYSTEM("cntv_ctl_el0", TIMER_ENABLE);
}

void deadline_halt(void)
{
    if (!(READ_SYSTEM("daif") & DAIF_I))
        __asm__ volatile("wfi" : : : "memory");
}
