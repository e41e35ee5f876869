// SPDX-License-Identifier: BSD-2-Clause
#include "lib/text/sink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* Whether a line is wanted; one that is not costs nothing but its count. */
static bool takes_line(const struct sink *sink)
{
    if (!sink)
        return false;
    if (!sink->limit)
        return true;
    if (!sink->limit->left) {
        sink->limit->dropped++;
        return false;
    }
    sink->limit->left--;
    return true;
}

static void print(const struct sink *sink, void (*line)(void *context, const char *text),
                  const char *format, va_list args)
{
    char text[SINK_LINE_MAX];

    vsnprintf(text, sizeof(text), format, args);
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    line(sink->context, text);
}

void sink_printf(const struct sink *sink, const char *format, ...)
{
    va_list args;

    if (!takes_line(sink))
        return;
    va_start(args, format);
    print(sink, sink->line, format, args);
    va_end(args);
}

void sink_note(const struct sink *sink, const char *format, ...)
{
    va_list args;

    if (!takes_line(sink))
        return;
    va_start(args, format);
    print(sink, sink->note ? sink->note : sink->line, format, args);
    va_end(args);
}

void sink_field(const struct sink *sink, const char *table, uint64_t offset, const char *field,
                uint64_t value, const char *expected, ...)
{
    char text[SINK_LINE_MAX / 2];
    va_list args;

    if (!takes_line(sink))
        return;
    va_start(args, expected);
    vsnprintf(text, sizeof(text), expected, args);
    va_end(args);

    const struct sink unlimited = {.line = sink->line, .context = sink->context};

    sink_printf(&unlimited, "%s byte %" PRIu64 ": %s is 0x%" PRIx64 ", expected %s", table, offset,
                field, value, text);
}
