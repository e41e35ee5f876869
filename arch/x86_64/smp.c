// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/cpu.h"

unsigned arch_cpu_count(void)
{
    return 1;
}

bool arch_run_on(unsigned cpu, void (*function)(void *argument), void *argument, uint64_t limit_ns)
{
    (void)cpu, (void)function, (void)argument, (void)limit_ns;
    return false;
}
