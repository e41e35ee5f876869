/* SPDX-License-Identifier: BSD-2-Clause */
/* libfdt's reading of a tree. Its header and ours can't be in one file: some names are the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether libfdt's own check of a whole tree passes. */
bool libfdt_accepts(const void *blob, size_t size);
/* Nodes and properties, a line each, in the order of the tree. */
void libfdt_print(const void *blob, FILE *out);
