// SPDX-License-Identifier: BSD-2-Clause
#include "arch/counter.h"

#include "arch/arch.h"

/* File scope: every caller needs the time, exception handlers too. */
static uint64_t cycles_per_second;
static uint64_t ns_per_cycle_fixed; /* 32.32 */
static uint64_t boot_cycles;
static const char *clock_name;
static bool is_assumed;

void counter_assume(uint64_t rate, const char *name)
{
    counter_init(rate, name);
    is_assumed = true;
}

void counter_init(uint64_t rate, const char *name)
{
    cycles_per_second = rate;
    clock_name = name;
    ns_per_cycle_fixed = (COUNTER_NS_PER_S << 32) / cycles_per_second;
    boot_cycles = arch_cycles();
}

uint64_t counter_after(uint64_t ns)
{
    uint64_t now = arch_cycles(), seconds = ns / COUNTER_NS_PER_S;
    uint64_t rest = ns % COUNTER_NS_PER_S * cycles_per_second / COUNTER_NS_PER_S + 1;

    return seconds > (UINT64_MAX - now - rest) / cycles_per_second
               ? UINT64_MAX
               : now + seconds * cycles_per_second + rest;
}

uint64_t arch_cycles_per_second(void)
{
    return cycles_per_second;
}

const char *arch_clock_name(void)
{
    return clock_name;
}

bool arch_clock_is_assumed(void)
{
    return is_assumed;
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
    struct wait wait = arch_wait_begin(ns);

    while (arch_wait_goes_on(&wait))
        ;
}
