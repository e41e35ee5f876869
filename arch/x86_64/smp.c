// SPDX-License-Identifier: BSD-2-Clause
/*
 * Starts a CPU by INIT, SIPI, SIPI (Intel SDM volume 3, section 10.4), without the 10 ms after INIT
 * that CPUs of the last century need. INIT stops a CPU whatever it is doing, so that one which did
 * not come in time can't take what is meant for another.
 */
#include "arch/smp.h"

#include <string.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"
#include "lib/assert/assert.h"

#define EFER     0xc0000080
#define EFER_LMA (1ull << 10)

#define INIT_NS        100000
#define FIRST_SIPI_NS  1000000ull
#define SECOND_SIPI_NS 1000000000ull

extern const char startup_code[], startup_code_end[];

/* What the starting CPU, which has nothing else, takes from memory; startup.S knows the offsets. */
struct startup {
    uint64_t cr3, cr4, efer, cr0, stack, cpu;
    bool is_taken;
};
_Static_assert(offsetof(struct startup, cpu) == 40, "startup.S knows another offset");
extern struct startup startup;
struct startup startup;
static uint64_t start_page; /* 0: none */

_Noreturn void startup_main(unsigned cpu);
_Noreturn void startup_main(unsigned cpu)
{
    __atomic_store_n(&startup.is_taken, true, __ATOMIC_RELEASE);
    segments_init(cpu);
    interrupts_load();
    smp_main(cpu);
}

void startup_init(uint64_t page)
{
    start_page = page;
}

static void prepare(unsigned cpu, void *stack_top)
{
    const size_t size = (size_t)(startup_code_end - startup_code);
    void *page = arch_map(start_page, size, ARCH_NORMAL);

    ASSERT(page); /* it was mapped when the tables were made */
    startup = (struct startup){
        .efer = read_msr(EFER) & ~EFER_LMA, .stack = (uintptr_t)stack_top, .cpu = cpu};
    __asm__ volatile("mov %%cr3, %0" : "=r"(startup.cr3));
    __asm__ volatile("mov %%cr4, %0" : "=r"(startup.cr4));
    __asm__ volatile("mov %%cr0, %0" : "=r"(startup.cr0));
    memcpy(page, startup_code, size);
    dma_mb();
}

static bool is_taken_within(uint64_t ns)
{
    struct wait wait = arch_wait_begin(ns);

    while (!__atomic_load_n(&startup.is_taken, __ATOMIC_ACQUIRE))
        if (!arch_wait_goes_on(&wait))
            return false;
    return true;
}

bool cpu_start(unsigned cpu, uint64_t id, void *stack_top)
{
    const uint32_t sipi = APIC_SIPI | (uint32_t)(start_page >> 12);

    if (!start_page)
        return false;
    prepare(cpu, stack_top);
    if (!apic_send(id, APIC_INIT))
        return false;
    arch_wait_ns(INIT_NS);
    apic_send(id, sipi);
    if (is_taken_within(FIRST_SIPI_NS))
        return true;
    apic_send(id, sipi);
    if (is_taken_within(SECOND_SIPI_NS))
        return true;
    apic_send(id, APIC_INIT);
    return false;
}

void cpu_stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}
