/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether engines do what they are there for, found out before one of them judges the IOMMU. */
#pragma once

#include "tests/framework/test.h"

/*
 * Lets each engine write, read, and go on after a transfer that is denied, and sets dma_engine.flaw of
 * those that do not. Needs a renewed IOMMU and the reach of engines (qualify.h), and leaves requests
 * behind.
 */
void judge_fitness(struct test *test);
/* Which engine is not used and why, for the reason of a test that lacks one; NULL: all are. */
const char *unfit_engine_text(struct test *test);
