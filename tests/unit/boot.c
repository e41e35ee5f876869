// SPDX-License-Identifier: BSD-2-Clause
/* The PVH start info, good and damaged, and the memory map that it becomes. */
#include <string.h>

#include "boot/boot_info.h"
#include "boot/x86_64/pvh.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/guest_memory.h"
#include "tests/unit/fixtures/unit.h"

#define MEMORY_SIZE 0x3000u
#define START       0x100u
#define CMDLINE     0x200u
#define MAP         0x2000u
#define ENTRY_SIZE  24u
#define ENTRY_CAP   128u

static uint8_t bytes[MEMORY_SIZE];
static struct guest_memory lent = {bytes, MEMORY_SIZE, {0}, 0};
static const struct mem_view memory = {.map = guest_memory_map, .context = &lent};

static void put(uint64_t offset, uint64_t value, size_t size)
{
    guest_memory_put(&lent, offset, value, size);
}

static void put_entry(unsigned index, uint64_t base, uint64_t size, uint32_t type)
{
    put(MAP + index * ENTRY_SIZE, base, 8);
    put(MAP + index * ENTRY_SIZE + 8, size, 8);
    put(MAP + index * ENTRY_SIZE + 16, type, 4);
}

/* A start info as QEMU leaves it: three entries, a command line, an RSDP. */
static void build(void)
{
    memset(bytes, 0, MEMORY_SIZE);
    put(START, 0x336ec578, 4);
    put(START + 4, 1, 4);
    put(START + 24, CMDLINE, 8);
    put(START + 32, 0xf59e0, 8);
    put(START + 40, MAP, 8);
    put(START + 48, 3, 4);
    strcpy((char *)bytes + CMDLINE, "seed=1 run=conformance.map.*");
    put_entry(0, 0, 0x9fc00, 1);
    put_entry(1, 0xf0000, 0x10000, 2);
    put_entry(2, 0x100000, 0xff00000, 1);
}

static const struct boot_info *read_at(uint64_t address)
{
    static struct boot_info info;

    memset(&info, 0, sizeof(info));
    pvh_read(&memory, address, &info);
    guest_memory_return(&lent);
    return &info;
}

static void a_good_start_info(void)
{
    build();
    const struct boot_info *info = read_at(START);

    CHECK_EQ(info->diagnostic_count, 0);
    CHECK(!strcmp(info->protocol, "pvh"));
    CHECK(!strcmp(info->cmdline, "seed=1 run=conformance.map.*"));
    CHECK_EQ(info->rsdp, 0xf59e0);
    CHECK_EQ(info->memory_count, 3);
    CHECK_EQ(info->memory[2].first, 0x100000);
    CHECK_EQ(info->memory[2].last, 0xfffffff);
    CHECK_EQ(info->memory[1].kind, BOOT_FIRMWARE);
}

/* One value written over the good start info, and what must come of it. */
static const struct damage {
    const char *what;
    uint64_t offset, value;
    unsigned size;
    unsigned regions;
    const char *diagnostic; /* a part of the only one; NULL: none */
} damages[] = {
    {"magic", START, 0x336ec579, 4, 0, "offset 0: magic 0x336ec579"},
    {"version 0", START + 4, 0, 4, 0, "offset 4: version 0"},
    {"version 2", START + 4, 2, 4, 3, NULL},
    {"no command line", START + 24, 0, 8, 3, NULL},
    {"command line outside", START + 24, MEMORY_SIZE, 8, 3, "byte 0 of the command line"},
    {"command line at the end", START + 24, UINT64_MAX, 8, 3, "byte 0 of the command line"},
    {"map outside", START + 40, MEMORY_SIZE, 8, 0, "entry 0 can't be read"},
    {"map wraps", START + 40, UINT64_MAX - 30, 8, 0, "entry 0 can't be read"},
    {"map runs out", START + 40, MEMORY_SIZE - 2 * ENTRY_SIZE, 8, 0, "entry 2 can't be read"},
    {"no entries", START + 48, 0, 4, 0, "offset 48: no memory"},
    {"too many entries", START + 48, ENTRY_CAP + 1, 4, 3,
     "memmap_entries 129, expected at most 128"},
    {"very many entries", START + 48, UINT32_MAX, 4, 3, "memmap_entries 4294967295"},
    {"entry of size 0", MAP + 8, 0, 8, 2, NULL},
    {"entry wraps", MAP + ENTRY_SIZE + 8, UINT64_MAX - 0xf0000 + 2, 8, 2,
     "entry 1: offset 8: size"},
    {"type 0", MAP + 16, 0, 4, 3, "entry 0: offset 16: type 0"},
    {"type 8", MAP + 16, 8, 4, 3, "entry 0: offset 16: type 8"},
    {"type 7", MAP + 16, 7, 4, 3, NULL},
};

