/* SPDX-License-Identifier: BSD-2-Clause */
/* How far engines reach, found out through mappings at several heights. */
#pragma once

#include "tests/framework/test.h"

/*
 * Of each engine that may fall short: finds dma_engine.reach, and says so if it is not all. Needs a
 * renewed IOMMU, and leaves requests behind.
 */
void qualify_engines(struct test *test);

/* The last address that all engines reach which tests use. */
uint64_t engines_reach(struct test *test);
