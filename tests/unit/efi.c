// SPDX-License-Identifier: BSD-2-Clause
/* What the UEFI application leaves for the kernel, good and damaged. */
#include <stdlib.h>
#include <string.h>

#include "boot/devicetree.h"
#include "boot/efi.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/guest_memory.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

#define MEMORY_SIZE 0x10000u
#define HANDOFF     0x1000u
#define OPTIONS     0x2000u
#define TEXT        0x4000u
#define TREE        0x5000u
#define TREE_ROOM   0x200u
#define MAP         0x6000u
#define STRIDE      48u /* as EDK II has it: larger than the structure */

static uint8_t bytes[MEMORY_SIZE];
static struct guest_memory lent = {bytes, MEMORY_SIZE, {0}, 0};
static const struct mem_view memory = {.map = guest_memory_map, .context = &lent};

static void put(uint64_t offset, uint64_t value, size_t size)
{
    guest_memory_put(&lent, offset, value, size);
}

static void put_descriptor(unsigned index, uint32_t type, uint64_t base, uint64_t pages)
{
    put(MAP + index * STRIDE, type, 4);
    put(MAP + index * STRIDE + 8, base, 8);
    put(MAP + index * STRIDE + 24, pages, 8);
}

static void put_handoff(const struct efi_handoff *handoff)
{
    memcpy(bytes + HANDOFF, handoff, sizeof(*handoff));
}

static void put_wide(uint64_t offset, const char *text)
{
    for (; *text; text++, offset += 2)
        put(offset, (uint8_t)*text, 2);
}

/* That reserves a page of free memory. */
static void put_tree(void)
{
    static struct tree tree;
    static const uint32_t page[] = {0x140000, 0x1000};
    uint8_t *blob;
    size_t size;

    memset(&tree, 0, sizeof(tree));
    tree_begin(&tree, "");
    tree_begin(&tree, "reserved-memory");
    tree_cell(&tree, "#address-cells", 1);
    tree_cell(&tree, "#size-cells", 1);
    tree_bytes(&tree, "ranges", "", 0);
    tree_begin(&tree, "firmware");
    tree_cells(&tree, "reg", page, 2);
    tree_end(&tree);
    tree_end(&tree);
    tree_end(&tree);
    blob = tree_finish(&tree, &size);
    CHECK(size <= TREE_ROOM);
    memcpy(bytes + TREE, blob, size);
    free(blob);
}

/* Boot services, a hole that the kernel is in, free memory, a table of ACPI's, and both texts. */
static struct efi_handoff build(void)
{
    struct efi_handoff handoff = {
        .magic = EFI_HANDOFF_MAGIC,
        .map = MAP,
        .map_size = 5 * STRIDE,
        .descriptor_size = STRIDE,
        .rsdp = 0x7000014,
        .dtb = TREE,
        .dtb_size = TREE_ROOM,
        .load_options = OPTIONS,
        .load_options_size = 2 * sizeof("seed=1"),
        .text = TEXT,
        .text_size = 6,
    };

    memset(bytes, 0, MEMORY_SIZE);
    put_descriptor(0, 4, 0x10000, 0x10);
    put_descriptor(1, 7, 0x100000, 0x100);
    put_descriptor(2, 1, 0x200000, 0x400);
    put_descriptor(3, 3, 0x600000, 0x10);
    put_descriptor(4, 9, 0x7000000, 1);
    put_wide(OPTIONS, "seed=1");
    memcpy(bytes + TEXT, "seed=2", 6);
    put_tree();
    put_handoff(&handoff);
    return handoff;
}

static const struct boot_info *read_at(uint64_t address)
{
    static struct boot_info info;

    memset(&info, 0, sizeof(info));
    efi_read(&memory, address, &info);
    guest_memory_return(&lent);
    return &info;
}

