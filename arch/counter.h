/* SPDX-License-Identifier: BSD-2-Clause */
/* Time from arch_cycles(), the same for every CPU: arch/common/counter.c. */
#pragma once

#include <stdint.h>

#define COUNTER_NS_PER_S 1000000000ull

/* Called by arch_start() once the counter's rate, in cycles per second, is known. */
void counter_init(uint64_t rate, const char *name);
/* The same where nothing gives the rate, which is a guess then: arch_clock_is_assumed(). */
void counter_assume(uint64_t rate, const char *name);

/*
 * The count at which `ns` from now are over, rounded up to a cycle; UINT64_MAX for a time beyond
 * what the counter counts to.
 */
uint64_t counter_after(uint64_t ns);
