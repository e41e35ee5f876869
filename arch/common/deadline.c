// SPDX-License-Identifier: BSD-2-Clause
#include "arch/deadline.h"

#include "arch/arch.h"

/* As long as a scheduler lets a process run at the least. */
#define TICK_NS 4000000ull

/* File scope: a trap passes no context. */
static struct wait deadline;
static bool is_armed;
static bool has_ticked; /* the timer works: a CPU that halts goes on again */

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
    has_ticked = true;
    if (wait_is_over(&deadline, arch_now_ns(), TICK_NS))
        return true;
    deadline_timer(TICK_NS);
    return false;
}

bool arch_wait_slowly(struct wait *wait)
{
    if (!is_armed || !has_ticked)
        return arch_wait_goes_on(wait);
    deadline_halt();
    return !wait_is_over(wait, arch_now_ns(), TICK_NS);
}
