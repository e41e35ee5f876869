/* SPDX-License-Identifier: BSD-2-Clause */
/* The one upward edge of lib and arch: somebody who takes lines of text. */
#pragma once

#include <stdint.h>

#define SINK_LINE_MAX 512

/* Lines that may still come, and how many more were not written; notes have a number of their own. */
struct sink_limit {
    unsigned left, notes_left, dropped;
};

struct sink {
    void (*line)(void *context, const char *text); /* without a newline */
    void *context;
    struct sink_limit *limit; /* NULL: none */
    /* Takes what is no fault of the input; NULL: line() does. */
    void (*note)(void *context, const char *text);
};

/*
 * One line; what exceeds SINK_LINE_MAX - 1 bytes is cut, and what does not print, as a table's
 * names may hold, becomes '?'. A NULL sink swallows it.
 */
void sink_printf(const struct sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for what the input can't be blamed for: our own limits, and what is only to be known. */
void sink_note(const struct sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * What is wrong with a field of a table: "<table> byte <offset>: <field> is 0x<value>, expected
 * <expected>".
 */
void sink_field(const struct sink *sink, const char *table, uint64_t offset, const char *field,
                uint64_t value, const char *expected, ...) __attribute__((format(printf, 6, 7)));

#define SINK_SHARE_LINES 16 /* of faults, and as many of notes */

/*
 * What one table or tree may say, however much is wrong with it: so that it neither floods whoever
 * reads it nor takes the lines of the others.
 */
struct sink_share {
    struct sink sink;
    struct sink_limit limit;
    const struct sink *whole;
    const char *label;
};

/* The sink for the readers of `label`; NULL for NULL. `whole` and `label` must stay. */
const struct sink *sink_begin(struct sink_share *share, const struct sink *whole,
                              const char *label);
/* One line about those that were too many. */
void sink_end(const struct sink_share *share);
