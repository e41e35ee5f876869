/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "boot/boot_info.h"

/*
 * The kernel, the same for every boot protocol: the entry in assembly calls it with the protocol's
 * reader and the address that the loader passed on. Powers the machine off at its end.
 */
_Noreturn void kmain(boot_reader *read, uint64_t address);
