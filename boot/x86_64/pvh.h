/* SPDX-License-Identifier: BSD-2-Clause */
/* The PVH start info (Xen public headers, arch-x86/hvm/start_info.h) as bytes. */
#pragma once

#include "boot/boot_info.h"
#include "lib/mem/view.h"

/*
 * Fills `info` from the start info at `address`. What makes no sense is reported of and left out;
 * a bad magic leaves the memory map empty.
 */
void pvh_read(const struct mem_view *memory, uint64_t address, struct boot_info *info);
