/* SPDX-License-Identifier: BSD-2-Clause */
/* The zero page of the Linux x86 boot protocol (Linux, Documentation/arch/x86/) as bytes. */
#pragma once

#include "boot/boot_info.h"
#include "lib/mem/view.h"

/*
 * Fills `info` from the zero page at `address`: the E820 map and what setup_data adds to it, the
 * command line, the RSDP. What makes no sense is reported of and left out; of a page without the
 * setup header's two marks nothing is taken.
 */
void linux_read(const struct mem_view *memory, uint64_t address, struct boot_info *info);