static void damaged_start_infos(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        const struct damage *damage = &damages[i];

        build();
        put(damage->offset, damage->value, damage->size);
        const struct boot_info *info = read_at(START);

        if (info->memory_count != damage->regions ||
            info->diagnostic_count != (damage->diagnostic != NULL) ||
            (damage->diagnostic && !strstr(info->diagnostics[0], damage->diagnostic)))
            unit_fail(__FILE__, __LINE__, "%s: %u regions, %u diagnostics, the first '%s'",
                      damage->what, info->memory_count, info->diagnostic_count,
                      info->diagnostics[0]);
    }
}

static void start_info_at_the_edge(void)
{
    static const uint64_t unreadable[] = {MEMORY_SIZE, MEMORY_SIZE - 39, UINT64_MAX,
                                          UINT64_MAX - 39};

    build();
    for (size_t i = 0; i < ARRAY_LENGTH(unreadable); i++) {
        const struct boot_info *info = read_at(unreadable[i]);

        CHECK_EQ(info->memory_count, 0);
        CHECK_EQ(info->diagnostic_count, 1);
    }
    /* 40 bytes are there, the 16 of version 1 are not. */
    memcpy(bytes + MEMORY_SIZE - 40, bytes + START, 40);
    CHECK(strstr(read_at(MEMORY_SIZE - 40)->diagnostics[0], "offset 40"));
}

static const struct boot_info *read_it(void)
{
    return read_at(START);
}

static void long_command_lines(void)
{
    guest_memory_check_long_lines(&lent, CMDLINE, build, read_it);
    /* No NUL before memory ends: what there is counts. */
    build();
    put(START + 24, MEMORY_SIZE - 5, 8);
    memcpy(bytes + MEMORY_SIZE - 5, "seed=", 5);
    CHECK(!strcmp(read_at(START)->cmdline, "seed="));
}

static bool is_in_order(const struct boot_info *info)
{
    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_region *region = &info->memory[i];

        if (region->last < region->first)
            return false;
        if (i && region[-1].last >= region->first)
            return false;
        if (i && region[-1].last + 1 == region->first && region[-1].kind == region->kind)
            return false;
    }
    return true;
}

static void garbage(void)
{
    for (unsigned round = 0; round < 20000; round++) {
        build();
        for (unsigned i = unit_random() % 8; i < 8; i++)
            put(START + 4 + unit_random() % 49, unit_random() >> unit_random() % 64, 4);
        put(START + 48, unit_random() % 200, 4);
        for (unsigned i = 0; i < 200; i++)
            put(MAP + unit_random() % (MEMORY_SIZE - MAP - 8), unit_random() >> unit_random() % 64,
                8);
        const struct boot_info *info = read_at(START);

        CHECK(is_in_order(info));
        CHECK(info->diagnostic_count <= BOOT_DIAGNOSTICS);
        CHECK(memchr(info->cmdline, 0, sizeof(info->cmdline)));
    }
}

/* Maps of up to five regions, in the order they are reported, and the map that comes of them. */
#define U BOOT_USABLE
#define F BOOT_FIRMWARE

static const struct {
    struct boot_region reported[5], kept[5];
} maps[] = {
    {{{0, 9, U}, {10, 19, U}}, {{0, 19, U}}},
    {{{10, 19, U}, {0, 9, U}}, {{0, 19, U}}},
    {{{0, 9, U}, {20, 29, U}, {5, 24, U}}, {{0, 29, U}}},
    {{{0, 9, U}, {10, 19, F}}, {{0, 9, U}, {10, 19, F}}},
    {{{0, 99, U}, {40, 49, F}}, {{0, 39, U}, {40, 49, F}, {50, 99, U}}},
    {{{40, 49, F}, {0, 99, U}}, {{0, 39, U}, {40, 49, F}, {50, 99, U}}},
    {{{40, 49, F}, {10, 19, F}, {15, 44, U}}, {{10, 19, F}, {20, 39, U}, {40, 49, F}}},
    {{{40, 49, F}, {41, 45, U}}, {{40, 49, F}}},
    {{{40, 49, F}, {0, 49, U}}, {{0, 39, U}, {40, 49, F}}},
    {{{40, 49, F}, {0, 48, U}}, {{0, 39, U}, {40, 49, F}}},
    {{{41, 45, U}, {40, 49, F}}, {{40, 49, F}}},
    {{{0, UINT64_MAX - 1, U}, {7, UINT64_MAX - 1, F}}, {{0, 6, U}, {7, UINT64_MAX - 1, F}}},
    {{{0, 9, U}, {20, 29, U}, {40, 49, U}, {5, 44, F}}, {{0, 4, U}, {5, 44, F}, {45, 49, U}}},
};

