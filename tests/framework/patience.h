/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits of time that know the host: what a request costs here is measured once a run, before the
 * first test that sends any, and a test that waits for many of them has more time where they are
 * dear.
 */
#pragma once

#include <stdint.h>

#include "tests/framework/test.h"

/* The watchdog's limit for a test, in ns (lib/wait/wait.h says what counts). */
uint64_t patience_limit(const struct fixture *fixture, const struct test_definition *definition);
/*
 * Measures with the IOMMU as it is, gives its requests the time that they need, and the running
 * test its limit anew. Without effect where it was measured, or where a request has no answer.
 */
void patience_measure(struct test *test);
