// SPDX-License-Identifier: BSD-2-Clause
/* Random requests against the model: a fixed number of them in every run, more by time. */
#include "tests/framework/cpu.h"
#include "tests/suites/stress/walk.h"

#define SUITE "stress"
#define NEEDS (NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP)

#define SHORT_EPISODES 60
#define NS_PER_S       1000000000ull

static struct walk walk; /* too large for a stack frame */

/* The same requests for the same seed, whatever the machine's speed. */
TEST(short_walk, .needs = NEEDS, .limit_s = 60)
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

/* The same with the other format of rings. */
TEST(walk_in_packed_rings, .needs = NEEDS, .limit_s = 60)
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

/* Every episode by a CPU that is drawn by lot. */
TEST(walk_of_all_cpus, .needs = NEEDS | NEEDS_CPUS, .limit_s = 60)
{
    bool is_going_on = true;

    walk_begin(&walk, test);
    for (unsigned i = 0; i < SHORT_EPISODES && is_going_on; i++)
        run_on(test, (unsigned)rng_below(&test->rng, arch_cpu_count()), walk_on, &is_going_on);
    walk_print(&walk);
}

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
