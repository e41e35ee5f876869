/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one description alone says. A machine's topology holds the records of every description that
 * is present; to compare two of them, each must be asked without the others in its way.
 */
#pragma once

#include "lib/topology/topology.h"

/* Copies the ranges of `source`, and all IOMMUs, so that indices stay; false: there is no range. */
bool topology_view(const struct topology *all, enum topology_source source, struct topology *view);
/* Whether both are the same device. */
bool topology_same_iommu(const struct topology_iommu *a, const struct topology_iommu *b);
/*
 * Whether the ids of the range run past UINT32_MAX; those of a range of segments are
 * (segment - segment_first) << 16 apart.
 */
bool topology_wraps(const struct topology_range *range);
