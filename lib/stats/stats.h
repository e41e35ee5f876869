/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said about a series of measurements, in whatever unit the samples have. No floating
 * point. Percentiles are exact and by
 * nearest rank: p90 is the smallest sample that at least 90 % of the samples do not exceed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct stats {
    uint64_t count;
    uint64_t min, p50, p90, p99, max;
    uint64_t sum; /* 2^64 - 1 if it is more */
};

/* Sorts the samples where they are. Without samples everything is 0. */
void stats_summarize(struct stats *stats, uint64_t *samples, size_t count);

/* value * multiplier / divisor, to the nearest; 2^64 - 1 if that is more or divisor is 0. */
uint64_t stats_scale(uint64_t value, uint64_t multiplier, uint64_t divisor);
