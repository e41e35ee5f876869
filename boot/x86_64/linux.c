// SPDX-License-Identifier: BSD-2-Clause
#include "boot/x86_64/linux.h"

#include "boot/x86_64/loader.h"
#include "lib/bytes/bytes.h"

#define ZERO_PAGE_SIZE   4096
#define ACPI_RSDP_ADDR   0x070
#define EXT_CMD_LINE_PTR 0x0c8
#define E820_ENTRIES     0x1e8
#define SENTINEL         0x1ef
#define BOOT_FLAG        0x1fe
#define HEADER           0x202
#define CMD_LINE_PTR     0x228
#define SETUP_DATA       0x250
#define E820_TABLE       0x2d0

#define BOOT_FLAG_VALUE 0xaa55u
#define HEADER_VALUE    0x53726448u /* "HdrS" */
#define E820_ENTRY_SIZE 20

/* A node of setup_data: u64 next, u32 type, u32 length, then as many bytes. */
#define NODE_HEADER_SIZE   16
#define NODE_TYPE_E820_EXT 1
#define NODES_MAX          64

static bool has_marks(const uint8_t *page, struct boot_info *info)
{
    uint32_t flag = bytes_le16(page + BOOT_FLAG), header = bytes_le32(page + HEADER);

    if (flag != BOOT_FLAG_VALUE)
        boot_diagnose(info, "zero page: offset 0x%x: boot_flag 0x%x, expected 0x%x", BOOT_FLAG,
                      flag, BOOT_FLAG_VALUE);
    else if (header != HEADER_VALUE)
        boot_diagnose(info, "zero page: offset 0x%x: header 0x%x, expected 0x%x", HEADER, header,
                      HEADER_VALUE);
    else
        return true;
    return false;
}

/*
 * A loader that leaves the sentinel as it is in a file has not cleared what is around the setup
 * header: only the header and the E820 map are its own words.
 */
static bool is_cleared(const uint8_t *page, struct boot_info *info)
{
    if (!page[SENTINEL])
        return true;
    boot_diagnose(info,
                  "zero page: offset 0x%x: sentinel 0x%x, expected 0; acpi_rsdp_addr and "
                  "ext_cmd_line_ptr are ignored",
                  SENTINEL, page[SENTINEL]);
    return false;
}

static unsigned read_table(const uint8_t *page, struct boot_info *info)
{
    unsigned count = page[E820_ENTRIES];

    if (count > LOADER_MEMORY_ENTRIES_MAX) {
        boot_diagnose(info, "zero page: offset 0x%x: e820_entries %u, expected at most %u; cut",
                      E820_ENTRIES, count, LOADER_MEMORY_ENTRIES_MAX);
        count = LOADER_MEMORY_ENTRIES_MAX;
    }
    for (unsigned i = 0; i < count; i++)
        loader_add_memory(page + E820_TABLE + (size_t)i * E820_ENTRY_SIZE, i, info);
    return count;
}

/* Adds the entries of a node from the `index`th entry on; returns how many there are in all. */
static unsigned read_extension(const struct mem_view *memory, uint64_t node, uint32_t length,
                               unsigned index, struct boot_info *info)
{
    uint8_t entry[E820_ENTRY_SIZE];

    if (length % E820_ENTRY_SIZE)
        boot_diagnose(info, "setup_data at 0x%llx: offset 12: length %u, expected a multiple of %d",
                      (unsigned long long)node, length, E820_ENTRY_SIZE);
    for (uint32_t i = 0; i < length / E820_ENTRY_SIZE; i++, index++) {
        uint64_t address = node + NODE_HEADER_SIZE + (uint64_t)i * E820_ENTRY_SIZE;

        if (index >= BOOT_MEMORY_MAX) {
            boot_diagnose(info, "setup_data at 0x%llx: memory map entry %u, expected at most %d",
                          (unsigned long long)node, index, BOOT_MEMORY_MAX);
            break;
        }
        if (address < node || !mem_copy(memory, address, entry, sizeof(entry))) {
            boot_diagnose(info, "setup_data at 0x%llx: memory map entry %u can't be read",
                          (unsigned long long)node, index);
            break;
        }
        loader_add_memory(entry, index, info);
    }
    return index;
}

static void read_setup_data(const struct mem_view *memory, uint64_t node, unsigned index,
                            struct boot_info *info)
{
    uint8_t header[NODE_HEADER_SIZE];

    for (unsigned i = 0; node; node = bytes_le64(header), i++) {
        if (i == NODES_MAX) {
            boot_diagnose(info, "setup_data: more than %d nodes, the rest is ignored", NODES_MAX);
            return;
        }
        if (!mem_copy(memory, node, header, sizeof(header))) {
            boot_diagnose(info, "setup_data at 0x%llx can't be read", (unsigned long long)node);
            return;
        }
        if (bytes_le32(header + 8) == NODE_TYPE_E820_EXT)
            index = read_extension(memory, node, bytes_le32(header + 12), index, info);
    }
}

void linux_read(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    const uint8_t *page = mem_map(memory, address, ZERO_PAGE_SIZE);
    uint64_t cmdline;
    unsigned count;

    info->protocol = "linux";
    if (!page) {
        boot_diagnose(info, "zero page: 0x%llx can't be read", (unsigned long long)address);
        return;
    }
    if (!has_marks(page, info))
        return;
    cmdline = bytes_le32(page + CMD_LINE_PTR);
    if (is_cleared(page, info)) {
        info->rsdp = bytes_le64(page + ACPI_RSDP_ADDR);
        cmdline |= (uint64_t)bytes_le32(page + EXT_CMD_LINE_PTR) << 32;
    }
    loader_read_cmdline(memory, cmdline, "zero page: offset 0x228: cmd_line_ptr", info);
    count = read_table(page, info);
    read_setup_data(memory, bytes_le64(page + SETUP_DATA), count, info);
    if (!info->memory_count)
        boot_diagnose(info, "zero page: offset 0x%x: no memory in the E820 map", E820_ENTRIES);
}
