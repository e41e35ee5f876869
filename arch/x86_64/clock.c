// SPDX-License-Identifier: BSD-2-Clause
/*
 * The deadline is a time of the time stamp counter (tsc.c); the timer of the local APIC, which is
 * coarser and shorter, only wakes the kernel to look at it.
 */
#include "arch/counter.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"

#define MEASURE_NS    10000000ull   /* of the APIC timer */
#define TIMER_STEP_NS 4000000000ull /* times the timer's rate, it fits 64 bits up to 4 GHz */

/* An exception brings no state along. */
static uint64_t timer_rate;  /* ticks of the APIC timer per second */
static uint64_t deadline_ns; /* on the clock of arch_now_ns(); 0: none */

void clock_init(void)
{
    uint64_t start = arch_now_ns();
    uint64_t ticks = apic_timer_ticks(MEASURE_NS);

    timer_rate = ticks * COUNTER_NS_PER_S / (arch_now_ns() - start);
}

/* At least a tick, as 0 would stop it; the deadline is looked at and the timer set again. */
static void start_timer(uint64_t ns)
{
    uint64_t ticks = (ns < TIMER_STEP_NS ? ns : TIMER_STEP_NS) * timer_rate / COUNTER_NS_PER_S + 1;

    apic_start_timer(ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

void arch_deadline(uint64_t ns)
{
    uint64_t now = arch_now_ns();

    deadline_ns = 0;
    apic_start_timer(0);
    if (!ns)
        return;
    deadline_ns = ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
    start_timer(ns);
}

bool deadline_is_over(void)
{
    uint64_t now = arch_now_ns();

    if (!deadline_ns)
        return false;
    if (now < deadline_ns)
        start_timer(deadline_ns - now);
    return now >= deadline_ns;
}
