/* SPDX-License-Identifier: BSD-2-Clause */
/* Selects the tests of the image, runs them and prints their verdicts. */
#pragma once

#include "tests/framework/fixture.h"

/* From this call on an exception, in a test or outside, is reported and ends the run with code 2. */
void tests_catch_traps(void);

/*
 * For a machine that watches its driver: `audit` gives out what was out of order since the last
 * call, or NULL. A test that does not declare it as .provokes is an ERROR then.
 */
void tests_audit_driver(const char *(*audit)(void));

/*
 * Selects by the command line, sorts by id, runs and reports. Returns the exit code: 0 all passed,
 * 1 something failed, 2 nothing could be run. An exception or a timeout prints a verdict and ends the
 * run with code 2; the host's side boots again with from= and resumes after that test. So it is
 * with `isolate` after a test that has driven the IOMMU, and with `resume` where its reset proves
 * broken: "# reset broken: REASON", and in both cases "# stopped before test N".
 */
unsigned tests_run(struct fixture *fixture);
