/* SPDX-License-Identifier: BSD-2-Clause */
/* What this run is about: the first lines, and the table of endpoints. */
#pragma once

#include "tests/framework/fixture.h"

void banner_print(const struct fixture *fixture, const char *protocol);
