// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random requests against lib/model, which is virtio 1.4 section 5.13.6 as code: a fixed number of
 * them in every run, and a walk that takes as long as asked for.
 */
#include "tests/framework/cpu.h"
#include "tests/suites/stress/walk.h"

#define SUITE "stress"
#define NEEDS (NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP)

#define SHORT_EPISODES 60
#define WALK_REQUESTS  12000 /* about, in so many episodes */
#define NS_PER_S       1000000000ull

static struct walk walk; /* too large for a stack frame */

/* A number of episodes, not a time: a seed gives the same requests on a slow machine. */
TEST(short_walk, .needs = NEEDS, .limit_s = 60, .requests = WALK_REQUESTS)
{
    walk_begin(&walk, test);
    for (unsigned i = 0; i < SHORT_EPISODES; i++)
        if (!walk_episode(&walk))
            break;
    walk_print(&walk);
}

static void walk_on(struct test *test, void *is_going_on)
{
    (void)test;
    *(bool *)is_going_on = walk_episode(&walk);
}

/* The same in packed rings, where the run has split ones. */
TEST(walk_in_packed_rings, .needs = NEEDS, .limit_s = 60, .requests = WALK_REQUESTS)
{
    if (test->fixture->features & VIRTIO_BIT(VIRTIO_F_RING_PACKED))
        skip(test, "stress.short_walk is in packed rings");
    fixture_use_packed_rings(test);
    walk_begin(&walk, test);
    for (unsigned i = 0; i < SHORT_EPISODES; i++)
        if (!walk_episode(&walk))
            break;
    walk_print(&walk);
}

/* Every episode by a CPU chosen at random: what one has left must hold for the next. */
TEST(walk_of_all_cpus, .needs = NEEDS | NEEDS_CPUS, .limit_s = 60, .requests = WALK_REQUESTS)
{
    bool is_going_on = true;

    walk_begin(&walk, test);
    for (unsigned i = 0; i < SHORT_EPISODES && is_going_on; i++)
        run_on(test, (unsigned)rng_below(&test->rng, arch_cpu_count()), walk_on, &is_going_on);
    walk_print(&walk);
}

/* Runs by name only; `-t` says how long. Prints its counts every second. */
TEST(long_walk, .needs = NEEDS, .is_optional = true, .limit_s = 30, .adds_duration = true)
{
    uint64_t start = arch_now_ns(), printed = start;
    uint64_t end = start + test->fixture->options->seconds * NS_PER_S;

    walk_begin(&walk, test);
    while (arch_now_ns() < end && walk_episode(&walk))
        if (arch_now_ns() - printed >= NS_PER_S) {
            walk_print(&walk);
            printed += NS_PER_S;
        }
    walk_print(&walk);
}
