// SPDX-License-Identifier: BSD-2-Clause
/* Plans for trees of functions: by table, and for random trees whose plans must add up. */
#include "lib/pciplan/pciplan.h"
#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "tests/unit/fixtures/unit.h"

#define KIB   1024ull
#define MIB   (1024 * KIB)
#define GIB   (1024 * MIB)
#define TREES 3000

static struct pciplan plan;

static const struct machine_window host_windows[] = {
    {MACHINE_WINDOW_IO, false, 0, 0x3eff0000, 64 * KIB},
    {MACHINE_WINDOW_32, false, 0x10000000, 0x10000000, 0x2eff0000},
    {MACHINE_WINDOW_64, false, 512 * GIB, 512 * GIB, 512 * GIB},
};

static void start(const struct machine_window *windows, unsigned count)
{
    plan.host_count = count;
    for (unsigned i = 0; i < count; i++)
        plan.host[i] = windows[i];
    plan.function_count = 0;
}

static unsigned add(uint32_t parent)
{
    plan.functions[plan.function_count] = (struct pciplan_function){.parent = parent};
    return plan.function_count++;
}

static unsigned add_bridge(uint32_t parent)
{
    unsigned index = add(parent);
    struct pciplan_window *windows = plan.functions[index].windows;

    windows[PCIPLAN_IO].last = UINT16_MAX;
    windows[PCIPLAN_MEMORY].last = UINT32_MAX;
    windows[PCIPLAN_PREFETCHABLE].last = UINT64_MAX;
    return index;
}

/* `type`: i for I/O; 3 and 6 for memory with that width (32, 64), # and ^ where prefetchable. */
static struct pciplan_bar *set_bar(unsigned function, unsigned index, char type, uint64_t size)
{
    struct pciplan_bar *bar = &plan.functions[function].bars[index];

    *bar = (struct pciplan_bar){
        .size = size,
        .is_io = type == 'i',
        .is_64bit = type == '6' || type == '^',
        .is_prefetchable = type == '#' || type == '^',
    };
    return bar;
}

/* The only function of a bus, with one BAR. */
static struct pciplan_bar *add_one(uint32_t parent, char type, uint64_t size)
{
    return set_bar(add(parent), 0, type, size);
}

static struct pciplan_window *window_of(unsigned bridge, enum pciplan_kind kind)
{
    return &plan.functions[bridge].windows[kind];
}

struct span {
    uint64_t first, last;
    bool is_io;
};

static bool inside(const struct span *span, uint64_t base, uint64_t size)
{
    return size && span->first >= base && span->last - base < size && span->last >= base;
}

static bool host_reaches(const struct span *span, bool is_prefetchable)
{
    for (unsigned i = 0; i < plan.host_count; i++) {
        const struct machine_window *window = &plan.host[i];

        if ((window->kind == MACHINE_WINDOW_IO) == span->is_io &&
            (!window->is_prefetchable || is_prefetchable) &&
            inside(span, window->bus, window->size))
            return true;
    }
    return false;
}

static bool is_reached(uint32_t parent, const struct span *span, bool is_prefetchable)
{
    if (parent == PCIPLAN_ROOT)
        return host_reaches(span, is_prefetchable);
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        const struct pciplan_window *window = window_of(parent, kind);

        if ((kind == PCIPLAN_IO) == span->is_io &&
            (kind != PCIPLAN_PREFETCHABLE || is_prefetchable) &&
            inside(span, window->base, window->size))
            return true;
    }
    return false;
}

/* Everything of a function that occupies addresses. */
static unsigned spans_of(const struct pciplan_function *function, struct span *spans)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PCIPLAN_BARS; i++) {
        const struct pciplan_bar *bar = &function->bars[i];

        if (bar->base)
            spans[count++] = (struct span){bar->base, bar->base + bar->size - 1, bar->is_io};
    }
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        const struct pciplan_window *window = &function->windows[kind];

        if (window->size)
            spans[count++] =
                (struct span){window->base, window->base + window->size - 1, kind == PCIPLAN_IO};
    }
    return count;
}

static void check_bars(const struct pciplan_function *function)
{
    for (unsigned i = 0; i < PCIPLAN_BARS; i++) {
        const struct pciplan_bar *bar = &function->bars[i];
        const struct span span = {bar->base, bar->base + bar->size - 1, bar->is_io};

        CHECK(bar->state != PCIPLAN_OPEN || !bar->size);
        CHECK(!bar->base == (!bar->size || bar->state == PCIPLAN_REFUSED));
        if (!bar->base)
            continue;
        CHECK_EQ(bar->base % bar->size, 0);
        CHECK(span.last >= span.first);
        CHECK(span.last <= UINT32_MAX || (bar->is_64bit && !bar->is_io));
        CHECK(is_reached(function->parent, &span, bar->is_prefetchable));
    }
}

