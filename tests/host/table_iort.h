/* SPDX-License-Identifier: BSD-2-Clause */
/* IORTs for unit tests, in an IORT of their own or inside a VIOT. */
#pragma once

#include "tests/host/table.h"

#define IORT_SINGLE 1u

struct table_mapping {
    uint32_t input, count, output, reference, flags;
};

/* Begins an IORT; `in_viot`: the one of the draft of 2019, in its VIOT. */
void table_iort_begin(struct table *table, uint8_t revision, int in_viot);
/*
 * Adds a node of `length` bytes without its mappings; returns its offset as a reference has it.
 * What the body says is for table_iort_put().
 */
uint32_t table_iort_node(struct table *table, uint8_t type, uint8_t revision, uint16_t length,
                         const struct table_mapping *mappings, unsigned count);
/* A field of a node, by the node's reference. */
void table_iort_put(struct table *table, uint32_t node, uint32_t offset, unsigned width,
                    uint64_t value);

uint32_t table_iort_its(struct table *table);
uint32_t table_iort_root(struct table *table, uint16_t segment,
                         const struct table_mapping *mappings, unsigned count);
uint32_t table_iort_component(struct table *table, const char *name,
                              const struct table_mapping *mappings, unsigned count);
uint32_t table_iort_smmu_v3(struct table *table, uint64_t base,
                            const struct table_mapping *mappings, unsigned count);
/* A virtio-iommu as the table's kind has it: MMIO where base is not 0. */
uint32_t table_iort_viommu(struct table *table, uint64_t base, uint32_t devid);
