/* SPDX-License-Identifier: BSD-2-Clause */
/* What a device tree tells a kernel before it has page tables and a console. */
#pragma once

#include "boot/boot_info.h"
#include "lib/mem/view.h"

/*
 * The reader of the Image boot protocol of arm64 and riscv64, whose loaders pass on a device tree.
 * Fills the command line and the memory map of `info` from the tree at `address`: memory nodes, and
 * as firmware's /reserved-memory, the memory reservations and the tree itself. What makes no sense
 * is reported of and left out; of a damaged tree nothing is taken.
 */
void devicetree_read(const struct mem_view *memory, uint64_t address, struct boot_info *info);

/* Only what is firmware's, where somebody else tells of the memory and of the command line. */
void devicetree_reserve(const struct mem_view *memory, uint64_t address, struct boot_info *info);
