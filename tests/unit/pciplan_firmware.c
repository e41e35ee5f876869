// SPDX-License-Identifier: BSD-2-Clause
/* What firmware has assigned is kept where it makes sense. */
#include "lib/array/array.h"
#include "tests/unit/fixtures/plans.h"
#include "tests/unit/fixtures/unit.h"

static void test_firmware_is_kept(void)
{
    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned bridge = plan_add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *behind = plan_add_one(bridge, '3', 4 * KIB);
    struct pciplan_bar *new_behind = plan_add_one(bridge, '3', 4 * KIB);
    struct pciplan_bar *on_root = plan_add_one(PCIPLAN_ROOT, '3', 4 * KIB);
    struct pciplan_bar *new_on_root = plan_add_one(PCIPLAN_ROOT, '3', 64 * MIB);

    plan_window_of(bridge, PCIPLAN_MEMORY)->base = 0x11000000;
    plan_window_of(bridge, PCIPLAN_MEMORY)->size = 2 * MIB;
    plan_window_of(bridge, PCIPLAN_IO)->base = 0x1000; /* nothing is behind it */
    plan_window_of(bridge, PCIPLAN_IO)->size = 0x1000;
    behind->base = 0x11100000;
    on_root->base = 0x10000000;
    plan_assign(0);
    CHECK_EQ(behind->state, PCIPLAN_KEPT);
    CHECK_EQ(on_root->state, PCIPLAN_KEPT);
    CHECK_EQ(plan_window_of(bridge, PCIPLAN_MEMORY)->state, PCIPLAN_KEPT);
    CHECK_EQ(plan_window_of(bridge, PCIPLAN_IO)->size, 0);
    CHECK_EQ(new_behind->base, 0x11000000);
    CHECK_EQ(new_on_root->base, 0x14000000);
}

static void test_firmware_without_sense(void)
{
    static const struct {
        uint64_t base, size;
    } table[] = {
        {0x10000800, 4 * KIB}, /* not aligned */
        {0x50000000, 4 * KIB}, /* in no window of the host */
        {0x3efe0000, 1 * MIB}, /* leaves its window */
        {0x20000000, 4 * KIB}, /* where another was before */
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(table); i++) {
        plan_start(host_windows, ARRAY_LENGTH(host_windows));
        struct pciplan_bar *first = plan_add_one(PCIPLAN_ROOT, '3', 1 * MIB);
        struct pciplan_bar *bar = plan_add_one(PCIPLAN_ROOT, '3', table[i].size);

        first->base = 0x20000000;
        bar->base = table[i].base;
        plan_assign(0);
        CHECK_EQ(first->state, PCIPLAN_KEPT);
        CHECK_EQ(bar->state, PCIPLAN_PLACED);
        CHECK(bar->base != table[i].base);
    }
}

static void test_kept_window_is_full(void)
{
    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned bridge = plan_add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *kept = plan_add_one(bridge, '3', 1 * MIB);
    struct pciplan_bar *late = plan_add_one(bridge, '3', 4 * KIB);

    plan_window_of(bridge, PCIPLAN_MEMORY)->base = kept->base = 0x11000000;
    plan_window_of(bridge, PCIPLAN_MEMORY)->size = 1 * MIB;
    plan_assign(1);
    CHECK_EQ(kept->base, 0x11000000);
    CHECK_EQ(late->state, PCIPLAN_REFUSED);
}

int main(void)
{
    static const struct unit units[] = {
        {"firmware_is_kept", test_firmware_is_kept},
        {"firmware_without_sense", test_firmware_without_sense},
        {"kept_window_is_full", test_kept_window_is_full},
    };

    return unit_main("pciplan_firmware", units, ARRAY_LENGTH(units));
}
