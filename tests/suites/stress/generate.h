/* SPDX-License-Identifier: BSD-2-Clause */
/* Random requests for a walk. */
#pragma once

#include "tests/suites/stress/walk.h"

/* The next request of the walk: valid, invalid by chance, or invalid on purpose. */
struct viommu_request generate_request(struct walk *walk);
/* Whether to leave this one out: its effect is open, or the device violates its clause. */
bool is_left_out(const struct walk *walk, const struct viommu_request *request);