static void a_good_handoff(void)
{
    build();
    const struct boot_info *info = read_at(HANDOFF);

    CHECK_EQ(info->diagnostic_count, 0);
    CHECK(!strcmp(info->protocol, "efi"));
    CHECK(!strcmp(info->cmdline, "seed=1"));
    CHECK_EQ(info->rsdp, 0x7000014);
    CHECK_EQ(info->dtb, TREE);
    CHECK_EQ(info->memory_count, 8);
    CHECK_EQ(info->memory[0].first, TREE);
    CHECK_EQ(info->memory[0].kind, BOOT_FIRMWARE);
    CHECK_EQ(info->memory[1].kind, BOOT_USABLE);
    CHECK_EQ(info->memory[3].first, 0x140000);
    CHECK_EQ(info->memory[3].last, 0x140fff);
    CHECK_EQ(info->memory[3].kind, BOOT_FIRMWARE);
    CHECK_EQ(info->memory[4].kind, BOOT_USABLE);
    CHECK_EQ(info->memory[5].first, 0x200000);
    CHECK_EQ(info->memory[5].last, 0x5fffff);
    CHECK_EQ(info->memory[5].kind, BOOT_FIRMWARE);
    CHECK_EQ(info->memory[6].kind, BOOT_USABLE);
    CHECK_EQ(info->memory[7].kind, BOOT_FIRMWARE);
}

/* One field of the handoff, given by its offset, and what must come of it. */
static void damaged_handoffs(void)
{
    static const struct {
        size_t offset;
        uint64_t value;
        const char *diagnostic;
    } damages[] = {
        {offsetof(struct efi_handoff, magic), 1, "handoff: offset 0: magic 0x1"},
        {offsetof(struct efi_handoff, descriptor_size), 0, "descriptors of 0 bytes, expected 40"},
        {offsetof(struct efi_handoff, descriptor_size), 39, "descriptors of 39 bytes"},
        {offsetof(struct efi_handoff, descriptor_size), 257, "descriptors of 257 bytes"},
        {offsetof(struct efi_handoff, descriptor_size), UINT64_MAX, "descriptors of 184467"},
        {offsetof(struct efi_handoff, map_size), 0, "no memory in 0 descriptors"},
        {offsetof(struct efi_handoff, map_size), STRIDE - 1, "no memory in 0 descriptors"},
        {offsetof(struct efi_handoff, map_size), UINT64_MAX, "expected at most 4096; cut to that"},
        {offsetof(struct efi_handoff, map), MEMORY_SIZE, "descriptor 0 at 0x10000 can't be read"},
        {offsetof(struct efi_handoff, map), UINT64_MAX, "can't be read"},
        {offsetof(struct efi_handoff, dtb), MEMORY_SIZE, "device tree at 0x10000 can't be read"},
        {offsetof(struct efi_handoff, dtb_size), UINT64_MAX, "dtb_size 0xffffffffffffffff wraps"},
        {offsetof(struct efi_handoff, load_options), MEMORY_SIZE, "load options: 14 bytes at"},
        {offsetof(struct efi_handoff, load_options_size), UINT64_MAX, "load options: 184467"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        build();
        put(HANDOFF + damages[i].offset, damages[i].value, 8);
        const struct boot_info *info = read_at(HANDOFF);

        CHECK(info->diagnostic_count);
        CHECK(strstr(info->diagnostics[0], damages[i].diagnostic));
    }
    build();
    put(HANDOFF + offsetof(struct efi_handoff, rsdp), 0, 8);
    CHECK_EQ(read_at(HANDOFF)->diagnostic_count, 0);
    put(HANDOFF + offsetof(struct efi_handoff, dtb), 0, 8);
    CHECK(strstr(read_at(HANDOFF)->diagnostics[0], "expected an RSDP or a device tree"));
    CHECK(strstr(read_at(MEMORY_SIZE - 4)->diagnostics[0], "handoff: 0xfffc can't be read"));
}

static void damaged_descriptors(void)
{
    build();
    put_descriptor(1, 16, 0x100000, 0x100);
    CHECK(strstr(read_at(HANDOFF)->diagnostics[0], "descriptor 1: offset 0: type 16"));
    put_descriptor(1, 0x80000000, 0x100000, 0x100);
    CHECK_EQ(read_at(HANDOFF)->diagnostic_count, 0);
    put_descriptor(1, 7, UINT64_MAX - 0xfff, 2);
    CHECK(strstr(read_at(HANDOFF)->diagnostics[0], "descriptor 1: offset 24: 0x2 pages wrap"));
    put_descriptor(1, 0, 0x100800, 1);
    CHECK(strstr(read_at(HANDOFF)->diagnostics[0], "descriptor 1: offset 8: 0x100800, expected"));
    put_descriptor(1, 7, 0x100000, UINT64_MAX);
    CHECK(strstr(read_at(HANDOFF)->diagnostics[0], "offset 24"));
}

/* EDK II on a large machine: more than 300 stretches, not in order. */
static void a_map_of_300_descriptors(void)
{
    struct efi_handoff handoff = build();

    handoff.map_size = 300 * STRIDE;
    put_handoff(&handoff);
    for (unsigned i = 0; i < 300; i++)
        put_descriptor(i, 7, 0x10000000ull - i * 0x4000ull, 2);
    const struct boot_info *info = read_at(HANDOFF);

    CHECK_EQ(info->diagnostic_count, 0);
    CHECK_EQ(info->memory_count, 302);
}

static void texts(void)
{
    static const char name[] = "name.efi ";
    struct efi_handoff handoff = build();

    /* Without load options, and with empty ones, options.txt counts. */
    handoff.load_options = 0;
    put_handoff(&handoff);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, "seed=2"));
    handoff.load_options = OPTIONS;
    put(OPTIONS, 0, 2);
    put_handoff(&handoff);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, "seed=2"));
    /* A shell's come after the name of the application. */
    put_wide(OPTIONS, "fs0:\\bootx64.EFI  x=1");
    handoff.load_options_size = 2 * strlen("fs0:\\bootx64.EFI  x=1");
    put_handoff(&handoff);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, "x=1"));
    handoff.load_options_size = 2 * strlen("fs0:\\bootx64.EFI ");
    put_handoff(&handoff);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, "seed=2"));
    put_wide(OPTIONS, "run=x.efi list .efi");
    handoff.load_options_size = 2 * strlen("run=x.efi list .efi");
    put_handoff(&handoff);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, "run=x.efi list .efi"));
    put(OPTIONS, 0, 2);
    /* Neither. */
    handoff.text_size = 0;
    put_handoff(&handoff);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, ""));
    /* Lines of a file are words of one line; what is not ASCII is visible. */
    handoff.text_size = 6;
    memcpy(bytes + TEXT, "a\r\nb\xc3\xa4", 6);
    put_handoff(&handoff);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, "a  b??"));
    memset(bytes + TEXT, ' ', 0x1000);
    handoff.text_size = 0x1000;
    put_handoff(&handoff);
    CHECK_EQ(read_at(HANDOFF)->diagnostic_count, 0);
    CHECK(!strcmp(read_at(HANDOFF)->cmdline, ""));
    /* As long as there is room for, and longer. */
    handoff.load_options_size = 2 * BOOT_CMDLINE_MAX + 2;
    for (unsigned i = 0; i <= BOOT_CMDLINE_MAX; i++)
        put(OPTIONS + 2 * i, 'x', 2);
    put(OPTIONS + 2 * 4000, ' ', 2);
    put_handoff(&handoff);
    CHECK_EQ(strlen(read_at(HANDOFF)->cmdline), 4000);
    CHECK(read_at(HANDOFF)->is_cmdline_cut);
    /* With a name in front that is not ours there is room for less of it than seems. */
    for (unsigned i = 0; name[i]; i++)
        put(OPTIONS + 2 * i, (uint64_t)name[i], 2);
    CHECK_EQ(strlen(read_at(HANDOFF)->cmdline), BOOT_CMDLINE_MAX + 1 - 9);
    CHECK(!read_at(HANDOFF)->is_cmdline_cut);
}

