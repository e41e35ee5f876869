/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "lib/machine/machine.h"

/*
 * Finds out the rate of the time stamp counter, by what the hypervisor or the CPU says, else by
 * what measures it; where nothing does, the clock's name says so. See counter.h.
 */
void tsc_init(const struct machine *machine);
