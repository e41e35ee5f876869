// SPDX-License-Identifier: BSD-2-Clause
/*
 * The time stamp counter. Its rate is from CPUID, else what channel 0 of the 8254 measures,
 * else a guess, which the name of the clock says. The deadline is a time of this counter; the timer
 * of the local APIC, which is coarser and shorter, only wakes the kernel to look at it.
 */
#include "arch/counter.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"
#include "lib/array/array.h"

#define PIT_HZ       1193182u
#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
#define PIT_LATCH    0x00  /* of channel 0 */
#define PIT_RATE     0x34  /* channel 0, both bytes, mode 2: down from 65536, again and again */
#define PIT_TICKS    11932 /* 10 ms */
#define ROUNDS       3
/* Cycles after which an 8254 that has not counted down is taken for absent. */
#define PIT_TIMEOUT (1ull << 30)

#define MEASURE_NS    10000000ull   /* of the APIC timer */
#define TIMER_STEP_NS 4000000000ull /* times the timer's rate, it fits 64 bits up to 4 GHz */

/* File scope: an exception passes no context. */
static uint64_t timer_rate;  /* ticks of the APIC timer per second */
static uint64_t deadline_ns; /* on the clock of arch_now_ns(); 0: none */

static uint16_t pit_count(void)
{
    port_write8(PIT_COMMAND, PIT_LATCH);

    uint8_t low = port_read8(PIT_CHANNEL0);

    return (uint16_t)(port_read8(PIT_CHANNEL0) << 8 | low);
}

/* The rate as seen while the 8254 counts PIT_TICKS; 0 if it does not count. Its interrupt is masked
 * at the 8259. */
static uint64_t measure_rate(void)
{
    uint16_t first = pit_count();
    uint64_t start = arch_cycles(), cycles;
    uint16_t ticks;

    do {
        ticks = (uint16_t)(first - pit_count());
        cycles = arch_cycles() - start;
        if (cycles > PIT_TIMEOUT)
            return 0;
    } while (ticks < PIT_TICKS);
    return cycles * PIT_HZ / ticks;
}

/* The median of the rounds, as any of them may have been held up, in whole megahertz, so that two
 * boots agree; 0: no 8254. */
static uint64_t measured_rate(void)
{
    const uint64_t step = 1000000;
    uint64_t rates[ROUNDS];

    port_write8(PIT_COMMAND, PIT_RATE);
    port_write8(PIT_CHANNEL0, 0);
    port_write8(PIT_CHANNEL0, 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t rate = measure_rate();
        unsigned at = i;

        if (!rate)
            return 0;
        for (; at && rates[at - 1] > rate; at--)
            rates[at] = rates[at - 1];
        rates[at] = rate;
    }
    return (rates[ROUNDS / 2] + step / 2) / step * step;
}

/* Leaf 0x40000010 of VMware's interface, which KVM offers too: EAX is kHz. 0: none. */
static uint64_t rate_by_hypervisor(void)
{
    uint32_t leaf[4];

    read_cpuid(1, leaf);
    if (!(leaf[2] >> 31))
        return 0;
    read_cpuid(0x40000000, leaf);
    if (leaf[0] < 0x40000010 || leaf[0] > 0x400000ff)
        return 0;
    read_cpuid(0x40000010, leaf);
    return leaf[0] * 1000ull;
}

/* Leaf 0x15: the crystal's rate in ECX times EBX / EAX. 0: unspecified. */
static uint64_t rate_by_crystal(void)
{
    uint32_t leaf[4];

    read_cpuid(0, leaf);
    if (leaf[0] < 0x15)
        return 0;
    read_cpuid(0x15, leaf);
    return leaf[0] ? (uint64_t)leaf[2] * leaf[1] / leaf[0] : 0;
}

void clock_init(void)
{
    static uint64_t (*const sources[])(void) = {rate_by_hypervisor, rate_by_crystal, measured_rate};

    uint64_t rate = 0;

    for (unsigned i = 0; i < ARRAY_LENGTH(sources) && !rate; i++)
        rate = sources[i]();
    counter_init(rate, "tsc", "tsc, its rate assumed");

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
