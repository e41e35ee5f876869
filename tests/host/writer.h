/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a topology in each of the forms that can describe one: what the readers in lib/topology/
 * undo. A range must have bdf_ignored 0 and no has_below.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/topology/topology.h"
#include "tests/host/table.h"

/* `is_v8`: document revision v8, for ranges of one segment. */
void writer_viot(struct table *table, const struct topology *topology, bool is_v8);
/* Virtio-iommus in an IORT; `in_viot`: in the draft of 2019. Functions in one segment only. */
void writer_iort(struct table *table, const struct topology *topology, bool in_viot);
/* A virtio-iommu's configuration, version 1 to 4, of one IOMMU; up to v3 ranges of one segment. */
void writer_builtin(struct table *table, const struct topology *topology, unsigned version);
/* Boot options; ranges of one segment. */
void writer_options(char *text, size_t size, const struct topology *topology);
/* A device tree, an allocation of *size bytes; ranges of one segment from 0 to 3. */
uint8_t *writer_devicetree(const struct topology *topology, size_t *size);
