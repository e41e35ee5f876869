/* SPDX-License-Identifier: BSD-2-Clause */
/* What this run is about: the first lines, and the table of endpoints. */
#pragma once

#include "tests/framework/lab.h"

void banner_print(const struct lab *lab, const char *protocol);
