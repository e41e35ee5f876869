// SPDX-License-Identifier: BSD-2-Clause
/* Where BARs and windows of bridges go, where nothing has been assigned. */
#include "lib/array/array.h"
#include "tests/unit/fixtures/plans.h"
#include "tests/unit/fixtures/unit.h"

static void test_empty(void)
{
    plan_start(NULL, 0);
    plan_assign(0);
    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    plan_add(PCIPLAN_ROOT);
    plan_assign(0);
}

static void test_root_bus(void)
{
    static const struct {
        char type;
        uint64_t size, base;
    } table[] = {
        {'3', 16, 0x10101000},      {'3', 1 * MIB, 0x10000000}, {'#', 4 * KIB, 0x10100000},
        {'6', 2 * KIB, 0x10101800}, {'^', 1 * MIB, 512 * GIB},  {'i', 32, 4 * KIB + 256},
        {'i', 256, 4 * KIB},
    };

    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    for (unsigned i = 0; i < ARRAY_LENGTH(table); i++)
        plan_add_one(PCIPLAN_ROOT, table[i].type, table[i].size);
    plan_assign(0);
    for (unsigned i = 0; i < ARRAY_LENGTH(table); i++)
        CHECK_EQ(plan.functions[i].bars[0].base, table[i].base);
}

/*
 * Only the 64-bit BARs can leave the low window, and the one that is not prefetchable does it last.
 */
static void test_low_and_high(void)
{
    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    struct pciplan_bar *wide = plan_add_one(PCIPLAN_ROOT, '6', 512 * MIB);
    struct pciplan_bar *narrow = plan_add_one(PCIPLAN_ROOT, '3', 256 * MIB);
    struct pciplan_bar *huge = plan_add_one(PCIPLAN_ROOT, '6', 4 * GIB);
    struct pciplan_bar *too_large = plan_add_one(PCIPLAN_ROOT, '3', 1 * GIB);

    plan_assign(1);
    CHECK_EQ(wide->base, 512 * GIB + 4 * GIB);
    CHECK_EQ(narrow->base, 0x10000000);
    CHECK_EQ(huge->base, 512 * GIB);
    CHECK_EQ(too_large->state, PCIPLAN_REFUSED);
}

static void test_bridge_windows(void)
{
    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned outer = plan_add_bridge(PCIPLAN_ROOT);
    unsigned inner = plan_add_bridge(outer);
    struct pciplan_bar *narrow = plan_add_one(inner, '3', 4 * KIB);
    struct pciplan_bar *wide = plan_add_one(inner, '6', 2 * MIB);
    struct pciplan_bar *wide_prefetchable = plan_add_one(inner, '^', 8 * GIB);
    struct pciplan_bar *narrow_prefetchable = plan_add_one(inner, '#', 16 * KIB);
    struct pciplan_bar *io = plan_add_one(inner, 'i', 16);
    unsigned idle = plan_add_bridge(PCIPLAN_ROOT);

    plan_assign(0);
    CHECK(wide->base <= UINT32_MAX && narrow->base > wide->base);
    CHECK(narrow_prefetchable->base <= UINT32_MAX);
    CHECK_EQ(wide_prefetchable->base, 512 * GIB);
    CHECK_EQ(io->base, 4 * KIB);
    CHECK_EQ(plan_window_of(inner, PCIPLAN_MEMORY)->size, 3 * MIB);
    CHECK_EQ(plan_window_of(outer, PCIPLAN_MEMORY)->size, 3 * MIB);
    CHECK_EQ(plan_window_of(outer, PCIPLAN_PREFETCHABLE)->base, 512 * GIB);
    CHECK_EQ(plan_window_of(outer, PCIPLAN_IO)->size, 4 * KIB);
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++)
        CHECK_EQ(plan_window_of(idle, kind)->size, 0);
}

/* A bridge in between that passes prefetchable memory below 4 GiB only, or not at all. */
static void test_narrow_bridges(void)
{
    static const uint64_t lasts[] = {0, UINT32_MAX};

    for (unsigned i = 0; i < ARRAY_LENGTH(lasts); i++) {
        plan_start(host_windows, ARRAY_LENGTH(host_windows));
        unsigned outer = plan_add_bridge(PCIPLAN_ROOT);
        unsigned inner = plan_add_bridge(outer);
        struct pciplan_bar *bar = plan_add_one(inner, '^', 16 * KIB);

        plan_window_of(outer, PCIPLAN_PREFETCHABLE)->last = lasts[i];
        plan_assign(0);
        CHECK(bar->base && bar->base <= UINT32_MAX);
        CHECK_EQ(plan_window_of(outer, PCIPLAN_MEMORY)->size, MIB);
        CHECK_EQ(plan_window_of(outer, PCIPLAN_PREFETCHABLE)->size, 0);
    }
    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned bridge = plan_add_bridge(PCIPLAN_ROOT);

    plan_window_of(bridge, PCIPLAN_IO)->last = 0;
    plan_add_one(bridge, 'i', 16);
    plan_assign(1);
}

