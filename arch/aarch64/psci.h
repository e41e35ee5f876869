/* SPDX-License-Identifier: BSD-2-Clause */
/* Power State Coordination Interface (DEN 0022), section 5: functions and what they return. */
#pragma once

#include <stdint.h>

#include "lib/machine/machine.h"

#define PSCI_CPU_OFF       0x84000002u
#define PSCI_CPU_ON        0xc4000003u
#define PSCI_SYSTEM_OFF    0x84000008u
#define PSCI_SYSTEM_RESET  0x84000009u
#define PSCI_SUCCESS       0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_ALREADY_ON    (-4)

/* What the calling convention before version 1.1 may spoil. */
#define PSCI_SPOILS                                                                                \
    "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",    \
        "memory"

void psci_init(enum machine_psci conduit);
/* What the function returns; PSCI_NOT_SUPPORTED without a conduit. */
int64_t psci_call(uint32_t function, uint64_t first, uint64_t second, uint64_t third);
