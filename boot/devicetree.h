/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel needs of a device tree before it has page tables and a console. */
#pragma once

#include "boot/boot_info.h"
#include "lib/mem/view.h"

/*
 * The reader of the Image boot protocol of arm64 and riscv64, whose loaders pass on a device tree.
 * Fills the command line and the memory map of `info` from the tree at `address`: memory nodes, and
 * as firmware's /reserved-memory, the memory reservations and the tree itself. Invalid values are
 * reported and left out; of a damaged tree nothing is taken.
 */
void devicetree_read(const struct mem_view *memory, uint64_t address, struct boot_info *info);

/* Only what is firmware's, where memory and command line are described elsewhere. */
void devicetree_reserve(const struct mem_view *memory, uint64_t address, struct boot_info *info);