static void check_windows(const struct pciplan_function *function)
{
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        const struct pciplan_window *window = &function->windows[kind];
        const struct span span = {window->base, window->base + window->size - 1,
                                  kind == PCIPLAN_IO};
        uint64_t granule = kind == PCIPLAN_IO ? 4 * KIB : MIB;

        if (!window->size)
            continue;
        CHECK(window->last);
        CHECK_EQ(window->base % granule, 0);
        CHECK_EQ(window->size % granule, 0);
        CHECK(span.last >= span.first && span.last <= window->last);
        CHECK(is_reached(function->parent, &span, kind == PCIPLAN_PREFETCHABLE));
    }
}

static void check_apart(const struct pciplan_function *a, const struct pciplan_function *b)
{
    struct span spans_a[PCIPLAN_BARS + PCIPLAN_KINDS], spans_b[PCIPLAN_BARS + PCIPLAN_KINDS];
    unsigned count_a = spans_of(a, spans_a), count_b = spans_of(b, spans_b);

    for (unsigned i = 0; i < count_a; i++)
        for (unsigned k = a == b ? i + 1 : 0; k < count_b; k++)
            CHECK(spans_a[i].is_io != spans_b[k].is_io || spans_a[i].last < spans_b[k].first ||
                  spans_b[k].last < spans_a[i].first);
}

/* What any plan must satisfy; returns how many BARs have no address. */
static unsigned check_plan(void)
{
    unsigned refused = 0;

    for (unsigned i = 0; i < plan.function_count; i++) {
        const struct pciplan_function *function = &plan.functions[i];

        check_bars(function);
        check_windows(function);
        for (unsigned k = i; k < plan.function_count; k++)
            if (plan.functions[k].parent == function->parent)
                check_apart(function, &plan.functions[k]);
        for (unsigned n = 0; n < PCIPLAN_BARS; n++)
            refused += function->bars[n].state == PCIPLAN_REFUSED;
    }
    return refused;
}

static void assign(unsigned refused)
{
    CHECK_EQ(pciplan_assign(&plan), refused);
    CHECK_EQ(check_plan(), refused);
}

static void test_empty(void)
{
    start(NULL, 0);
    assign(0);
    start(host_windows, ARRAY_LENGTH(host_windows));
    add(PCIPLAN_ROOT);
    assign(0);
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

    start(host_windows, ARRAY_LENGTH(host_windows));
    for (unsigned i = 0; i < ARRAY_LENGTH(table); i++)
        add_one(PCIPLAN_ROOT, table[i].type, table[i].size);
    assign(0);
    for (unsigned i = 0; i < ARRAY_LENGTH(table); i++)
        CHECK_EQ(plan.functions[i].bars[0].base, table[i].base);
}

/*
 * Only the 64-bit BARs can leave the low window, and the one that is not prefetchable does it last.
 */
static void test_low_and_high(void)
{
    start(host_windows, ARRAY_LENGTH(host_windows));
    struct pciplan_bar *wide = add_one(PCIPLAN_ROOT, '6', 512 * MIB);
    struct pciplan_bar *narrow = add_one(PCIPLAN_ROOT, '3', 256 * MIB);
    struct pciplan_bar *huge = add_one(PCIPLAN_ROOT, '6', 4 * GIB);
    struct pciplan_bar *too_large = add_one(PCIPLAN_ROOT, '3', 1 * GIB);

    assign(1);
    CHECK_EQ(wide->base, 512 * GIB + 4 * GIB);
    CHECK_EQ(narrow->base, 0x10000000);
    CHECK_EQ(huge->base, 512 * GIB);
    CHECK_EQ(too_large->state, PCIPLAN_REFUSED);
}

static void test_bridge_windows(void)
{
    start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned outer = add_bridge(PCIPLAN_ROOT);
    unsigned inner = add_bridge(outer);
    struct pciplan_bar *narrow = add_one(inner, '3', 4 * KIB);
    struct pciplan_bar *wide = add_one(inner, '6', 2 * MIB);
    struct pciplan_bar *wide_prefetchable = add_one(inner, '^', 8 * GIB);
    struct pciplan_bar *narrow_prefetchable = add_one(inner, '#', 16 * KIB);
    struct pciplan_bar *io = add_one(inner, 'i', 16);
    unsigned idle = add_bridge(PCIPLAN_ROOT);

    assign(0);
    CHECK(wide->base <= UINT32_MAX && narrow->base > wide->base);
    CHECK(narrow_prefetchable->base <= UINT32_MAX);
    CHECK_EQ(wide_prefetchable->base, 512 * GIB);
    CHECK_EQ(io->base, 4 * KIB);
    CHECK_EQ(window_of(inner, PCIPLAN_MEMORY)->size, 3 * MIB);
    CHECK_EQ(window_of(outer, PCIPLAN_MEMORY)->size, 3 * MIB);
    CHECK_EQ(window_of(outer, PCIPLAN_PREFETCHABLE)->base, 512 * GIB);
    CHECK_EQ(window_of(outer, PCIPLAN_IO)->size, 4 * KIB);
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++)
        CHECK_EQ(window_of(idle, kind)->size, 0);
}