static void garbage(void)
{
    for (unsigned round = 0; round < 2000; round++) {
        build();
        for (unsigned i = 0; i < 4; i++)
            put(HANDOFF + 8 + unit_random() % (sizeof(struct efi_handoff) - 15),
                unit_random() >> unit_random() % 64, 8);
        for (unsigned i = 0; i < 8; i++)
            put(MAP + unit_random() % (5 * STRIDE), unit_random() >> unit_random() % 64, 8);
        const struct boot_info *info = read_at(HANDOFF);

        CHECK(info->memory_count <= BOOT_MEMORY_MAX);
        CHECK(info->diagnostic_count <= BOOT_DIAGNOSTICS);
        for (unsigned i = 1; i < info->memory_count; i++)
            CHECK(info->memory[i].first > info->memory[i - 1].last);
    }
}

/* A system table with its configuration table, as a loader passes them on by a tree. */
static const struct boot_info *read_tables(void)
{
    static struct boot_info info;
    const struct efi_handoff map = {.map = MAP, .map_size = 5 * STRIDE, .descriptor_size = STRIDE};

    memset(&info, 0, sizeof(info));
    efi_read_tables(&memory, TEXT, &map, &info);
    return &info;
}

static void system_table(void)
{
    static const uint64_t guid[] = {0x11d3e4f18868e871, 0x81883cc7800022bc};

    build();
    put(TEXT, 0x5453595320494249, 8);
    put(TEXT + 104, 2, 8);
    put(TEXT + 112, OPTIONS, 8);
    for (unsigned i = 0; i < 2; i++)
        put(OPTIONS + 24 + 8 * i, guid[i], 8);
    put(OPTIONS + 24 + 16, 0x7000014, 8);
    CHECK_EQ(read_tables()->rsdp, 0x7000014);
    CHECK(read_tables()->memory_count && !read_tables()->diagnostic_count);
    put(TEXT + 104, 1, 8);
    CHECK(!read_tables()->rsdp && strstr(read_tables()->diagnostics[0], "no RSDP in 1 entries"));
    put(TEXT + 112, MEMORY_SIZE, 8);
    CHECK(strstr(read_tables()->diagnostics[0], "entry 0 at 0x10000 can't be read"));
    put(TEXT, 0, 1);
    CHECK(strstr(read_tables()->diagnostics[0], "offset 0: signature"));
}

