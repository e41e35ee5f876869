/* SPDX-License-Identifier: BSD-2-Clause */
/* From an IORT to the records of a topology. */
#pragma once

#include "lib/acpi/iort.h"
#include "lib/topology/topology.h"

/*
 * Adds what the table says of virtio-iommus to *viommus and of SMMUs to *others, either of which
 * may be NULL. Components, whose address only AML has, are reported and left out.
 */
void iort_topology(const struct iort *iort, struct topology *viommus, struct topology *others,
                   const struct sink *sink);
