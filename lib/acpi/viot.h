/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Virtual I/O Translation table: one description of the topology. Under its signature there are
 * three layouts that no field distinguishes: the one of ACPI 6.5, which viot_read() reads, document
 * revision v8, whose ranges have one segment, and the draft of November 2019, around an IORT.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/acpi/iort.h"
#include "lib/text/sink.h"
#include "lib/topology/topology.h"

enum viot_verdict {
    VIOT_ACCEPTED,
    VIOT_REJECTED,
    VIOT_IS_DRAFT_2019, /* for viot_read_draft() */
};

/*
 * Adds what the table describes to *out, which is untouched unless VIOT_ACCEPTED. Damage to the
 * structure rejects the whole table; a node with impossible content, or one that *out has no room
 * for, is reported and left out.
 */
enum viot_verdict viot_read(const void *table, size_t size, struct topology *out,
                            const struct sink *sink);
/*
 * The same, taken for document revision v8. Only on request: a final table with a
 * damaged range looks no different.
 */
enum viot_verdict viot_read_v8(const void *table, size_t size, struct topology *out,
                               const struct sink *sink);
/*
 * The draft of November 2019, whose IORT is opened in *iort; adds SMMUs, which it may describe, to
 * *others. A table of another kind is VIOT_REJECTED.
 */
enum viot_verdict viot_read_draft(const void *table, size_t size, struct iort *iort,
                                  struct topology *out, struct topology *others,
                                  const struct sink *sink);
/* Whether the table is of that draft, as far as its header says; nothing else is checked. */
bool viot_is_draft(const void *table, size_t size);
/* Whether its PCI ranges make sense in that layout, and some of them not in the final one. */
bool viot_is_v8(const void *table, size_t size);
