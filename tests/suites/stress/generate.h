/* SPDX-License-Identifier: BSD-2-Clause */
/* Random requests for a walk. */
#pragma once

#include "tests/suites/stress/walk.h"

/*
 * The next requests of the walk, from 1 to WALK_BATCH of them and at most `limit`: valid, invalid by
 * chance, or invalid on purpose. No two of them concern one endpoint, or one address of a domain, or a
 * domain that one of them may begin or end. Left out are those whose effect is open, and those whose
 * clause the device violates. Returns how many there are, which may be none.
 */
unsigned generate_batch(struct walk *walk, struct viommu_request requests[WALK_BATCH],
                        unsigned limit);
