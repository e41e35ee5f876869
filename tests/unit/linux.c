// SPDX-License-Identifier: BSD-2-Clause
/* The zero page of Linux's x86 boot protocol, good and damaged. */
#include <string.h>

#include "boot/x86_64/linux.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/guest_memory.h"
#include "tests/unit/fixtures/unit.h"

#define MEMORY_SIZE 0x4000u
#define PAGE        0x1000u
#define CMDLINE     0x2000u
#define NODE        0x3800u
#define TABLE       (PAGE + 0x2d0)
#define ENTRY_SIZE  20u

static uint8_t bytes[MEMORY_SIZE];
static struct guest_memory lent = {bytes, MEMORY_SIZE, {0}, 0};
static const struct mem_view memory = {.map = guest_memory_map, .context = &lent};

static void put(uint64_t offset, uint64_t value, size_t size)
{
    guest_memory_put(&lent, offset, value, size);
}

static void put_entry(uint64_t offset, uint64_t base, uint64_t size, uint32_t type)
{
    put(offset, base, 8);
    put(offset + 8, size, 8);
    put(offset + 16, type, 4);
}

static void put_node(uint64_t offset, uint64_t next, uint32_t type, uint32_t length)
{
    put(offset, next, 8);
    put(offset + 8, type, 4);
    put(offset + 12, length, 4);
}

/* A zero page as a 64-bit loader leaves it: three entries and one more in setup_data. */
static void build(void)
{
    memset(bytes, 0, MEMORY_SIZE);
    put(PAGE + 0x070, 0xe0000, 8);
    put(PAGE + 0x1e8, 3, 1);
    put(PAGE + 0x1fe, 0xaa55, 2);
    put(PAGE + 0x202, 0x53726448, 4);
    put(PAGE + 0x228, CMDLINE, 4);
    put(PAGE + 0x250, NODE, 8);
    strcpy((char *)bytes + CMDLINE, "seed=1 run=conformance.map.*");
    put_entry(TABLE, 0, 0x9fc00, 1);
    put_entry(TABLE + ENTRY_SIZE, 0xf0000, 0x10000, 2);
    put_entry(TABLE + 2 * ENTRY_SIZE, 0x100000, 0xff00000, 1);
    put_node(NODE, NODE + 0x40, 9, 32);
    put_node(NODE + 0x40, 0, 1, ENTRY_SIZE);
    put_entry(NODE + 0x50, 1ull << 32, 1ull << 30, 1);
}

static const struct boot_info *read_at(uint64_t address)
{
    static struct boot_info info;

    memset(&info, 0, sizeof(info));
    linux_read(&memory, address, &info);
    guest_memory_return(&lent);
    return &info;
}

static void a_good_zero_page(void)
{
    build();
    const struct boot_info *info = read_at(PAGE);

    CHECK_EQ(info->diagnostic_count, 0);
    CHECK(!strcmp(info->protocol, "linux"));
    CHECK(!strcmp(info->cmdline, "seed=1 run=conformance.map.*"));
    CHECK_EQ(info->rsdp, 0xe0000);
    CHECK_EQ(info->memory_count, 4);
    CHECK_EQ(info->memory[1].kind, BOOT_FIRMWARE);
    CHECK_EQ(info->memory[2].first, 0x100000);
    CHECK_EQ(info->memory[2].last, 0xfffffff);
    CHECK_EQ(info->memory[3].last, (1ull << 32) + (1ull << 30) - 1);
}

