// SPDX-License-Identifier: BSD-2-Clause
#include "boot/pvh.h"

#include <string.h>

#define START_INFO_MAGIC   0x336ec578u
#define START_INFO_V0_SIZE 40
#define START_INFO_V1_SIZE 56
#define MEMORY_ENTRIES_MAX 512
#define MEMORY_TYPE_RAM    1

struct start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr;
    uint64_t memmap_paddr; /* from version 1 on */
    uint32_t memmap_entries, reserved;
};

struct memory_entry {
    uint64_t address, size;
    uint32_t type, reserved;
};

_Static_assert(sizeof(struct start_info) == START_INFO_V1_SIZE, "PVH start info");
_Static_assert(sizeof(struct memory_entry) == 24, "PVH memory map entry");

static bool copy(const struct pvh_memory *memory, uint64_t address, void *to, uint64_t size)
{
    const void *from = memory->map(memory->context, address, size);

    if (from)
        memcpy(to, from, size);
    return from;
}

static void read_cmdline(const struct pvh_memory *memory, uint64_t address, struct boot_info *info)
{
    char text[BOOT_CMDLINE_MAX];
    uint64_t length = 0;

    if (!address)
        return;
    while (length < sizeof(text) && copy(memory, address + length, &text[length], 1) &&
           text[length])
        length++;
    boot_set_cmdline(info, text, length);
}

static void read_memory_map(const struct pvh_memory *memory, const struct start_info *start,
                            struct boot_info *info)
{
    uint32_t count = start->memmap_entries;

    if (count > MEMORY_ENTRIES_MAX) {
        boot_complain(info, "start info: offset 48: memmap_entries %u, expected at most %u", count,
                      MEMORY_ENTRIES_MAX);
        count = MEMORY_ENTRIES_MAX;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct memory_entry entry;

        if (!copy(memory, start->memmap_paddr + i * sizeof(entry), &entry, sizeof(entry))) {
            boot_complain(info, "start info: memory map entry %u at 0x%llx can't be read", i,
                          (unsigned long long)(start->memmap_paddr + i * sizeof(entry)));
            return;
        }
        boot_add_memory(info, entry.address, entry.size,
                        entry.type == MEMORY_TYPE_RAM ? BOOT_USABLE : BOOT_FIRMWARE);
    }
}

void pvh_read(const struct pvh_memory *memory, uint64_t address, struct boot_info *info)
{
    struct start_info start = {0};

    info->protocol = "pvh";
    if (!copy(memory, address, &start, START_INFO_V0_SIZE) || start.magic != START_INFO_MAGIC) {
        boot_complain(info, "start info at 0x%llx: offset 0: magic 0x%x, expected 0x%x",
                      (unsigned long long)address, start.magic, START_INFO_MAGIC);
        return;
    }
    info->rsdp = start.rsdp_paddr;
    read_cmdline(memory, start.cmdline_paddr, info);
    if (start.version < 1 || !copy(memory, address, &start, START_INFO_V1_SIZE)) {
        boot_complain(info, "start info: offset 4: version %u has no memory map, expected 1",
                      start.version);
        return;
    }
    read_memory_map(memory, &start, info);
}
