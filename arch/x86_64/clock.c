// SPDX-License-Identifier: BSD-2-Clause
/*
 * The time stamp counter, its rate taken from the hypervisor's timing leaf where there is one, else
 * measured against channel 2 of the 8254; the APIC timer's likewise.
 */
#include "arch/x86_64/cpu.h"

#define PIT_HZ       1193182u
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61
#define PIT_TICKS    11932 /* 10 ms */
#define ROUNDS       3

#define NS_PER_S   1000000000ull
#define MEASURE_NS 10000000ull /* of the APIC timer */

uint64_t apic_timer_rate;
static uint64_t cycles_per_second;
static uint64_t ns_per_cycle_fixed; /* 32.32 */
static uint64_t boot_cycles;

/* Cycles while the 8254 counts PIT_TICKS down: mode 0 on channel 2, output seen in port 0x61. */
static uint64_t measure_cycles(void)
{
    uint8_t gate = port_read8(PIT_GATE) & 0xfc;

    port_write8(PIT_GATE, gate);
    port_write8(PIT_COMMAND, 0xb0);
    port_write8(PIT_CHANNEL2, PIT_TICKS & 0xff);
    port_write8(PIT_CHANNEL2, PIT_TICKS >> 8);

    uint64_t start = arch_cycles();

    port_write8(PIT_GATE, gate | 1);
    while (!(port_read8(PIT_GATE) & 0x20))
        cpu_relax();
    return arch_cycles() - start;
}

static uint64_t measured_rate(void)
{
    uint64_t best = UINT64_MAX;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t cycles = measure_cycles();

        if (cycles < best)
            best = cycles;
    }
    return best * PIT_HZ / PIT_TICKS;
}

static void cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(0));
}

/* Leaf 0x40000010 of VMware's interface, which KVM offers too: EAX is kHz. 0: none. */
static uint64_t told_rate(void)
{
    uint32_t leaf[4];

    cpuid(1, leaf);
    if (!(leaf[2] >> 31))
        return 0;
    cpuid(0x40000000, leaf);
    if (leaf[0] < 0x40000010 || leaf[0] > 0x400000ff)
        return 0;
    cpuid(0x40000010, leaf);
    return leaf[0] * 1000ull;
}

/* Whole megahertz: a rate that does not waver between two boots by the last digits of a
 * measurement. */
static uint64_t rounded(uint64_t rate)
{
    const uint64_t step = 1000000;

    return rate > 100 * step ? (rate + step / 2) / step * step : rate;
}

void clock_init(void)
{
    uint64_t rate = told_rate();

    cycles_per_second = rounded(rate ? rate : measured_rate());
    ns_per_cycle_fixed = (NS_PER_S << 32) / cycles_per_second;
    boot_cycles = arch_cycles();
    apic_timer_rate = apic_ticks_during(arch_wait_ns, MEASURE_NS) * (NS_PER_S / MEASURE_NS);
}

uint64_t arch_cycles_per_second(void)
{
    return cycles_per_second;
}

const char *arch_clock_name(void)
{
    return "tsc";
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

void arch_deadline(uint64_t ns)
{
    apic_start_timer(ns);
}
