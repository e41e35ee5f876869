// SPDX-License-Identifier: BSD-2-Clause
/* Starts and stops a hart by SBI's HSM extension (chapter 9). */
#include "arch/smp.h"

#include "arch/riscv64/internal.h"
#include "arch/riscv64/layout.h"
#include "arch/riscv64/sbi.h"

#define STOP_LIMIT_NS 1000000000ull

extern const char secondary_entry[];

/* What a hart finds when it starts; entry.S knows the offsets. Nobody waits until it has. */
static struct start {
    uint64_t satp;
    void *stack_top, *trap_stack_top;
    uint64_t cpu;
} starts[MACHINE_MAX_CPUS];

/* False: it runs, and goes on to, or there is no such hart. */
static bool is_stopped(uint64_t hart)
{
    struct wait wait = arch_wait_begin(STOP_LIMIT_NS);
    struct sbi_result result;

    do
        result = sbi_call(SBI_HSM, SBI_HSM_STATUS, hart, 0, 0);
    while (!result.error && result.value != SBI_HSM_STOPPED && arch_wait_goes_on(&wait));
    return !result.error && result.value == SBI_HSM_STOPPED;
}

bool cpu_start(unsigned cpu, uint64_t id, void *stack_top)
{
    if (!is_stopped(id))
        return false;
    starts[cpu] = (struct start){READ_CSR("satp"), stack_top, trap_stack_top(cpu), cpu};
    dma_wmb();
    return !sbi_call(SBI_HSM, SBI_HSM_START, id, (uintptr_t)secondary_entry,
                     (uintptr_t)&starts[cpu])
                .error;
}

void cpu_stop(void)
{
    CLEAR_CSR("sstatus", SSTATUS_SIE);
    sbi_call(SBI_HSM, SBI_HSM_STOP, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}
