/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot hand-off: what every boot protocol passes to the kernel, copied out of the loader's
 * memory before anything is allocated. `protocol` is printed and never compared.
 *
 * The memory map is kept sorted, disjoint and merged, whatever its order at the loader; where a
 * loader calls the same bytes usable and not usable, they are not usable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem/view.h"

#define BOOT_CMDLINE_MAX    4096 /* with the terminating NUL */
#define BOOT_MEMORY_MAX     512
#define BOOT_DIAGNOSTICS    8
#define BOOT_DIAGNOSTIC_MAX 160

enum boot_memory { BOOT_USABLE, BOOT_FIRMWARE };

struct boot_region {
    uint64_t first, last; /* inclusive */
    enum boot_memory kind;
};

struct boot_info {
    const char *protocol;
    char cmdline[BOOT_CMDLINE_MAX];
    bool is_cmdline_cut; /* it ends before its last words */
    struct boot_region memory[BOOT_MEMORY_MAX];
    unsigned memory_count;
    uint64_t start_page; /* of struct machine; 0: none */
    uint64_t rsdp, dtb;  /* left where they are, in BOOT_FIRMWARE memory; 0: unspecified */
    /* What was wrong with what the loader left, to be printed once there is a console. */
    char diagnostics[BOOT_DIAGNOSTICS][BOOT_DIAGNOSTIC_MAX];
    unsigned diagnostic_count, diagnostics_lost;
};

/* One for each boot protocol: fills `info` from what the loader left at `address`. */
typedef void boot_reader(const struct mem_view *memory, uint64_t address, struct boot_info *info);

/* Keeps a line of text; the first BOOT_DIAGNOSTICS survive, others are counted. */
void boot_diagnose(struct boot_info *info, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Adds [base, base + size) to the map; firmware cuts what is usable, whichever comes first. Nothing
 * happens when size is 0. False when the range wraps. What does not fit in the map is left out,
 * with a diagnostic: memory is lost then, never handed out twice.
 */
bool boot_add_memory(struct boot_info *info, uint64_t base, uint64_t size, enum boot_memory kind);
/*
 * Copies `text` (`length` bytes, NUL or not); of one that is longer than BOOT_CMDLINE_MAX - 1 the
 * whole words that fit, with a diagnostic.
 */
void boot_set_cmdline(struct boot_info *info, const char *text, uint64_t length);

/*
 * The largest stretch of usable memory below `limit` (exclusive) outside [hole_base, hole_end) and
 * outside page 0, whose address is a null pointer; false when there is none.
 */
bool boot_largest_usable(const struct boot_info *info, uint64_t limit, uint64_t hole_base,
                         uint64_t hole_end, struct boot_region *region);

/*
 * Takes the highest usable page below `limit` (exclusive) out of the map and returns its address;
 * never page 0, which is the answer when there is none.
 */
uint64_t boot_take_page(struct boot_info *info, uint64_t limit);
