/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A limit of time that counts what its waiter saw of it. Whoever waits looks at the clock again and
 * again, and between two looks no more than a step counts: the time in which a busy host did not
 * run the waiter, who could not have seen an answer then, is not held against anybody. So a limit
 * takes limit / step looks at least.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of a loop that does nothing but poll. */
#define WAIT_STEP_NS 1000000ull

struct wait {
    uint64_t last_ns; /* when it was looked at */
    uint64_t left_ns;
};

/* From `now_ns` on; UINT64_MAX never ends. */
struct wait wait_from(uint64_t now_ns, uint64_t limit_ns);
/*
 * Looks. True when the limit was over at the last look already, so that between the end of the
 * limit and this answer the waiter has looked once more at what it waits for.
 */
bool wait_is_over(struct wait *wait, uint64_t now_ns, uint64_t step_ns);

/*
 * A limit for what takes `count` requests of `cost_ns` each beside what `base_ns` is for, in ns. A
 * host may become four times as busy as it was when the cost was measured; what it is given for
 * that is WAIT_EXTRA_MAX_NS at most, so that everything ends.
 */
#define WAIT_EXTRA_MAX_NS 300000000000ull
uint64_t wait_limit(uint64_t base_ns, uint64_t count, uint64_t cost_ns);
