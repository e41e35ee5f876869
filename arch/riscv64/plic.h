/* SPDX-License-Identifier: BSD-2-Clause */
/* The Platform-Level Interrupt Controller (RISC-V PLIC specification 1.0.0), one context of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/machine/machine.h"

#define PLIC_NONE  0
#define PLIC_LINES 1024

/* Every line masked for the context; false: no PLIC is known, or it has no such context. */
bool plic_open(const struct machine_range *plic, uint32_t context);
/* False: there is no such line. */
bool plic_enable(uint32_t line);
void plic_disable(uint32_t line);
/* The line to handle, or PLIC_NONE; that and no other is ended. */
uint32_t plic_claim(void);
void plic_end(uint32_t line);
