/* SPDX-License-Identifier: BSD-2-Clause */
/* What PVH and Linux's boot protocol for x86 have in common: the command line, E820 entries. */
#pragma once

#include "boot/boot_info.h"
#include "lib/mem/view.h"

#define LOADER_MEMORY_ENTRIES_MAX 128

/* The text at `address` up to its NUL; 0: none. `field` names where the address was found. */
void loader_read_cmdline(const struct mem_view *memory, uint64_t address, const char *field,
                         struct boot_info *info);

/*
 * Adds the entry at `bytes`, 20 of them: u64 base, u64 size, u32 type (ACPI 6.5, table 15.4). What
 * is neither usable nor known is taken as reserved.
 */
void loader_add_memory(const uint8_t *bytes, unsigned index, struct boot_info *info);
