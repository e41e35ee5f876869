/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of arch/arch.h about a console of firmware's, for CPUs whose firmware has left none. */
#pragma once

#include "arch/arch.h"

static inline bool arch_has_firmware_console(void)
{
    return false;
}

static inline void arch_firmware_put(uint8_t byte)
{
    (void)byte;
}
