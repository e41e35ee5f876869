// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/unit.h"

struct options line_options;

void line_take(void *context, const char *text)
{
    struct line_report *report = context;

    report->lines++;
    snprintf(report->last, sizeof(report->last), "%s", text);
}

struct line_report line_parse(const char *cmdline)
{
    struct line_report report = {0};
    const struct sink sink = {line_take, &report};
    char *copy = strdup(cmdline);

    options_parse(copy, &line_options, &sink);
    free(copy);
    return report;
}

void line_check_refused(const char *cmdline, const char *expected)
{
    struct line_report report = line_parse(cmdline);

    if (line_options.blocks.count || line_options.topology.range_count ||
        line_options.host.window_count)
        unit_fail(__FILE__, __LINE__, "'%s' is taken", cmdline);
    if (report.lines != 1 || !strstr(report.last, expected))
        unit_fail(__FILE__, __LINE__, "'%s': %u lines, '%s', expected '%s'", cmdline, report.lines,
                  report.last, expected);
}
