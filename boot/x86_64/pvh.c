// SPDX-License-Identifier: BSD-2-Clause
#include "boot/x86_64/pvh.h"

#include "boot/x86_64/loader.h"

#define START_INFO_MAGIC   0x336ec578u
#define START_INFO_V0_SIZE 40
#define START_INFO_V1_SIZE 56
#define MEMORY_ENTRY_SIZE  24 /* 20 as everywhere, and 4 reserved */

struct start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr;
    uint64_t memmap_paddr; /* from version 1 on */
    uint32_t memmap_entries, reserved;
};

_Static_assert(sizeof(struct start_info) == START_INFO_V1_SIZE, "PVH start info");

static void read_memory_map(const struct mem_view *memory, const struct start_info *start,
                            struct boot_info *info)
{
    uint32_t count = start->memmap_entries;

    if (count > LOADER_MEMORY_ENTRIES_MAX) {
        boot_diagnose(info,
                      "start info: offset 48: memmap_entries %u, expected at most %u; cut to that",
                      count, LOADER_MEMORY_ENTRIES_MAX);
        count = LOADER_MEMORY_ENTRIES_MAX;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = (uint64_t)i * MEMORY_ENTRY_SIZE;
        uint8_t entry[MEMORY_ENTRY_SIZE];

        if (start->memmap_paddr + offset < offset ||
            !mem_copy(memory, start->memmap_paddr + offset, entry, sizeof(entry))) {
            boot_diagnose(info,
                          "start info: offset 40: memmap_paddr 0x%llx, entry %u can't be read",
                          (unsigned long long)start->memmap_paddr, i);
            return;
        }
        loader_add_memory(entry, i, info);
    }
    if (!info->memory_count)
        boot_diagnose(info, "start info: offset 48: no memory in the memory map");
}

void pvh_read(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    struct start_info start = {0};

    info->protocol = "pvh";
    if (!mem_copy(memory, address, &start, START_INFO_V0_SIZE)) {
        boot_diagnose(info, "start info: 0x%llx can't be read", (unsigned long long)address);
        return;
    }
    if (start.magic != START_INFO_MAGIC) {
        boot_diagnose(info, "start info: offset 0: magic 0x%x, expected 0x%x", start.magic,
                      START_INFO_MAGIC);
        return;
    }
    info->rsdp = start.rsdp_paddr;
    loader_read_cmdline(memory, start.cmdline_paddr, "start info: offset 24: cmdline_paddr", info);
    if (start.version < 1) {
        boot_diagnose(info, "start info: offset 4: version %u has no memory map, expected 1",
                      start.version);
        return;
    }
    if (!mem_copy(memory, address, &start, START_INFO_V1_SIZE)) {
        boot_diagnose(info, "start info: offset 40: the memory map's address can't be read");
        return;
    }
    read_memory_map(memory, &start, info);
}
