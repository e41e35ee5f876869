// SPDX-License-Identifier: BSD-2-Clause
#include "arch/smp.h"

#include "arch/x86_64/cpu.h"

bool cpu_start(unsigned cpu, uint64_t id, void *stack_top)
{
    (void)cpu, (void)id, (void)stack_top;
    return false;
}

void cpu_stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}