/* A bridge in between that passes prefetchable memory below 4 GiB only, or not at all. */
static void test_narrow_bridges(void)
{
    static const uint64_t lasts[] = {0, UINT32_MAX};

    for (unsigned i = 0; i < ARRAY_LENGTH(lasts); i++) {
        start(host_windows, ARRAY_LENGTH(host_windows));
        unsigned outer = add_bridge(PCIPLAN_ROOT);
        unsigned inner = add_bridge(outer);
        struct pciplan_bar *bar = add_one(inner, '^', 16 * KIB);

        window_of(outer, PCIPLAN_PREFETCHABLE)->last = lasts[i];
        assign(0);
        CHECK(bar->base && bar->base <= UINT32_MAX);
        CHECK_EQ(window_of(outer, PCIPLAN_MEMORY)->size, MIB);
        CHECK_EQ(window_of(outer, PCIPLAN_PREFETCHABLE)->size, 0);
    }
    start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned bridge = add_bridge(PCIPLAN_ROOT);

    window_of(bridge, PCIPLAN_IO)->last = 0;
    add_one(bridge, 'i', 16);
    assign(1);
}

/* Without a high window prefetchable memory has its own window all the same. */
static void test_prefetchable_below_4g(void)
{
    static const struct machine_window windows[] = {
        {MACHINE_WINDOW_32, true, 0x40000000, 0x40000000, 256 * MIB},
        {MACHINE_WINDOW_32, false, 0x50000000, 0x50000000, 256 * MIB},
    };

    start(windows, ARRAY_LENGTH(windows));
    unsigned bridge = add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *wide = add_one(bridge, '^', 16 * KIB);
    struct pciplan_bar *narrow = add_one(bridge, '#', 16 * KIB);
    struct pciplan_bar *plain = add_one(bridge, '3', 16 * KIB);
    struct pciplan_bar *on_root = add_one(PCIPLAN_ROOT, '#', 16 * KIB);

    assign(0);
    CHECK_EQ(wide->base, 0x40000000);
    CHECK_EQ(narrow->base, 0x40004000);
    CHECK_EQ(plain->base, 0x50000000);
    CHECK_EQ(on_root->base, 0x40100000);
}

static void test_only_what_is_too_large_is_lost(void)
{
    static const struct machine_window low = {MACHINE_WINDOW_32, false, 0xc0000000, 0xc0000000,
                                              512 * MIB};
    start(&low, 1);
    unsigned bridge = add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *small = add_one(bridge, '3', 4 * KIB);
    struct pciplan_bar *huge = add_one(bridge, '6', 2 * GIB);
    struct pciplan_bar *absurd = add_one(bridge, '6', 1ull << 63);
    struct pciplan_bar *no_io = add_one(PCIPLAN_ROOT, 'i', 16);
    struct pciplan_bar *odd = add_one(PCIPLAN_ROOT, '3', 0xff00);

    assign(4);
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

    start(windows, ARRAY_LENGTH(windows));
    struct pciplan_bar *fits = add_one(PCIPLAN_ROOT, '3', 8 * KIB);

    add_one(PCIPLAN_ROOT, '6', 4 * KIB);
    add_one(PCIPLAN_ROOT, 'i', 16);
    CHECK_EQ(pciplan_assign(&plan), 2);
    CHECK_EQ(fits->base, 4 * GIB - 8 * KIB);
}

