// SPDX-License-Identifier: BSD-2-Clause
/* Sinks of diagnostics: what a line may hold, and the share that each table has of them. */
#include <stdio.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/text/sink.h"
#include "tests/unit/fixtures/diagnostics.h"
#include "tests/unit/fixtures/unit.h"

static struct diagnostics diagnostics;

static void lines_hold_what_prints(void)
{
    struct sink sink = {.line = diagnostics_take, .context = &diagnostics};

    diagnostics.text[0] = 0;
    sink_printf(&sink, "%s", "a\nb\033[1m\x80 ~");
    CHECK(!strcmp(diagnostics.text, "a?b?[1m? ~\n"));
    sink_printf(NULL, "nobody");
}

static void forget(void *context, const char *text)
{
    (void)context;
    (void)text;
}

/* What one table says takes no line from the next, and no note takes that of a fault. */
static void shares_of_a_sink(void)
{
    struct sink sink = {.line = diagnostics_take, .context = &diagnostics, .note = forget};
    struct sink_share share;

    for (unsigned table = 0; table < 2; table++) {
        const struct sink *own = sink_begin(&share, &sink, table ? "second" : "first");

        memset(&diagnostics, 0, sizeof(diagnostics));
        for (unsigned i = 0; i < SINK_SHARE_LINES + 3; i++)
            sink_note(own, "note");
        for (unsigned i = 0; i < SINK_SHARE_LINES; i++)
            sink_field(own, "table", i, "field", 1, "0");
        CHECK_EQ(diagnostics.lines, SINK_SHARE_LINES);
        CHECK_EQ(share.limit.dropped, 3);
        sink_printf(own, "one more");
        CHECK_EQ(diagnostics.lines, SINK_SHARE_LINES);
        sink.note = NULL;
        sink_end(&share);
        CHECK(strstr(diagnostics.text, table ? "second: 4 more lines" : "first: 4 more lines"));
        sink.note = forget;
    }
    CHECK(!sink_begin(&share, NULL, "nobody"));
    sink_end(&share);
}

int main(void)
{
    static const struct unit units[] = {
        {"lines_hold_what_prints", lines_hold_what_prints},
        {"shares_of_a_sink", shares_of_a_sink},
    };

    return unit_main("sink", units, ARRAY_LENGTH(units));
}
