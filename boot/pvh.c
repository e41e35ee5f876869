// SPDX-License-Identifier: BSD-2-Clause
#include "boot/pvh.h"

#include <string.h>

#define START_INFO_MAGIC   0x336ec578u
#define START_INFO_V0_SIZE 40
#define START_INFO_V1_SIZE 56
#define MEMORY_ENTRIES_MAX 128
#define MEMORY_TYPE_RAM    1
#define MEMORY_TYPE_LAST   7 /* persistent memory */

struct start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr;
    uint64_t memmap_paddr; /* from version 1 on */
    uint32_t memmap_entries, reserved;
};

struct memory_entry {
    uint64_t addr, size;
    uint32_t type, reserved;
};

_Static_assert(sizeof(struct start_info) == START_INFO_V1_SIZE, "PVH start info");
_Static_assert(sizeof(struct memory_entry) == 24, "PVH memory map entry");

static bool copy(const struct mem_view *memory, uint64_t address, void *to, uint64_t size)
{
    const void *from = mem_map(memory, address, size);

    if (from)
        memcpy(to, from, size);
    return from;
}

static void read_cmdline(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    char text[BOOT_CMDLINE_MAX];
    uint64_t length = 0;

    if (!address)
        return;
    for (; length < sizeof(text); length++) {
        if (!copy(memory, address + length, &text[length], 1)) {
            boot_complain(info,
                          "start info: offset 24: cmdline_paddr 0x%llx, byte %llu of the command "
                          "line can't be read",
                          (unsigned long long)address, (unsigned long long)length);
            break;
        }
        if (!text[length])
            break;
    }
    boot_set_cmdline(info, text, length);
}

static void add_entry(const struct memory_entry *entry, unsigned index, struct boot_info *info)
{
    bool is_ram = entry->type == MEMORY_TYPE_RAM;

    if (!entry->size)
        return;
    if (entry->type < MEMORY_TYPE_RAM || entry->type > MEMORY_TYPE_LAST)
        boot_complain(
            info, "memory map entry %u: offset 16: type %u, expected 1 to %u; taken as reserved",
            index, entry->type, MEMORY_TYPE_LAST);
    if (!boot_add_memory(info, entry->addr, entry->size, is_ram ? BOOT_USABLE : BOOT_FIRMWARE))
        boot_complain(info,
                      "memory map entry %u: offset 8: size 0x%llx wraps from 0x%llx, left out",
                      index, (unsigned long long)entry->size, (unsigned long long)entry->addr);
}

static void read_memory_map(const struct mem_view *memory, const struct start_info *start,
                            struct boot_info *info)
{
    uint32_t count = start->memmap_entries;

    if (count > MEMORY_ENTRIES_MAX) {
        boot_complain(info,
                      "start info: offset 48: memmap_entries %u, expected at most %u; cut to that",
                      count, MEMORY_ENTRIES_MAX);
        count = MEMORY_ENTRIES_MAX;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = i * sizeof(struct memory_entry);
        struct memory_entry entry;

        if (start->memmap_paddr + offset < offset ||
            !copy(memory, start->memmap_paddr + offset, &entry, sizeof(entry))) {
            boot_complain(info,
                          "start info: offset 40: memmap_paddr 0x%llx, entry %u can't be read",
                          (unsigned long long)start->memmap_paddr, i);
            return;
        }
        add_entry(&entry, i, info);
    }
}

void pvh_read(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    struct start_info start = {0};

    info->protocol = "pvh";
    if (!copy(memory, address, &start, START_INFO_V0_SIZE)) {
        boot_complain(info, "start info: 0x%llx can't be read", (unsigned long long)address);
        return;
    }
    if (start.magic != START_INFO_MAGIC) {
        boot_complain(info, "start info: offset 0: magic 0x%x, expected 0x%x", start.magic,
                      START_INFO_MAGIC);
        return;
    }
    info->rsdp = start.rsdp_paddr;
    read_cmdline(memory, start.cmdline_paddr, info);
    if (start.version < 1) {
        boot_complain(info, "start info: offset 4: version %u has no memory map, expected 1",
                      start.version);
        return;
    }
    if (!copy(memory, address, &start, START_INFO_V1_SIZE)) {
        boot_complain(info, "start info: offset 40: the memory map's address can't be read");
        return;
    }
    read_memory_map(memory, &start, info);
}
