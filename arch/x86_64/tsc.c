// SPDX-License-Identifier: BSD-2-Clause
/*
 * The time stamp counter's rate. What knows it comes first: the hypervisor's leaf, KVM's clock, the
 * CPU's crystal; then what measures it: ACPI's PM timer (ACPI 6.5 section 4.8.3.3) and channel 0 of
 * the 8254; then the CPU's nominal rate, which is the counter's on CPUs that have the leaf.
 */
#include "arch/x86_64/tsc.h"

#include <string.h>

#include "arch/counter.h"
#include "arch/x86_64/internal.h"
#include "lib/array/array.h"

#define HYPERVISOR_FIRST 0x40000000u
#define HYPERVISOR_LAST  0x4000ff00u
#define HYPERVISOR_STEP  0x100u
#define LEAF_FREQUENCY   0x10u /* of a hypervisor's leaves: EAX is kHz */

#define KVM_FEATURES          1u /* of KVM's leaves */
#define KVM_CLOCK             (1u << 0)
#define KVM_CLOCK_2           (1u << 3)
#define KVM_SYSTEM_TIME       0x12u
#define KVM_SYSTEM_TIME_2     0x4b564d01u
#define KVM_SYSTEM_TIME_IS_ON 1u

#define PM_TIMER_HZ   3579545u
#define PM_TIMER_MASK 0xffffffu /* the bits that every PM timer has */

#define PIT_HZ       1193182u
#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
#define PIT_LATCH    0x00 /* of channel 0 */
#define PIT_RATE     0x34 /* channel 0, both bytes, mode 2: down from 65536, again and again */

#define MEASURES_PER_S 100u /* a measurement takes 10 ms */
#define ROUNDS         3
/* Reads after which something that has not counted is taken for absent: a read takes 50 ns. */
#define READS_MIN 1000u
/* Cycles after which a measurement has not come to its end. */
#define MEASURE_CYCLES (1ull << 30)

/* No counter is faster: a limit by an assumed rate is never shorter than it says. */
#define ASSUMED_RATE 4000000000ull

/* Counts up, `mask` at most, `hz` times a second. */
struct reference {
    uint32_t (*count)(const struct machine *machine);
    uint32_t mask, hz;
};

/* The time that KVM gives a CPU (Documentation/virt/kvm/x86/msr.rst of Linux). */
struct kvm_time {
    uint32_t version, padding;
    uint64_t tsc_timestamp, system_time;
    uint32_t tsc_to_system_mul; /* 0.32 */
    int8_t tsc_shift;
    uint8_t flags, more_padding[2];
};

/* The first of a hypervisor's leaves that begin with this signature; 0: none do. */
static uint32_t find_hypervisor(const char signature[static 12])
{
    uint32_t leaf[4];

    read_cpuid(1, leaf);
    if (!(leaf[2] >> 31))
        return 0;
    for (uint32_t first = HYPERVISOR_FIRST; first <= HYPERVISOR_LAST; first += HYPERVISOR_STEP) {
        read_cpuid(first, leaf);
        if (!memcmp(&leaf[1], signature, 12))
            return first;
    }
    return 0;
}

/* VMware's leaf, which QEMU offers for KVM and TCG, too; elsewhere its number means other things. */
static uint64_t rate_by_hypervisor(const struct machine *machine)
{
    static const char *const signatures[] = {"KVMKVMKVM\0\0\0", "TCGTCGTCGTCG", "VMwareVMware"};
    uint32_t leaf[4];

    (void)machine;
    for (unsigned i = 0; i < ARRAY_LENGTH(signatures); i++) {
        uint32_t first = find_hypervisor(signatures[i]);

        if (!first)
            continue;
        read_cpuid(first, leaf);
        if (leaf[0] < first + LEAF_FREQUENCY || leaf[0] > first + HYPERVISOR_STEP - 1)
            continue;
        read_cpuid(first + LEAF_FREQUENCY, leaf);
        return leaf[0] * 1000ull;
    }
    return 0;
}

/* KVM fills the structure before the guest goes on; it is told to leave it alone afterwards. */
static uint64_t rate_by_kvm_clock(const struct machine *machine)
{
    static volatile struct kvm_time time __attribute__((aligned(64)));
    uint32_t first = find_hypervisor("KVMKVMKVM\0\0\0"), leaf[4], msr;
    uint64_t rate;

    (void)machine;
    if (!first)
        return 0;
    read_cpuid(first + KVM_FEATURES, leaf);
    if (!(leaf[0] & (KVM_CLOCK | KVM_CLOCK_2)))
        return 0;
    msr = leaf[0] & KVM_CLOCK_2 ? KVM_SYSTEM_TIME_2 : KVM_SYSTEM_TIME;
    write_msr(msr, (uintptr_t)&time | KVM_SYSTEM_TIME_IS_ON);
    for (unsigned i = 0; i < READS_MIN && !time.tsc_to_system_mul; i++)
        cpu_relax();
    write_msr(msr, 0);
    if (!time.tsc_to_system_mul || time.tsc_shift < -31 || time.tsc_shift > 31)
        return 0;
    rate = (COUNTER_NS_PER_S << 32) / time.tsc_to_system_mul;
    rate = time.tsc_shift < 0 ? rate << -time.tsc_shift : rate >> time.tsc_shift;
    return (rate + 500) / 1000 * 1000; /* the factor is no more exact */
}

