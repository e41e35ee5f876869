/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Intel's and AMD's IOMMUs manage, by the ACPI tables DMAR (VT-d specification, section 8) and
 * IVRS (AMD I/O virtualization specification, section 5.2): enough to name them, as nothing here
 * drives them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/text/sink.h"
#include "lib/topology/topology.h"

/*
 * Add the units and their scopes to *others; an id is a requester id. A scope that names a bridge
 * becomes a range with has_below set, and so does one that is behind bridges, whose buses the
 * table does not say: it is taken for all that is below the first of them. False: the structure is
 * damaged, *others is as it was. A structure with impossible content is reported and left out.
 */
bool dmar_read(const void *table, size_t size, struct topology *others, const struct sink *sink);
bool ivrs_read(const void *table, size_t size, struct topology *others, const struct sink *sink);