/* One value written over the good zero page, and what must come of it. */
static const struct damage {
    const char *what;
    uint64_t offset, value;
    unsigned size;
    unsigned regions;
    const char *diagnostic; /* a part of the first; NULL: none */
} damages[] = {
    {"boot flag", PAGE + 0x1fe, 0x55aa, 2, 0, "offset 0x1fe: boot_flag 0x55aa"},
    {"header", PAGE + 0x202, 0x53726449, 4, 0, "offset 0x202: header 0x53726449"},
    {"sentinel", PAGE + 0x1ef, 0xff, 1, 4, "offset 0x1ef: sentinel 0xff"},
    {"no command line", PAGE + 0x228, 0, 4, 4, NULL},
    {"command line outside", PAGE + 0x228, MEMORY_SIZE, 4, 4, "byte 0 of the command line"},
    {"command line above 4 GiB", PAGE + 0x0c8, 1, 4, 4, "cmd_line_ptr 0x100002000, byte 0"},
    {"command line at the end", PAGE + 0x0c8, UINT32_MAX, 4, 4, "byte 0 of the command line"},
    {"no entries in the page", PAGE + 0x1e8, 0, 1, 1, NULL},
    {"too many entries", PAGE + 0x1e8, 129, 1, 4, "e820_entries 129, expected at most 128"},
    {"very many entries", PAGE + 0x1e8, 255, 1, 4, "e820_entries 255"},
    {"entry of size 0", TABLE + 8, 0, 8, 3, NULL},
    {"entry wraps", TABLE + ENTRY_SIZE + 8, UINT64_MAX - 0xf0000 + 2, 8, 3,
     "entry 1: offset 8: size"},
    {"type 0", TABLE + 16, 0, 4, 4, "entry 0: offset 16: type 0"},
    {"type 8", TABLE + 16, 8, 4, 4, "entry 0: offset 16: type 8"},
    {"no setup_data", PAGE + 0x250, 0, 8, 3, NULL},
    {"setup_data outside", PAGE + 0x250, MEMORY_SIZE - 15, 8, 3, "setup_data at 0x3ff1 can't be"},
    {"setup_data at the end", PAGE + 0x250, UINT64_MAX, 8, 3, "can't be read"},
    {"setup_data in a ring", NODE + 0x40, NODE, 8, 4, "more than 64 nodes"},
    {"another type", NODE + 0x48, 2, 4, 3, NULL},
    {"node of length 0", NODE + 0x4c, 0, 4, 3, NULL},
    {"node cut within its entry", NODE + 0x4c, 19, 4, 3, "offset 12: length 19"},
    {"node runs out", NODE + 0x4c, 500 * ENTRY_SIZE, 4, 4, "memory map entry 101 can't be read"},
    {"entry of a node wraps", NODE + 0x58, UINT64_MAX, 8, 3, "entry 3: offset 8: size"},
    {"type of a node's entry", NODE + 0x60, 77, 4, 4, "entry 3: offset 16: type 77"},
};

static void damaged_zero_pages(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        const struct damage *damage = &damages[i];

        build();
        put(damage->offset, damage->value, damage->size);
        const struct boot_info *info = read_at(PAGE);

        if (info->memory_count != damage->regions ||
            (info->diagnostic_count != 0) != (damage->diagnostic != NULL) ||
            (damage->diagnostic && !strstr(info->diagnostics[0], damage->diagnostic)))
            unit_fail(__FILE__, __LINE__, "%s: %u regions, %u diagnostics, the first '%s'",
                      damage->what, info->memory_count, info->diagnostic_count,
                      info->diagnostics[0]);
    }
}

static void zero_page_at_the_edge(void)
{
    static const uint64_t unreadable[] = {MEMORY_SIZE, MEMORY_SIZE - 4095, UINT64_MAX,
                                          UINT64_MAX - 4094};

    build();
    for (size_t i = 0; i < ARRAY_LENGTH(unreadable); i++) {
        const struct boot_info *info = read_at(unreadable[i]);

        CHECK_EQ(info->memory_count, 0);
        CHECK_EQ(info->diagnostic_count, 1);
        CHECK(strstr(info->diagnostics[0], "can't be read"));
    }
    memmove(bytes + MEMORY_SIZE - 4096, bytes + PAGE, 4096);
    CHECK_EQ(read_at(MEMORY_SIZE - 4096)->memory_count, 3);
}

/* What is around the header counts only where the loader has cleared it. */
static void a_page_that_was_not_cleared(void)
{
    build();
    put(PAGE + 0x1ef, 0xff, 1);
    put(PAGE + 0x0c8, 0x90909090, 4);
    const struct boot_info *info = read_at(PAGE);

    CHECK_EQ(info->diagnostic_count, 1);
    CHECK_EQ(info->rsdp, 0);
    CHECK(!strcmp(info->cmdline, "seed=1 run=conformance.map.*"));
}

