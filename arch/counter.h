/* SPDX-License-Identifier: BSD-2-Clause */
/* Time from arch_cycles(), the same for every CPU: arch/common/counter.c. */
#pragma once

#include <stdint.h>

#define COUNTER_NS_PER_S 1000000000ull

/*
 * Called by arch_start() once the counter's rate is known: `rate` in cycles per second, 0 where
 * it is unknown; then one is assumed and `assumed` is the clock's name.
 */
void counter_init(uint64_t rate, const char *name, const char *assumed);

/*
 * The count at which `ns` from now are over, rounded up to a cycle; UINT64_MAX for a time beyond
 * what the counter counts to.
 */
uint64_t counter_after(uint64_t ns);
