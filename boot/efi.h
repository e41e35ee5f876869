/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the UEFI application (boot/efi/) leaves for the kernel that it starts: everything that
 * needed boot services has been asked for, ExitBootServices has been called. Both are built from
 * this file.
 */
#pragma once

/* Where in it an entry in assembly finds boot_cpu. */
#define EFI_HANDOFF_BOOT_CPU 8

/*
 * The handoff, and whatever it points to but the tables, are in so many bytes, aligned to as many.
 */
#define EFI_HANDOFF_SIZE 0x40000

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "boot/boot_info.h"
#include "lib/mem/view.h"

#define EFI_HANDOFF_MAGIC 0x4645756d6f697621ull

struct efi_handoff {
    uint64_t magic;
    uint64_t boot_cpu; /* where a CPU has no register for its id */
    /*
     * UEFI's memory map (UEFI 2.10, GetMemoryMap()): descriptors of `descriptor_size` bytes each.
     */
    uint64_t map, map_size, descriptor_size;
    uint64_t rsdp, dtb, dtb_size; /* of the configuration table; 0: none */
    /* Load options in UCS-2, what options.txt holds; 0: none. */
    uint64_t load_options, load_options_size;
    uint64_t text, text_size;
};

_Static_assert(offsetof(struct efi_handoff, boot_cpu) == EFI_HANDOFF_BOOT_CPU, "for entries");

/*
 * Fills `info` from the handoff at `address`. The command line is the load options', or options.txt
 * where those are empty. Invalid values are reported and left out.
 */
void efi_read(const struct mem_view *memory, uint64_t address, struct boot_info *info);

/*
 * For a loader that passes the system table at `table` on (UEFI 2.10 section 4.3): takes the RSDP
 * of its configuration tables, and the memory map as `map` has it in map, map_size and
 * descriptor_size; NULL: none.
 */
void efi_read_tables(const struct mem_view *memory, uint64_t table, const struct efi_handoff *map,
                     struct boot_info *info);

#endif
