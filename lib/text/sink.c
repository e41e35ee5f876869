// SPDX-License-Identifier: BSD-2-Clause
#include "lib/text/sink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* Whether a line is wanted; one that is not costs nothing but its count. */
static bool takes_line(const struct sink *sink, bool is_note)
{
    struct sink_limit *limit = sink ? sink->limit : NULL;

    if (!limit)
        return sink;

    unsigned *left = is_note ? &limit->notes_left : &limit->left;

    limit->dropped += !*left;
    return *left && (*left)--;
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

    if (!takes_line(sink, false))
        return;
    va_start(args, format);
    print(sink, sink->line, format, args);
    va_end(args);
}

void sink_note(const struct sink *sink, const char *format, ...)
{
    va_list args;

    if (!takes_line(sink, true))
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

    if (!takes_line(sink, false))
        return;
    va_start(args, expected);
    vsnprintf(text, sizeof(text), expected, args);
    va_end(args);

    const struct sink unlimited = {.line = sink->line, .context = sink->context};

    sink_printf(&unlimited, "%s byte %" PRIu64 ": %s is 0x%" PRIx64 ", expected %s", table, offset,
                field, value, text);
}

const struct sink *sink_begin(struct sink_share *share, const struct sink *whole, const char *label)
{
    *share = (struct sink_share){
        .limit = {.left = SINK_SHARE_LINES, .notes_left = SINK_SHARE_LINES},
        .whole = whole,
        .label = label,
    };
    if (!whole)
        return NULL;
    share->sink = *whole;
    share->sink.limit = &share->limit;
    return &share->sink;
}

void sink_end(const struct sink_share *share)
{
    if (share->limit.dropped)
        sink_note(share->whole, "%s: %u more lines", share->label, share->limit.dropped);
}