static bool read_leaf(uint32_t number, uint32_t leaf[4])
{
    read_cpuid(0, leaf);
    if (leaf[0] < number)
        return false;
    read_cpuid(number, leaf);
    return true;
}

/* Leaf 0x15: the crystal's rate in ECX times EBX / EAX; 0 in any of them: unspecified. */
static uint64_t rate_by_crystal(const struct machine *machine)
{
    uint32_t leaf[4];

    (void)machine;
    return read_leaf(0x15, leaf) && leaf[0] ? (uint64_t)leaf[2] * leaf[1] / leaf[0] : 0;
}

/* Leaf 0x16: the base frequency in MHz in EAX. */
static uint64_t rate_by_base_frequency(const struct machine *machine)
{
    uint32_t leaf[4];

    (void)machine;
    return read_leaf(0x16, leaf) ? (leaf[0] & 0xffff) * 1000000ull : 0;
}

/*
 * Cycles per second as seen while the reference counts for 10 ms; 0 if it does not count, as what
 * is not there reads all ones.
 */
static uint64_t measure_once(const struct reference *reference, const struct machine *machine)
{
    uint32_t first = reference->count(machine), ticks;
    uint64_t start = arch_cycles(), cycles;

    for (unsigned reads = 1;; reads++) {
        ticks = (reference->count(machine) - first) & reference->mask;
        cycles = arch_cycles() - start;
        if (ticks >= reference->hz / MEASURES_PER_S)
            return cycles * reference->hz / ticks;
        if ((!ticks && reads > READS_MIN) || cycles > MEASURE_CYCLES)
            return 0;
    }
}

/* The median of the rounds, as any of them may have been held up, in whole megahertz, so that two
 * boots agree. */
static uint64_t measure(const struct reference *reference, const struct machine *machine)
{
    const uint64_t step = 1000000;
    uint64_t rates[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t rate = measure_once(reference, machine);
        unsigned at = i;

        if (!rate)
            return 0;
        for (; at && rates[at - 1] > rate; at--)
            rates[at] = rates[at - 1];
        rates[at] = rate;
    }
    return (rates[ROUNDS / 2] + step / 2) / step * step;
}

static uint32_t pm_timer_count(const struct machine *machine)
{
    const struct machine_pm_timer *timer = &machine->pm_timer;

    return timer->is_memory ? mmio_read32((const void *)timer->address)
                            : port_read32((uint16_t)timer->address);
}

static uint64_t rate_by_pm_timer(const struct machine *machine)
{
    static const struct reference reference = {pm_timer_count, PM_TIMER_MASK, PM_TIMER_HZ};
    const struct machine_pm_timer *timer = &machine->pm_timer;

    if (!timer->address ||
        (timer->is_memory && !arch_map(timer->address, sizeof(uint32_t), ARCH_DEVICE)))
        return 0;
    return measure(&reference, machine);
}

static uint32_t pit_count(const struct machine *machine)
{
    uint8_t low;

    (void)machine;
    port_write8(PIT_COMMAND, PIT_LATCH);
    low = port_read8(PIT_CHANNEL0);
    return 0u - (uint32_t)(port_read8(PIT_CHANNEL0) << 8 | low); /* it counts down */
}

/* Its interrupt is masked at the 8259. */
static uint64_t rate_by_pit(const struct machine *machine)
{
    static const struct reference reference = {pit_count, UINT16_MAX, PIT_HZ};

    port_write8(PIT_COMMAND, PIT_RATE);
    port_write8(PIT_CHANNEL0, 0);
    port_write8(PIT_CHANNEL0, 0);
    return measure(&reference, machine);
}

void tsc_init(const struct machine *machine)
{
    static uint64_t (*const sources[])(const struct machine *) = {
        rate_by_hypervisor, rate_by_kvm_clock, rate_by_crystal,
        rate_by_pm_timer,   rate_by_pit,       rate_by_base_frequency,
    };
    uint64_t rate = 0;

    for (unsigned i = 0; i < ARRAY_LENGTH(sources) && !rate; i++)
        rate = sources[i](machine);
    if (rate)
        counter_init(rate, "tsc");
    else
        counter_assume(ASSUMED_RATE, "tsc, its rate assumed");
}
