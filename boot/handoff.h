/* SPDX-License-Identifier: BSD-2-Clause */
/* From what the loader left to what the kernel works with: memory, and the machine. */
#pragma once

#include "boot/boot_info.h"
#include "lib/machine/machine.h"
#include "lib/mem/pages.h"
#include "lib/text/sink.h"

/*
 * Calls the protocol's reader on the memory that the entry has mapped, and does what else this CPU
 * needs before the memory is handed out: boot/<cpu>/handoff.c.
 */
void boot_read_handoff(boot_reader *read, uint64_t address, struct boot_info *info);
/* Prints what was wrong with what the loader left. */
void boot_print_diagnostics(const struct boot_info *boot, const struct sink *diagnostics);
/* machine_read() of what the loader points to; arch_init() must have run. */
void boot_find_machine(const struct boot_info *boot, struct machine *machine,
                       const struct sink *diagnostics);
/*
 * The largest stretch of usable memory below 4 GiB that neither the image nor firmware occupies; an
 * empty pool, and a diagnostic, when there is none.
 */
void boot_find_memory(const struct boot_info *boot, struct pages *pages,
                      const struct sink *diagnostics);
