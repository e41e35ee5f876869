/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes and mappings of an IORT, for the files that read it. Offsets are those of struct iort. */
#pragma once

#include "lib/acpi/iort.h"
#include "lib/bytes/bytes.h"

#define IORT_FIRST_NODE   48
#define IORT_NODE_HEADER  16
#define IORT_MAPPING_SIZE 20
#define IORT_VIOMMU_MODEL 32 /* in a virtio-iommu node outside a VIOT: 0 MMIO, 1 PCI */
#define IORT_NAME         29 /* in a named component */

enum iort_type {
    IORT_TYPE_ITS_GROUP = 0,
    IORT_TYPE_COMPONENT = 1,
    IORT_TYPE_ROOT = 2,
    IORT_TYPE_SMMU = 3,
    IORT_TYPE_SMMU_V3 = 4,
    IORT_TYPE_PMCG = 5,
    IORT_TYPE_RMR = 6,
    IORT_TYPE_IWB = 7,
    IORT_TYPE_VIOMMU = 0x80, /* in a VIOT: over PCI; else with a model that tells */
    IORT_TYPE_VIOMMU_MMIO = 0x81,
};

struct iort_mapping {
    uint32_t input_first, input_last, output_first, reference;
    bool is_single;
};

static inline uint8_t iort_type(const struct iort *iort, uint32_t node)
{
    return iort->bytes[node];
}

static inline uint32_t iort_node_length(const struct iort *iort, uint32_t node)
{
    return bytes_le16(iort->bytes + node + 1);
}

static inline uint8_t iort_node_revision(const struct iort *iort, uint32_t node)
{
    return iort->bytes[node + 3];
}

static inline uint32_t iort_mapping_count(const struct iort *iort, uint32_t node)
{
    return bytes_le32(iort->bytes + node + 8);
}

static inline uint32_t iort_field(const struct iort *iort, uint32_t node, uint32_t offset)
{
    return bytes_le32(iort->bytes + node + offset);
}

static inline uint32_t iort_mapping_at(const struct iort *iort, uint32_t node, uint32_t index)
{
    return node + bytes_le32(iort->bytes + node + 12) + index * IORT_MAPPING_SIZE;
}

/* Of a component whose node was checked. */
static inline const char *iort_name(const struct iort *iort, uint32_t node)
{
    return (const char *)iort->bytes + node + IORT_NAME;
}

static inline bool iort_is_smmu(const struct iort *iort, uint32_t node)
{
    uint8_t type = iort_type(iort, node);

    return type == IORT_TYPE_SMMU || type == IORT_TYPE_SMMU_V3;
}

static inline bool iort_is_viommu(const struct iort *iort, uint32_t node)
{
    return iort_type(iort, node) >= IORT_TYPE_VIOMMU;
}

/* Whether a virtio-iommu is on MMIO, its base at byte 16; else a function, which is named there. */
static inline bool iort_is_mmio(const struct iort *iort, uint32_t node)
{
    return iort->is_in_viot ? iort_type(iort, node) == IORT_TYPE_VIOMMU_MMIO
                            : iort_field(iort, node, IORT_VIOMMU_MODEL) == 0;
}

/*
 * Whether the node is of a type that is read here and its body is intact; with a sink, what is
 * wrong is said.
 */
bool iort_node_check(const struct iort *iort, uint32_t node, const struct sink *sink);
/* Whether an intact node begins at `offset`; *steps is lowered by the nodes looked at. */
bool iort_find_node(const struct iort *iort, uint32_t offset, uint32_t *steps);
/* False: impossible ids, or a single mapping where there can't be one. The reference is not looked
 * at. */
bool iort_mapping_read(const struct iort *iort, uint32_t node, uint32_t index,
                       struct iort_mapping *mapping, const struct sink *sink);
