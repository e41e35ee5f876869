// SPDX-License-Identifier: BSD-2-Clause
/* The time stamp counter (tsc.c) has the time, and the timer of the local APIC interrupts. */
#include "arch/counter.h"
#include "arch/deadline.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"

#define MEASURE_NS 10000000ull /* of the APIC timer */
#define RFLAGS_IF  (1u << 9)

/* File scope: an exception passes no context. In ticks of the APIC timer per second. */
static uint64_t timer_rate;

void clock_init(void)
{
    uint64_t start = arch_now_ns();
    uint64_t ticks = apic_timer_ticks(MEASURE_NS);

    timer_rate = ticks * COUNTER_NS_PER_S / (arch_now_ns() - start);
}

/* At least a tick, as 0 would stop it. */
void deadline_timer(uint64_t ns)
{
    uint64_t ticks = ns ? ns * timer_rate / COUNTER_NS_PER_S + 1 : 0;

    apic_start_timer(ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

void deadline_halt(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
    if (flags & RFLAGS_IF)
        __asm__ volatile("hlt" : : : "memory");
}
