// SPDX-License-Identifier: BSD-2-Clause
/* Trees at random: what every plan must keep, and that a plan is kept when it is made again. */
#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "tests/unit/fixtures/plans.h"
#include "tests/unit/fixtures/unit.h"

#define TREES 3000

/* first .. last, both included. */
static uint64_t between(struct rng *rng, uint64_t first, uint64_t last)
{
    return first + rng_below(rng, last - first + 1);
}

static void random_bar(struct rng *rng, struct pciplan_bar *bar, unsigned size_bits)
{
    unsigned type = (unsigned)rng_below(rng, 5);

    *bar = (struct pciplan_bar){
        .is_io = type == 0,
        .is_64bit = type >= 3,
        .is_prefetchable = type == 2 || type == 4,
        .size = 1ull << (type ? between(rng, 4, size_bits) : between(rng, 2, 8)),
    };
    if (rng_chance(rng, 1, 3)) /* some were assigned, and not all of them well */
        bar->base =
            (bar->is_io ? rng_below(rng, 1 << 16) : 0x10000000 + rng_below(rng, 0x30000000)) &
            ~(bar->size - 1);
}

static void random_window(struct rng *rng, struct pciplan_window *window, enum pciplan_kind kind)
{
    uint64_t granule = kind == PCIPLAN_IO ? 4 * KIB : MIB;

    if (!rng_chance(rng, 1, 3))
        return;
    window->base = granule * rng_below(rng, 16) + (kind == PCIPLAN_IO ? 0 : 0x10000000);
    window->size = granule * rng_below(rng, 8);
}

static void random_tree(struct rng *rng, unsigned size_bits)
{
    static const uint64_t prefetchable[] = {0, UINT32_MAX, UINT64_MAX, UINT64_MAX};
    uint32_t bridges[PCIPLAN_MAX_FUNCTIONS + 1] = {PCIPLAN_ROOT};
    unsigned bridge_count = 1, count = (unsigned)between(rng, 1, 40);

    plan_start(host_windows, (unsigned)between(rng, 0, ARRAY_LENGTH(host_windows)));
    for (unsigned i = 0; i < count; i++) {
        bool is_bridge = rng_chance(rng, 1, 3);
        uint32_t parent = bridges[rng_below(rng, bridge_count)];
        unsigned index = is_bridge ? plan_add_bridge(parent) : plan_add(parent);
        unsigned bars = (unsigned)rng_below(rng, (is_bridge ? 2 : PCIPLAN_BARS) + 1);

        for (unsigned n = 0; n < bars; n++)
            random_bar(rng, &plan.functions[index].bars[n], size_bits);
        if (!is_bridge)
            continue;
        bridges[bridge_count++] = index;
        plan_window_of(index, PCIPLAN_PREFETCHABLE)->last = prefetchable[rng_below(rng, 4)];
        plan_window_of(index, PCIPLAN_IO)->last = rng_chance(rng, 1, 8) ? 0 : UINT16_MAX;
        for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++)
            random_window(rng, plan_window_of(index, kind), kind);
    }
}

static void test_random_trees(void)
{
    struct rng rng;
    unsigned kept = 0, placed = 0, refused = 0;

    rng_seed(&rng, 1);
    for (unsigned tree = 0; tree < TREES; tree++) {
        random_tree(&rng, tree % 2 ? 20 : 33);
        CHECK_EQ(pciplan_assign(&plan), plan_check());
        for (unsigned i = 0; i < plan.function_count; i++)
            for (unsigned n = 0; n < PCIPLAN_BARS; n++) {
                enum pciplan_state state = plan.functions[i].bars[n].state;

                kept += state == PCIPLAN_KEPT;
                placed += state == PCIPLAN_PLACED;
                refused += state == PCIPLAN_REFUSED;
            }
    }
    CHECK(kept > 1000 && placed > 1000 && refused > 1000);
}

/* A plan is a fixed point: as firmware's work it is kept whole. */
static void test_plans_are_kept(void)
{
    static const struct machine_window all[] = {
        {MACHINE_WINDOW_IO, false, 0, 0, 64 * KIB},
        {MACHINE_WINDOW_32, false, 0x10000000, 0x10000000, 0x70000000},
        {MACHINE_WINDOW_64, true, 512 * GIB, 512 * GIB, 512 * GIB},
    };
    struct rng rng;

    rng_seed(&rng, 2);
    for (unsigned tree = 0; tree < TREES / 10; tree++) {
        random_tree(&rng, 20);
        unsigned count = plan.function_count;

        plan_start(all, ARRAY_LENGTH(all));
        plan.function_count = count;
        pciplan_assign(&plan);
        pciplan_assign(&plan);
        plan_check();
        for (unsigned i = 0; i < plan.function_count; i++)
            for (unsigned n = 0; n < PCIPLAN_BARS; n++)
                CHECK(plan.functions[i].bars[n].state != PCIPLAN_PLACED);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"random_trees", test_random_trees},
        {"plans_are_kept", test_plans_are_kept},
    };

    return unit_main("pciplan_random", units, ARRAY_LENGTH(units));
}