/* Without a high window prefetchable memory has its own window all the same. */
static void test_prefetchable_below_4g(void)
{
    static const struct machine_window windows[] = {
        {MACHINE_WINDOW_32, true, 0x40000000, 0x40000000, 256 * MIB},
        {MACHINE_WINDOW_32, false, 0x50000000, 0x50000000, 256 * MIB},
    };

    plan_start(windows, ARRAY_LENGTH(windows));
    unsigned bridge = plan_add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *wide = plan_add_one(bridge, '^', 16 * KIB);
    struct pciplan_bar *narrow = plan_add_one(bridge, '#', 16 * KIB);
    struct pciplan_bar *plain = plan_add_one(bridge, '3', 16 * KIB);
    struct pciplan_bar *on_root = plan_add_one(PCIPLAN_ROOT, '#', 16 * KIB);

    plan_assign(0);
    CHECK_EQ(wide->base, 0x40000000);
    CHECK_EQ(narrow->base, 0x40004000);
    CHECK_EQ(plain->base, 0x50000000);
    CHECK_EQ(on_root->base, 0x40100000);
}

static void test_only_what_is_too_large_is_lost(void)
{
    static const struct machine_window low = {MACHINE_WINDOW_32, false, 0xc0000000, 0xc0000000,
                                              512 * MIB};
    plan_start(&low, 1);
    unsigned bridge = plan_add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *small = plan_add_one(bridge, '3', 4 * KIB);
    struct pciplan_bar *huge = plan_add_one(bridge, '6', 2 * GIB);
    struct pciplan_bar *absurd = plan_add_one(bridge, '6', 1ull << 63);
    struct pciplan_bar *no_io = plan_add_one(PCIPLAN_ROOT, 'i', 16);
    struct pciplan_bar *odd = plan_add_one(PCIPLAN_ROOT, '3', 0xff00);

    plan_assign(4);
    CHECK_EQ(small->base, 0xc0000000);
    CHECK_EQ(huge->state, PCIPLAN_REFUSED);
    CHECK_EQ(absurd->state, PCIPLAN_REFUSED);
    CHECK_EQ(no_io->state, PCIPLAN_REFUSED);
    CHECK_EQ(odd->state, PCIPLAN_REFUSED);
}

static void test_host_windows_without_sense(void)
{
    static const struct machine_window windows[] = {
        {MACHINE_WINDOW_32, false, 0x10000000, 0, 0},
        {MACHINE_WINDOW_64, false, UINT64_MAX - 4095, 0, 8192},
        {MACHINE_WINDOW_32, false, 8 * GIB, 0, MIB},
        {MACHINE_WINDOW_IO, false, 0, 0, 4 * KIB},
        {MACHINE_WINDOW_32, false, 4 * GIB - 8 * KIB, 0, GIB},
    };

    plan_start(windows, ARRAY_LENGTH(windows));
    struct pciplan_bar *fits = plan_add_one(PCIPLAN_ROOT, '3', 8 * KIB);

    plan_add_one(PCIPLAN_ROOT, '6', 4 * KIB);
    plan_add_one(PCIPLAN_ROOT, 'i', 16);
    CHECK_EQ(pciplan_assign(&plan), 2);
    CHECK_EQ(fits->base, 4 * GIB - 8 * KIB);
}

static void test_full_table(void)
{
    plan_start(host_windows, ARRAY_LENGTH(host_windows));
    for (unsigned i = 0; i < PCIPLAN_MAX_FUNCTIONS; i++) {
        unsigned index = plan_add(PCIPLAN_ROOT);

        for (unsigned n = 0; n < PCIPLAN_BARS; n++)
            plan_set_bar(index, n, '3', 4 * KIB << n);
    }
    plan_assign(0);
}

static void test_bus_numbers(void)
{
    struct pciplan_buses buses = {0}, more = {0};
    uint8_t first, last;

    CHECK(pciplan_buses_free(&buses, 1, 255, &first, &last));
    CHECK(first == 1 && last == 255);
    pciplan_buses_add(&buses, 1, 3);
    pciplan_buses_add(&more, 0x80, 0x80);
    pciplan_buses_join(&buses, &more);
    CHECK(pciplan_buses_free(&buses, 1, 255, &first, &last));
    CHECK(first == 4 && last == 0x7f);
    CHECK(pciplan_buses_free(&buses, 0x80, 255, &first, &last));
    CHECK(first == 0x81 && last == 255);
    CHECK(pciplan_buses_any(&buses, 3, 10) && !pciplan_buses_any(&buses, 4, 0x7f));
    CHECK(!pciplan_buses_free(&buses, 2, 3, &first, &last));
    CHECK(!pciplan_buses_free(&buses, 256, 255, &first, &last));
    pciplan_buses_add(&buses, 0, 255);
    CHECK(!pciplan_buses_free(&buses, 0, 255, &first, &last));
}

int main(void)
{
    static const struct unit units[] = {
        {"empty", test_empty},
        {"root_bus", test_root_bus},
        {"low_and_high", test_low_and_high},
        {"bridge_windows", test_bridge_windows},
        {"narrow_bridges", test_narrow_bridges},
        {"prefetchable_below_4g", test_prefetchable_below_4g},
        {"only_what_is_too_large_is_lost", test_only_what_is_too_large_is_lost},
        {"host_windows_without_sense", test_host_windows_without_sense},
        {"full_table", test_full_table},
        {"bus_numbers", test_bus_numbers},
    };

    return unit_main("pciplan", units, ARRAY_LENGTH(units));
}
