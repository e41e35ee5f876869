/* SPDX-License-Identifier: BSD-2-Clause */
/* The one upward edge of lib and arch: somebody who takes lines of text. */
#pragma once

#include <stdint.h>

#define SINK_LINE_MAX 512

struct sink {
    void (*line)(void *context, const char *text); /* without a newline */
    void *context;
};

/*
 * One line; what exceeds SINK_LINE_MAX - 1 bytes is cut, and what does not print, as a table's
 * names may hold, becomes '?'. A NULL sink swallows it.
 */
void sink_printf(const struct sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * What is wrong with a field of a table: "<table> byte <offset>: <field> is 0x<value>, expected
 * <expected>".
 */
void sink_field(const struct sink *sink, const char *table, uint64_t offset, const char *field,
                uint64_t value, const char *expected, ...) __attribute__((format(printf, 6, 7)));
