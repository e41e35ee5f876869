/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "tests/framework/fixture.h"

/* From here on an exception is reported, within a test or not, and ends the run with code 2. */
void tests_catch_traps(void);

/*
 * For a machine that watches its driver: `audit` gives out what was out of order since the last
 * call, or NULL. A test that does not declare it as .provokes is an ERROR then.
 */
void tests_audit_driver(const char *(*audit)(void));

/*
 * Selects by the options, sorts by id, runs and reports. Returns the exit code: 0 all passed, 1
 * something failed, 2 nothing could be run. An exception or a test past its time ends the run by
 * itself, after a verdict, with code 2: whoever boots the image goes on from the next test.
 */
unsigned tests_run(struct fixture *fixture);