static bool is_same(const struct boot_region *a, const struct boot_region *b)
{
    return a->first == b->first && a->last == b->last && a->kind == b->kind;
}

static void maps_are_sorted_and_merged(void)
{
    static struct boot_info info;

    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++) {
        const struct boot_region *kept = maps[i].kept;
        bool same;

        memset(&info, 0, sizeof(info));
        for (unsigned j = 0; j < 5 && maps[i].reported[j].last; j++)
            CHECK(boot_add_memory(&info, maps[i].reported[j].first,
                                  maps[i].reported[j].last - maps[i].reported[j].first + 1,
                                  maps[i].reported[j].kind));
        same = info.memory_count == 5 || !kept[info.memory_count].last;
        for (unsigned j = 0; j < info.memory_count && j < 5; j++)
            same = same && is_same(&info.memory[j], &kept[j]);
        if (!same)
            unit_fail(__FILE__, __LINE__, "map %zu becomes %u regions, the first 0x%llx to 0x%llx",
                      i, info.memory_count, (unsigned long long)info.memory[0].first,
                      (unsigned long long)info.memory[0].last);
    }
}

static void wrapping_and_empty_ranges(void)
{
    static struct boot_info info;

    memset(&info, 0, sizeof(info));
    CHECK(!boot_add_memory(&info, 2, UINT64_MAX, BOOT_USABLE));
    CHECK(boot_add_memory(&info, 2, 0, BOOT_USABLE));
    CHECK_EQ(info.memory_count, 0);
    CHECK(boot_add_memory(&info, 1, UINT64_MAX, BOOT_USABLE));
    CHECK_EQ(info.memory[0].last, UINT64_MAX);
    CHECK(boot_add_memory(&info, UINT64_MAX, 1, BOOT_FIRMWARE));
    CHECK_EQ(info.memory[0].last, UINT64_MAX - 1);
}

static void more_regions_than_fit(void)
{
    static struct boot_info info;

    memset(&info, 0, sizeof(info));
    for (unsigned i = 0; i < BOOT_MEMORY_MAX + 20; i++)
        boot_add_memory(&info, i * 0x10000ull, 0x8000, BOOT_USABLE);
    CHECK_EQ(info.memory_count, BOOT_MEMORY_MAX);
    CHECK_EQ(info.diagnostic_count, BOOT_DIAGNOSTICS);
    CHECK_EQ(info.diagnostics_lost, 20 - BOOT_DIAGNOSTICS);
    CHECK(is_in_order(&info));
    /* Firmware that finds no place in the map still takes its bytes out of it. */
    boot_add_memory(&info, 0x10000, 0x1000, BOOT_FIRMWARE);
    for (unsigned i = 0; i < info.memory_count; i++)
        CHECK(info.memory[i].kind == BOOT_FIRMWARE || info.memory[i].last < 0x10000 ||
              info.memory[i].first >= 0x11000);
}