static void test_firmware_is_kept(void)
{
    start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned bridge = add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *behind = add_one(bridge, '3', 4 * KIB);
    struct pciplan_bar *new_behind = add_one(bridge, '3', 4 * KIB);
    struct pciplan_bar *on_root = add_one(PCIPLAN_ROOT, '3', 4 * KIB);
    struct pciplan_bar *new_on_root = add_one(PCIPLAN_ROOT, '3', 64 * MIB);

    window_of(bridge, PCIPLAN_MEMORY)->base = 0x11000000;
    window_of(bridge, PCIPLAN_MEMORY)->size = 2 * MIB;
    window_of(bridge, PCIPLAN_IO)->base = 0x1000; /* nothing is behind it */
    window_of(bridge, PCIPLAN_IO)->size = 0x1000;
    behind->base = 0x11100000;
    on_root->base = 0x10000000;
    assign(0);
    CHECK_EQ(behind->state, PCIPLAN_KEPT);
    CHECK_EQ(on_root->state, PCIPLAN_KEPT);
    CHECK_EQ(window_of(bridge, PCIPLAN_MEMORY)->state, PCIPLAN_KEPT);
    CHECK_EQ(window_of(bridge, PCIPLAN_IO)->size, 0);
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
        start(host_windows, ARRAY_LENGTH(host_windows));
        struct pciplan_bar *first = add_one(PCIPLAN_ROOT, '3', 1 * MIB);
        struct pciplan_bar *bar = add_one(PCIPLAN_ROOT, '3', table[i].size);

        first->base = 0x20000000;
        bar->base = table[i].base;
        assign(0);
        CHECK_EQ(first->state, PCIPLAN_KEPT);
        CHECK_EQ(bar->state, PCIPLAN_PLACED);
        CHECK(bar->base != table[i].base);
    }
}

static void test_kept_window_is_full(void)
{
    start(host_windows, ARRAY_LENGTH(host_windows));
    unsigned bridge = add_bridge(PCIPLAN_ROOT);
    struct pciplan_bar *kept = add_one(bridge, '3', 1 * MIB);
    struct pciplan_bar *late = add_one(bridge, '3', 4 * KIB);

    window_of(bridge, PCIPLAN_MEMORY)->base = kept->base = 0x11000000;
    window_of(bridge, PCIPLAN_MEMORY)->size = 1 * MIB;
    assign(1);
    CHECK_EQ(kept->base, 0x11000000);
    CHECK_EQ(late->state, PCIPLAN_REFUSED);
}

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

    start(host_windows, (unsigned)between(rng, 0, ARRAY_LENGTH(host_windows)));
    for (unsigned i = 0; i < count; i++) {
        bool is_bridge = rng_chance(rng, 1, 3);
        uint32_t parent = bridges[rng_below(rng, bridge_count)];
        unsigned index = is_bridge ? add_bridge(parent) : add(parent);
        unsigned bars = (unsigned)rng_below(rng, (is_bridge ? 2 : PCIPLAN_BARS) + 1);

        for (unsigned n = 0; n < bars; n++)
            random_bar(rng, &plan.functions[index].bars[n], size_bits);
        if (!is_bridge)
            continue;
        bridges[bridge_count++] = index;
        window_of(index, PCIPLAN_PREFETCHABLE)->last = prefetchable[rng_below(rng, 4)];
        window_of(index, PCIPLAN_IO)->last = rng_chance(rng, 1, 8) ? 0 : UINT16_MAX;
        for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++)
            random_window(rng, window_of(index, kind), kind);
    }
}

static void test_random_trees(void)
{
    struct rng rng;
    unsigned kept = 0, placed = 0, refused = 0;

    rng_seed(&rng, 1);
    for (unsigned tree = 0; tree < TREES; tree++) {
        random_tree(&rng, tree % 2 ? 20 : 33);
        CHECK_EQ(pciplan_assign(&plan), check_plan());
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

        start(all, ARRAY_LENGTH(all));
        plan.function_count = count;
        pciplan_assign(&plan);
        pciplan_assign(&plan);
        check_plan();
        for (unsigned i = 0; i < plan.function_count; i++)
            for (unsigned n = 0; n < PCIPLAN_BARS; n++)
                CHECK(plan.functions[i].bars[n].state != PCIPLAN_PLACED);
    }
}

static void test_full_table(void)
{
    start(host_windows, ARRAY_LENGTH(host_windows));
    for (unsigned i = 0; i < PCIPLAN_MAX_FUNCTIONS; i++) {
        unsigned index = add(PCIPLAN_ROOT);

        for (unsigned n = 0; n < PCIPLAN_BARS; n++)
            set_bar(index, n, '3', 4 * KIB << n);
    }
    assign(0);
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
        {"firmware_is_kept", test_firmware_is_kept},
        {"firmware_without_sense", test_firmware_without_sense},
        {"kept_window_is_full", test_kept_window_is_full},
        {"random_trees", test_random_trees},
        {"plans_are_kept", test_plans_are_kept},
        {"full_table", test_full_table},
        {"bus_numbers", test_bus_numbers},
    };

    return unit_main("pciplan", units, ARRAY_LENGTH(units));
}
