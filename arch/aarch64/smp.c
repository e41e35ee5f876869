// SPDX-License-Identifier: BSD-2-Clause
/* Starts and stops a CPU by PSCI (DEN 0022 sections 5.5 and 5.6). */
#include "arch/smp.h"

#include "arch/aarch64/internal.h"
#include "arch/aarch64/psci.h"

#define OFF_LIMIT_NS 1000000000ull

extern const char secondary_entry[];

/* What a CPU finds when its MMU is on; entry.S knows the offsets. Nobody waits until it has. */
static struct start {
    void *stack_top, *trap_stack_top;
    uint64_t cpu;
} starts[MACHINE_MAX_CPUS];

bool cpu_start(unsigned cpu, uint64_t id, void *stack_top)
{
    struct wait wait = arch_wait_begin(OFF_LIMIT_NS);
    int64_t result;

    starts[cpu] = (struct start){stack_top, trap_stack_top(cpu), cpu};
    __asm__ volatile("dsb ish" : : : "memory");
    do
        result = psci_call(PSCI_CPU_ON, id, (uintptr_t)secondary_entry, (uintptr_t)&starts[cpu]);
    while (result == PSCI_ALREADY_ON && arch_wait_goes_on(&wait));
    return result == PSCI_SUCCESS;
}

void cpu_stop(void)
{
    arch_irq_mask();
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}
