// SPDX-License-Identifier: BSD-2-Clause
/*
 * The generic timer (Arm ARM chapter D12): the virtual counter, whose rate firmware leaves in
 * CNTFRQ_EL0, and the virtual timer, which is the only one that every hypervisor gives.
 */
#include "arch/aarch64/cpu.h"

#define NS_PER_S      1000000000ull
#define ASSUMED_RATE  1000000000ull
#define TIMER_ENABLE  1
#define TIMER_IS_OVER 4

/* Time is asked for from everywhere, in exceptions too. */
static uint64_t cycles_per_second;
static uint64_t ns_per_cycle_fixed; /* 32.32 */
static uint64_t boot_cycles;
static const char *clock_name = "cntvct";

void clock_init(void)
{
    cycles_per_second = (uint32_t)READ_SYSTEM("cntfrq_el0");
    if (!cycles_per_second) {
        cycles_per_second = ASSUMED_RATE;
        clock_name = "cntvct, its rate assumed";
    }
    ns_per_cycle_fixed = (NS_PER_S << 32) / cycles_per_second;
    boot_cycles = arch_cycles();
    WRITE_SYSTEM("cntv_ctl_el0", 0);
}

uint64_t arch_cycles_per_second(void)
{
    return cycles_per_second;
}

const char *arch_clock_name(void)
{
    return clock_name;
}

uint64_t arch_cycles_to_ns(uint64_t cycles)
{
    return (uint64_t)((unsigned __int128)cycles * ns_per_cycle_fixed >> 32);
}

uint64_t arch_now_ns(void)
{
    return arch_cycles_to_ns(arch_cycles() - boot_cycles);
}

void arch_wait_ns(uint64_t ns)
{
    uint64_t start = arch_now_ns();

    while (arch_now_ns() - start < ns)
        cpu_relax();
}

/* Rounded up to a cycle; a deadline beyond what the counter counts to never comes. */
void arch_deadline(uint64_t ns)
{
    uint64_t now = arch_cycles(), seconds = ns / NS_PER_S;
    uint64_t rest = ns % NS_PER_S * cycles_per_second / NS_PER_S + 1;
    bool is_never = seconds > (UINT64_MAX - now - rest) / cycles_per_second;

    WRITE_SYSTEM("cntv_ctl_el0", 0);
    if (!ns)
        return;
    WRITE_SYSTEM("cntv_cval_el0", is_never ? UINT64_MAX : now + seconds * cycles_per_second + rest);
    WRITE_SYSTEM("cntv_ctl_el0", TIMER_ENABLE);
}

bool deadline_is_over(void)
{
    return READ_SYSTEM("cntv_ctl_el0") & TIMER_IS_OVER;
}
