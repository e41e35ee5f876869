/* SPDX-License-Identifier: BSD-2-Clause */
/* The one upward edge of lib and arch: somebody who takes lines of text. */
#pragma once

#define SINK_LINE_MAX 512

struct sink {
    void (*line)(void *context, const char *text); /* without a newline */
    void *context;
};

/* One line; what exceeds SINK_LINE_MAX - 1 bytes is cut. A NULL sink swallows it. */
void sink_printf(const struct sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