static void a_map_without_memory(void)
{
    build();
    put(PAGE + 0x1e8, 0, 1);
    put(PAGE + 0x250, 0, 8);
    const struct boot_info *info = read_at(PAGE);

    CHECK_EQ(info->memory_count, 0);
    CHECK_EQ(info->diagnostic_count, 1);
    CHECK(strstr(info->diagnostics[0], "no memory in the E820 map"));
}

/* 300 entries: as many as the page holds, the others in setup_data. */
static void a_map_of_300_entries(void)
{
    build();
    put(PAGE + 0x1e8, 128, 1);
    for (unsigned i = 0; i < 128; i++)
        put_entry(TABLE + i * ENTRY_SIZE, i * 0x10000ull, 0x8000, 1);
    put(PAGE + 0x250, CMDLINE + 0x100, 8);
    put_node(CMDLINE + 0x100, 0, 1, 172 * ENTRY_SIZE);
    for (unsigned i = 128; i < 300; i++)
        put_entry(CMDLINE + 0x110 + (i - 128) * ENTRY_SIZE, i * 0x10000ull, 0x8000, 1);
    const struct boot_info *info = read_at(PAGE);

    CHECK_EQ(info->diagnostic_count, 0);
    CHECK_EQ(info->memory_count, 300);
    CHECK_EQ(info->memory[299].last, 299 * 0x10000ull + 0x7fff);
}

static void endless_extensions(void)
{
    build();
    put(PAGE + 0x250, CMDLINE + 0x100, 8);
    put_node(CMDLINE + 0x100, CMDLINE + 0x100, 1, 300 * ENTRY_SIZE);
    for (unsigned i = 0; i < 300; i++)
        put_entry(CMDLINE + 0x110 + i * ENTRY_SIZE, (i + 65) * 0x400000ull, 0x8000, 1);
    const struct boot_info *info = read_at(PAGE);

    CHECK_EQ(info->memory_count, 303);
    CHECK(strstr(info->diagnostics[0], "memory map entry 512, expected at most 512"));
}

static const struct boot_info *read_it(void)
{
    return read_at(PAGE);
}

static void long_command_lines(void)
{
    guest_memory_check_long_lines(&lent, CMDLINE, build, read_it);
    /* No NUL before memory ends: what there is counts. */
    build();
    put(PAGE + 0x228, MEMORY_SIZE - 5, 4);
    memcpy(bytes + MEMORY_SIZE - 5, "seed=", 5);
    CHECK(!strcmp(read_at(PAGE)->cmdline, "seed="));
}

static void garbage(void)
{
    for (unsigned round = 0; round < 5000; round++) {
        build();
        for (unsigned i = 0; i < 400; i++)
            put(TABLE + unit_random() % (PAGE - 0x2d0 - 8), unit_random() >> unit_random() % 64, 8);
        for (unsigned i = 0; i < 8; i++)
            put(NODE + unit_random() % 0x60, unit_random() >> unit_random() % 64, 4);
        put(PAGE + 0x1e8, unit_random(), 1);
        put(PAGE + 0x250, NODE + unit_random() % 0x80, 8);
        const struct boot_info *info = read_at(PAGE);

        CHECK(info->memory_count <= BOOT_MEMORY_MAX);
        CHECK(info->diagnostic_count <= BOOT_DIAGNOSTICS);
        for (unsigned i = 1; i < info->memory_count; i++)
            CHECK(info->memory[i].first > info->memory[i - 1].last);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"a_good_zero_page", a_good_zero_page},
        {"damaged_zero_pages", damaged_zero_pages},
        {"zero_page_at_the_edge", zero_page_at_the_edge},
        {"a_page_that_was_not_cleared", a_page_that_was_not_cleared},
        {"a_map_without_memory", a_map_without_memory},
        {"a_map_of_300_entries", a_map_of_300_entries},
        {"endless_extensions", endless_extensions},
        {"long_command_lines", long_command_lines},
        {"garbage", garbage},
    };

    return unit_main("linux", units, ARRAY_LENGTH(units));
}
