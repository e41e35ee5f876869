/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests on trial, before the first test: what the IOMMU answers to them is nobody's verdict. */
#pragma once

#include "drivers/viommu/request.h"
#include "tests/framework/test.h"

/* One IOMMU that leaves a request unanswered would take the time of all: none is sent after that. */
void trial_begin(void);
/* Whether it is answered by OK. */
bool trial_ok(struct test *test, struct viommu_request request);
