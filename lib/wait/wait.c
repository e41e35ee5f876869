// SPDX-License-Identifier: BSD-2-Clause
#include "lib/wait/wait.h"

#define MARGIN 4

struct wait wait_from(uint64_t now_ns, uint64_t limit_ns)
{
    return (struct wait){.last_ns = now_ns, .left_ns = limit_ns};
}

/* A clock that goes back, as those of two CPUs may differ, counts nothing. */
bool wait_is_over(struct wait *wait, uint64_t now_ns, uint64_t step_ns)
{
    uint64_t passed = now_ns > wait->last_ns ? now_ns - wait->last_ns : 0;

    if (!wait->left_ns)
        return true;
    if (passed > step_ns)
        passed = step_ns;
    wait->last_ns = now_ns;
    if (wait->left_ns != UINT64_MAX)
        wait->left_ns -= passed < wait->left_ns ? passed : wait->left_ns;
    return false;
}

uint64_t wait_limit(uint64_t base_ns, uint64_t count, uint64_t cost_ns)
{
    unsigned __int128 extra = (unsigned __int128)count * cost_ns * MARGIN;

    return base_ns + (extra < WAIT_EXTRA_MAX_NS ? (uint64_t)extra : WAIT_EXTRA_MAX_NS);
}
