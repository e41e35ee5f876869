// SPDX-License-Identifier: BSD-2-Clause
/* Limits of time by a clock that the test moves: evenly, by jumps, not at all, and backwards. */
#include <stdbool.h>

#include "lib/array/array.h"
#include "lib/wait/wait.h"
#include "tests/unit/fixtures/unit.h"

#define MS 1000000ull
#define S  1000000000ull

/* Looks until the limit is over, the clock going on by `gap` each time. */
static uint64_t looks_of(uint64_t limit, uint64_t gap)
{
    uint64_t now = 5 * S, looks = 0;
    struct wait wait = wait_from(now, limit);

    while (!wait_is_over(&wait, now += gap, WAIT_STEP_NS))
        looks++;
    return looks;
}

/* Where the waiter is never away, a limit is that long, and one look more. */
static void steady(void)
{
    CHECK_EQ(looks_of(2 * S, MS / 10), 20000);
    CHECK_EQ(looks_of(2 * S, WAIT_STEP_NS), 2000);
    CHECK_EQ(looks_of(1, 7), 1);
    CHECK_EQ(looks_of(0, 7), 0);
}

/* Where every look takes long, there are as many as with looks of a step. */
static void slow_looks(void)
{
    CHECK_EQ(looks_of(2 * S, 5 * MS), 2000);
    CHECK_EQ(looks_of(2 * S, 100 * S), 2000);
    CHECK_EQ(looks_of(2 * S, UINT64_MAX / 4096), 2000);
}

/* Ten seconds away cost a step, wherever they are, and what came meanwhile is looked at. */
static void jumps(void)
{
    for (unsigned at = 0; at <= 100; at += 10) {
        uint64_t now = S;
        struct wait wait = wait_from(now, 100 * MS);

        for (unsigned look = 0; look < 100; look++)
            CHECK(!wait_is_over(&wait, now += look == at ? 10 * S : MS, WAIT_STEP_NS));
        CHECK(wait_is_over(&wait, now += at == 100 ? 10 * S : MS, WAIT_STEP_NS));
    }
}

static void clock_stands_still_or_goes_back(void)
{
    struct wait wait = wait_from(S, MS);

    for (unsigned i = 0; i < 1000; i++)
        CHECK(!wait_is_over(&wait, S, WAIT_STEP_NS));
    CHECK(!wait_is_over(&wait, 0, WAIT_STEP_NS));
    CHECK(!wait_is_over(&wait, MS / 2, WAIT_STEP_NS));
    CHECK(!wait_is_over(&wait, MS, WAIT_STEP_NS));
    CHECK(wait_is_over(&wait, MS, WAIT_STEP_NS));
}

static void never(void)
{
    struct wait wait = wait_from(0, UINT64_MAX);

    for (uint64_t now = 0; now < 1000 * S; now += S)
        CHECK(!wait_is_over(&wait, now, UINT64_MAX));
    CHECK_EQ(wait.left_ns, UINT64_MAX);
}

static void limit_grows_with_the_cost(void)
{
    static const struct {
        uint64_t base, count, cost, limit;
    } cases[] = {
        {10 * S, 0, 500000, 10 * S},
        {10 * S, 65536, 0, 10 * S},
        {10 * S, 65536, 1000, 10 * S + 262144000},
        {10 * S, 65536, 500000, 10 * S + 131072000000},
        {10 * S, 65536, 5 * MS, 310 * S},
        {60 * S, UINT32_MAX, UINT64_MAX, 360 * S},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
        CHECK_EQ(wait_limit(cases[i].base, cases[i].count, cases[i].cost), cases[i].limit);
}

int main(void)
{
    static const struct unit units[] = {
        {"steady", steady}, {"slow_looks", slow_looks},
        {"jumps", jumps},   {"clock_stands_still_or_goes_back", clock_stands_still_or_goes_back},
        {"never", never},   {"limit_grows_with_the_cost", limit_grows_with_the_cost},
    };

    return unit_main("wait", units, ARRAY_LENGTH(units));
}