/* Memory reported, the hole, the limit; the stretch that must be found (last 0: none). */
static const struct {
    struct boot_region reported[3];
    uint64_t limit, hole_base, hole_end, first, last;
} searches[] = {
    {{{0x100000, 0x1fffff, U}}, 1ull << 32, 0, 0, 0x100000, 0x1fffff},
    {{{0, 0xfff, U}}, 1ull << 32, 0, 0, 0, 0},
    {{{0, 0x1fff, U}}, 1ull << 32, 0, 0, 0x1000, 0x1fff},
    {{{0x100000, 0x1fffff, F}}, 1ull << 32, 0, 0, 0, 0},
    {{{0x100000, 0x1fffff, U}}, 0x180000, 0, 0, 0x100000, 0x17ffff},
    {{{0x100000, 0x1fffff, U}}, 0x100000, 0, 0, 0, 0},
    {{{0x100000, 0x1fffff, U}}, 0x1fffff, 0, 0, 0x100000, 0x1ffffe},
    {{{0x100000, 0x1fffff, U}}, 1ull << 32, 0x80000, 0x90000, 0x100000, 0x1fffff},
    {{{0x100000, 0x1fffff, U}}, 1ull << 32, 0x120000, 0x130000, 0x130000, 0x1fffff},
    {{{0x100000, 0x1fffff, U}}, 1ull << 32, 0x1e0000, 0x1f0000, 0x100000, 0x1dffff},
    {{{0x100000, 0x1fffff, U}}, 1ull << 32, 0, 0x1f0000, 0x1f0000, 0x1fffff},
    {{{0x100000, 0x1fffff, U}}, 1ull << 32, 0x100000, 0x200000, 0, 0},
    {{{0x100000, 0x1fffff, U}}, 1ull << 32, 0x200000, 0x300000, 0x100000, 0x1fffff},
    {{{0x10000, 0xaffff, U}, {0x20000, 0x20fff, F}, {0x90000, 0xaffff, F}},
     1ull << 32,
     0,
     0,
     0x21000,
     0x8ffff},
    {{{0x100000, UINT64_MAX - 1, U}}, UINT64_MAX, 0, 0, 0x100000, UINT64_MAX - 1},
};

static void the_largest_usable_stretch(void)
{
    static struct boot_info info;

    for (size_t i = 0; i < ARRAY_LENGTH(searches); i++) {
        struct boot_region found = {0};

        memset(&info, 0, sizeof(info));
        for (unsigned j = 0; j < 3 && searches[i].reported[j].last; j++)
            boot_add_memory(&info, searches[i].reported[j].first,
                            searches[i].reported[j].last - searches[i].reported[j].first + 1,
                            searches[i].reported[j].kind);
        bool is_found = boot_largest_usable(&info, searches[i].limit, searches[i].hole_base,
                                            searches[i].hole_end, &found);

        CHECK_EQ(is_found, searches[i].last != 0);
        CHECK_EQ(found.first, searches[i].first);
        CHECK_EQ(found.last, searches[i].last);
    }
}

static const struct {
    struct boot_region reported[3];
    uint64_t limit, page;
} takes[] = {
    {{{0, 0x9fbff, U}, {0x9fc00, 0x9ffff, F}, {0x100000, 0xffffff, U}}, 0xa0000, 0x9e000},
    {{{0, 0x9ffff, U}}, 0xa0000, 0x9f000},
    {{{1, UINT64_MAX, U}}, 0xa0000, 0x9f000},
    {{{0, 0x1fff, U}}, 0xa0000, 0x1000},
    {{{0, 0x1ffe, U}}, 0xa0000, 0}, /* page 0 and a part of the next */
    {{{0x8001, 0x9fff, U}}, 0xa0000, 0x9000},
    {{{0x8001, 0x9ffe, U}}, 0xa0000, 0},
    {{{0x2000, 0x4fff, U}, {0x6001, 0x7ffe, U}}, 0xa0000, 0x4000},
    {{{0x2000, 0x4fff, F}}, 0xa0000, 0},
    {{{0x100000, 0xffffff, U}}, 0xa0000, 0},
};

static void a_page_below_a_limit(void)
{
    static struct boot_info info;

    for (size_t i = 0; i < ARRAY_LENGTH(takes); i++) {
        struct boot_region found;

        memset(&info, 0, sizeof(info));
        for (unsigned j = 0; j < 3 && takes[i].reported[j].last; j++)
            boot_add_memory(&info, takes[i].reported[j].first,
                            takes[i].reported[j].last - takes[i].reported[j].first + 1,
                            takes[i].reported[j].kind);
        CHECK_EQ(boot_take_page(&info, takes[i].limit), takes[i].page);
        /* It is nobody else's from then on. */
        if (takes[i].page)
            CHECK(!boot_largest_usable(&info, takes[i].page + 4096, 0, takes[i].page, &found));
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"a_good_start_info", a_good_start_info},
        {"damaged_start_infos", damaged_start_infos},
        {"start_info_at_the_edge", start_info_at_the_edge},
        {"long_command_lines", long_command_lines},
        {"garbage", garbage},
        {"maps_are_sorted_and_merged", maps_are_sorted_and_merged},
        {"wrapping_and_empty_ranges", wrapping_and_empty_ranges},
        {"more_regions_than_fit", more_regions_than_fit},
        {"the_largest_usable_stretch", the_largest_usable_stretch},
        {"a_page_below_a_limit", a_page_below_a_limit},
    };

    return unit_main("boot", units, ARRAY_LENGTH(units));
}
