/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be observed of the device's state, and the making of those observations. */
#pragma once

#include "drivers/viommu/request.h"
#include "tests/framework/observe.h"

#define OBSERVATIONS 48

struct plan {
    struct observation observations[OBSERVATIONS];
    unsigned count;
};

/* Forgets the test before. */
void plan_begin_test(void);
/* False: the test can't bear requests but its own. */
bool plan_is_possible(void);
/* ... or this request with this answer has been proven in this test often enough. */
bool plan_is_wanted(const struct viommu_request *request, uint8_t status);
void plan_begin(struct test *test, struct plan *plan);
/*
 * Adds what tells a possible state from others: the domains and mappings that the request is about (NULL:
 * all of them), and what the engines that it concerns reach.
 */
void plan_for(struct test *test, struct plan *plan, const struct model *model,
              const struct viommu_request *request);
/* Makes them; `model` is the state that is expected, in which engines are given their footprints. */
void plan_carry_out(struct test *test, struct plan *plan, const struct model *model);
