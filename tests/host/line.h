/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines, what they are read as, and what is said of them. */
#pragma once

#include "lib/text/options.h"

/* What the last line was read as; too large for a frame, and one process runs one unit. */
extern struct options line_options;

struct line_report {
    unsigned lines;
    char last[SINK_LINE_MAX];
};
/* Takes a context that is a struct line_report. */
void line_take(void *context, const char *text);

/* From an allocation of the exact size, so that a byte read past the NUL is seen. */
struct line_report line_parse(const char *cmdline);
/* Nothing of a machine or a topology is taken, and the only complaint holds `expected`. */
void line_check_refused(const char *cmdline, const char *expected);
