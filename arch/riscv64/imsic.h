/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hart's Incoming MSI Controller (RISC-V AIA 1.0 chapter 3): its interrupt file of supervisor
 * mode, in which a message sets the bit of its number.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IMSIC_NONE 0
#define IMSIC_MAX  255 /* messages 1 .. IMSIC_MAX are used, where the hart has as many */

/* Every message masked. */
void imsic_open(void);
void imsic_enable(uint32_t message, bool is_enabled);
/* The message to handle, which is no longer pending, or IMSIC_NONE. */
uint32_t imsic_claim(void);
