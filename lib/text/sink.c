// SPDX-License-Identifier: BSD-2-Clause
#include "lib/text/sink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void sink_printf(const struct sink *sink, const char *format, ...)
{
    char line[SINK_LINE_MAX];
    va_list args;

    if (!sink)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    for (char *c = line; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    sink->line(sink->context, line);
}

void sink_field(const struct sink *sink, const char *table, uint64_t offset, const char *field,
                uint64_t value, const char *expected, ...)
{
    char text[SINK_LINE_MAX / 2];
    va_list args;

    va_start(args, expected);
    vsnprintf(text, sizeof(text), expected, args);
    va_end(args);
    sink_printf(sink, "%s byte %" PRIu64 ": %s is 0x%" PRIx64 ", expected %s", table, offset, field,
                value, text);
}
