/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoint ids without a description: the IOMMU is asked which ids it knows, and each DMA engine
 * shows which of them it uses.
 */
#pragma once

#include "tests/framework/fixture.h"

/*
 * Asks about the ids of asked->scans; each id that is known is a range of the source TOPOLOGY_SCAN
 * in the platform's topology. Needs the fixture's IOMMU, engines and pages, and leaves the IOMMU in reset
 * and the engines stopped.
 */
void scan_endpoints(struct fixture *fixture, const struct topology *asked);
