/* SPDX-License-Identifier: BSD-2-Clause */
/* KTAP version 1 on the console: the plan first, then one line for each verdict. */
#pragma once

#include <stdbool.h>

#include "lib/text/sink.h"
#include "tests/framework/test.h"

#define TEST_ID_MAX 128

/* "suite.name" */
void test_id(const struct test_definition *definition, char id[TEST_ID_MAX]);

/* The first line of a run. */
void report_begin(void);
/* A line that starts with "# ". */
void report_diagnostic(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Takes the diagnostics of readers and drivers: a report_diagnostic() each. */
extern const struct sink report_diagnostics;
/* A whole line, however long: for the machine-readable records of the benchmark. */
void report_line(const char *text);
/*
 * A diagnostic, where nothing was printed for 20 s: a test whose requests are dear is not silent
 * for as long as who reads this waits for (90 s). Called with requests, so that what hangs is.
 */
void report_life(void);
void report_plan(unsigned count);
void report_start(const struct test_definition *definition);
/*
 * What comes next may hang the VMM, so that no limit of ours ends the test: the harness takes the VMM for
 * hung when nothing is printed for so many seconds (tests/harness/protocol.py).
 */
void report_may_hang(unsigned seconds);
/* `word` is NULL for PASS, else SKIP, WARN, FAIL, ERROR, CRASH or HANG. */
void report_result(bool ok, unsigned number, const struct test_definition *definition,
                   const char *word, const char *reason);
/* The last line of a run: 0 passed, 1 failed, 2 cut short. */
void report_exit(unsigned code);
