/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Virtual I/O Translation table, as ACPI 6.5 defines it: one description of the topology.
 * Earlier layouts under the same signature are recognised and refused, never interpreted.
 */
#pragma once

#include <stddef.h>

#include "lib/text/sink.h"
#include "lib/topology/topology.h"

enum viot_verdict {
    VIOT_ACCEPTED,
    VIOT_REJECTED,
    VIOT_IS_DRAFT_2019, /* the draft of November 2019, around an IORT */
    VIOT_IS_V8,         /* looks like document revision v8, one segment per range */
};

/*
 * Adds what the table describes to *out, which is untouched unless VIOT_ACCEPTED. Damage to the
 * structure rejects the whole table; a node with impossible content, or one that *out has no room
 * for, is reported and left out.
 */
enum viot_verdict viot_read(const void *table, size_t size, struct topology *out,
                            const struct sink *sink);
