/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Controls: a transfer that is denied proves something only if the same transfer arrives where it is
 * allowed. What tests judge is noted here, and what no test has shown to arrive is tried after it.
 */
#pragma once

#include "drivers/dma/dma.h"
#include "tests/framework/test.h"

enum control_kind { CONTROL_WRITE, CONTROL_READ };

/* Forgets what the test before has noted. */
void controls_begin(void);
/* A transfer of `length` bytes at `address`, as the engine sees it, that was judged by its absence ... */
void control_denied(struct test *test, const struct dma_engine *engine, enum control_kind kind,
                    uint64_t address, uint32_t length);
/* ... and one that arrived. */
void control_arrived(const struct dma_engine *engine, enum control_kind kind, uint64_t address,
                     uint32_t length);
/*
 * Ends the test's use of the fixture, and repeats, mapped and in a clean state, what was denied in it
 * and did not arrive in it: one transfer of each engine, kind and length. What still does not arrive
 * is an ERROR. Not for a test that has failed, or that has given no verdict.
 */
void controls_run(struct test *test);
