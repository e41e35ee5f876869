/* SPDX-License-Identifier: BSD-2-Clause */
/* The first diagnostic lines of a run: the machine, its topology, and a line for each device. */
#pragma once

#include "tests/framework/fixture.h"

void banner_print(const struct fixture *fixture, const char *protocol);
