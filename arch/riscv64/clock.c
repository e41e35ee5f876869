// SPDX-License-Identifier: BSD-2-Clause
/*
 * The counter `time` (Unprivileged Architecture, chapter "Counters"), whose rate only the machine's
 * description tells, and the timer that SBI sets by it, which wakes the kernel to look at the
 * deadline.
 */
#include "arch/riscv64/cpu.h"
#include "arch/riscv64/sbi.h"

#define NS_PER_S     1000000000ull
#define ASSUMED_RATE 10000000ull

/* Time is asked for from everywhere, in traps too. */
static uint64_t cycles_per_second;
static uint64_t ns_per_cycle_fixed; /* 32.32 */
static uint64_t boot_cycles;
static uint64_t deadline; /* on the clock of arch_cycles(); 0: none */
static const char *clock_name = "time";

static void start_timer(uint64_t cycles)
{
    sbi_call(SBI_TIME, SBI_TIME_SET, cycles, 0, 0);
}

void clock_init(uint64_t timer_hz)
{
    cycles_per_second = timer_hz;
    if (!cycles_per_second) {
        cycles_per_second = ASSUMED_RATE;
        clock_name = "time, its rate assumed";
    }
    ns_per_cycle_fixed = (NS_PER_S << 32) / cycles_per_second;
    boot_cycles = arch_cycles();
    start_timer(UINT64_MAX);
    SET_CSR("sie", 1 << INTERRUPT_TIMER);
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
    bool is_never = !ns || seconds > (UINT64_MAX - now - rest) / cycles_per_second;

    deadline = is_never ? 0 : now + seconds * cycles_per_second + rest;
    start_timer(deadline ? deadline : UINT64_MAX);
}

bool deadline_is_over(void)
{
    if (deadline && arch_cycles() >= deadline)
        return true;
    start_timer(deadline ? deadline : UINT64_MAX);
    return false;
}
