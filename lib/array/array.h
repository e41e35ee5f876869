/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* How many elements an array has; not for a pointer, which clang and gcc warn of. */
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
