// SPDX-License-Identifier: BSD-2-Clause
#include "arch/deadline.h"

#include "arch/arch.h"

/* As long as a scheduler lets a process run at the least. */
#define TICK_NS 4000000ull

/* File scope: a trap passes no context. */
static struct wait deadline;
static bool is_armed;

void arch_deadline(uint64_t ns)
{
    is_armed = false;
    deadline_timer(0);
    if (!ns)
        return;
    deadline = wait_from(arch_now_ns(), ns);
    is_armed = true;
    deadline_timer(TICK_NS);
}

bool deadline_is_over(void)
{
    if (!is_armed)
        return false;
    if (wait_is_over(&deadline, arch_now_ns(), TICK_NS))
        return true;
    deadline_timer(TICK_NS);
    return false;
}
