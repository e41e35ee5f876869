/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot protocols of the x86 have in common: how to read what a loader left in memory. */
#pragma once

#include <stdbool.h>

#include "boot/boot_info.h"
#include "lib/mem/view.h"

#define LOADER_MEMORY_ENTRIES_MAX 128

/* False, and nothing is copied, where the range can't be read as a whole. */
bool loader_copy(const struct mem_view *memory, uint64_t address, void *to, uint64_t size);

/* The text at `address` up to its NUL; 0: none. `field` names where the address was found. */
void loader_read_cmdline(const struct mem_view *memory, uint64_t address, const char *field,
                         struct boot_info *info);

/*
 * Adds the entry at `bytes`, 20 of them: u64 base, u64 size, u32 type (ACPI 6.5, table 15.4). What
 * is neither usable nor known is taken as reserved.
 */
void loader_add_memory(const uint8_t *bytes, unsigned index, struct boot_info *info);
