/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "tests/suites/stress/walk.h"

/* The next request of the walk: valid, invalid by chance, or invalid on purpose. */
struct viommu_request generate_request(struct walk *walk);
/* Whether the walk leaves this one out, for what it would do is open or known to be violated. */
bool is_left_out(const struct walk *walk, const struct viommu_request *request);
