/* SPDX-License-Identifier: BSD-2-Clause */
/* Where long_mode.S goes on in C, whatever the boot protocol. */
#pragma once

#include "boot/boot_info.h"
#include "lib/mem/view.h"

/* Fills `info` from what the protocol's loader left at `address`. */
typedef void boot_reader(const struct mem_view *memory, uint64_t address, struct boot_info *info);

_Noreturn void entry_main(boot_reader *read, uint64_t address);