/* What Linux's EFI stub leaves in a tree: /chosen, and memory nodes only if asked for. */
static const struct boot_info *read_stub(bool has_memory)
{
    static struct boot_info info;
    static struct tree tree;
    static const uint32_t table[] = {0, TEXT}, map[] = {0, MAP},
                          reg[] = {0, 0x40000000, 0, 0x10000};
    uint8_t *blob;
    size_t size;

    memset(&tree, 0, sizeof(tree));
    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 2);
    tree_cell(&tree, "#size-cells", 2);
    tree_begin(&tree, "chosen");
    tree_cells(&tree, "linux,uefi-system-table", table, 2);
    tree_cells(&tree, "linux,uefi-mmap-start", map, 2);
    tree_cell(&tree, "linux,uefi-mmap-size", 5 * STRIDE);
    tree_cell(&tree, "linux,uefi-mmap-desc-size", STRIDE);
    tree_end(&tree);
    if (has_memory) {
        tree_begin(&tree, "memory");
        tree_text(&tree, "device_type", "memory");
        tree_cells(&tree, "reg", reg, 4);
        tree_end(&tree);
    }
    tree_end(&tree);
    blob = tree_finish(&tree, &size);
    memcpy(bytes + TREE, blob, size);
    free(blob);
    memset(&info, 0, sizeof(info));
    devicetree_read(&memory, TREE, &info);
    guest_memory_return(&lent);
    return &info;
}

/* The way from such a tree to ACPI; UEFI's memory map counts where the tree has none of its own. */
static void system_table_by_a_tree(void)
{
    build();
    put(TEXT, 0x5453595320494249, 8);
    put(TEXT + 104, 1, 8);
    put(TEXT + 112, OPTIONS, 8);
    put(OPTIONS, 0x11d3e4f18868e871, 8);
    put(OPTIONS + 8, 0x81883cc7800022bc, 8);
    put(OPTIONS + 16, 0x7000014, 8);

    const struct boot_info *info = read_stub(false);

    CHECK_EQ(info->rsdp, 0x7000014);
    CHECK(info->memory_count > 2 && !info->diagnostic_count);
    info = read_stub(true);
    CHECK_EQ(info->rsdp, 0x7000014);
    CHECK_EQ(info->memory[info->memory_count - 1].last, 0x4000ffff);
    put(TEXT, 0, 1);
    CHECK(strstr(read_stub(true)->diagnostics[0], "offset 0: signature"));
}

int main(void)
{
    static const struct unit units[] = {
        {"a_good_handoff", a_good_handoff},
        {"damaged_handoffs", damaged_handoffs},
        {"damaged_descriptors", damaged_descriptors},
        {"a_map_of_300_descriptors", a_map_of_300_descriptors},
        {"texts", texts},
        {"garbage", garbage},
        {"system_table", system_table},
        {"system_table_by_a_tree", system_table_by_a_tree},
    };

    return unit_main("efi", units, ARRAY_LENGTH(units));
}
