// SPDX-License-Identifier: BSD-2-Clause
#include "lib/stats/stats.h"

#include <stdlib.h>

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* Counts from 1: the smallest rank of which `percent` of the samples are not above. */
static uint64_t at_percent(const uint64_t *sorted, size_t count, unsigned percent)
{
    uint64_t hundreds = count / 100, rest = count % 100;
    uint64_t rank = hundreds * percent + (rest * percent + 99) / 100;

    return sorted[rank - 1];
}

void stats_summarize(struct stats *stats, uint64_t *samples, size_t count)
{
    *stats = (struct stats){.count = count};
    if (count == 0)
        return;
    qsort(samples, count, sizeof(*samples), by_value);
    for (size_t i = 0; i < count; i++)
        if (__builtin_add_overflow(stats->sum, samples[i], &stats->sum)) {
            stats->sum = UINT64_MAX;
            break;
        }
    stats->min = samples[0];
    stats->p50 = at_percent(samples, count, 50);
    stats->p90 = at_percent(samples, count, 90);
    stats->p99 = at_percent(samples, count, 99);
    stats->max = samples[count - 1];
}

/*
 * The product has 128 bits. It is divided bit by bit: the compiler's own division of that width is
 * a call into a library which a freestanding image has not.
 */
uint64_t stats_scale(uint64_t value, uint64_t multiplier, uint64_t divisor)
{
    unsigned __int128 product = (unsigned __int128)value * multiplier + divisor / 2;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;

    if (high >= divisor)
        return UINT64_MAX;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t carry = high >> 63;

        high = high << 1 | low >> 63;
        low <<= 1;
        if (carry || high >= divisor) {
            high -= divisor;
            low |= 1;
        }
    }
    return low;
}
