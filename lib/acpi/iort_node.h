/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of an IORT's nodes, for the files that read them. */
#pragma once

#include "lib/acpi/iort.h"
#include "lib/bytes/bytes.h"

#define IORT_NAME 29 /* in a named component */

enum iort_type {
    IORT_TYPE_ITS_GROUP = 0,
    IORT_TYPE_COMPONENT = 1,
    IORT_TYPE_ROOT = 2,
    IORT_TYPE_SMMU = 3,
    IORT_TYPE_SMMU_V3 = 4,
    IORT_TYPE_PMCG = 5,
    IORT_TYPE_RMR = 6,
    IORT_TYPE_IWB = 7,
    IORT_TYPE_VIOMMU = 0x80, /* in a VIOT: over PCI; else by its model */
    IORT_TYPE_VIOMMU_MMIO = 0x81,
};

static inline uint32_t iort_field(const struct iort *iort, const struct iort_node *node,
                                  uint32_t offset)
{
    return bytes_le32(iort->bytes + node->offset + offset);
}

static inline uint64_t iort_field64(const struct iort *iort, const struct iort_node *node,
                                    uint32_t offset)
{
    return bytes_le64(iort->bytes + node->offset + offset);
}

/* Of a root complex. */
static inline uint16_t iort_segment(const struct iort *iort, const struct iort_node *node)
{
    return (uint16_t)iort_field(iort, node, 28);
}

/* Of a component. */
static inline const char *iort_name(const struct iort *iort, const struct iort_node *node)
{
    return (const char *)iort->bytes + node->offset + IORT_NAME;
}

static inline bool iort_is_smmu(const struct iort_node *node)
{
    return node->type == IORT_TYPE_SMMU || node->type == IORT_TYPE_SMMU_V3;
}

static inline bool iort_is_viommu(const struct iort_node *node)
{
    return node->type >= IORT_TYPE_VIOMMU;
}

/*
 * Whether a virtio-iommu is on MMIO, its base at byte 16; else a function, which is named there.
 * Outside a VIOT the model is at byte 32: 0 MMIO, 1 PCI.
 */
static inline bool iort_is_mmio(const struct iort *iort, const struct iort_node *node)
{
    return iort->is_in_viot ? node->type == IORT_TYPE_VIOMMU_MMIO : !iort_field(iort, node, 32);
}
