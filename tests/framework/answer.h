/* SPDX-License-Identifier: BSD-2-Clause */
/* Between request.c, which judges answers, and setup.c, whose requests must succeed. */
#pragma once

#include "tests/framework/fixture.h"
#include "tests/framework/request.h"

static inline bool is_answered_with(const struct viommu_reply *reply, uint8_t status)
{
    return reply->outcome == VIOMMU_ANSWERED && reply->status == status;
}

/*
 * expect() about a request, which is described only where the condition is false: most conditions
 * hold, and a description takes longer than the request.
 */
bool expect_of(struct test *test, enum clause clause, bool condition,
               const struct viommu_request *request, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * An endpoint that the device neither moves nor lets go, in what an earlier test or the framework has made
 * of it: those that claim one of these statements judge that.
 */
void skip_if_stuck(struct test *test, const struct viommu_request *request,
                   const struct viommu_reply *reply);
