/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selection of dotted names. A `*` stands for any number of characters, dots included, a `?` for
 * exactly one, everything else for itself: there are no classes and there is no escape. A pattern
 * without a wildcard names a test or a whole branch: `conformance.map` matches itself and whatever
 * begins with `conformance.map.`, but not `conformance.mapping`.
 */
#pragma once

#include <stdbool.h>

/* No memory, no recursion; at most length(pattern) * length(text) steps. */
bool glob_match(const char *pattern, const char *text);
