// SPDX-License-Identifier: BSD-2-Clause
#include "lib/text/sink.h"

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
    sink->line(sink->context, line);
}
