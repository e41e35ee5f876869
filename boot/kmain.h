/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "boot/boot_info.h"

/* The kernel, the same for every boot protocol; powers the machine off at its end. */
_Noreturn void kmain(const struct boot_info *boot);
