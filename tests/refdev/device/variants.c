// SPDX-License-Identifier: BSD-2-Clause
/*
 * The table of variants. Each keeps the specification and differs from "usual" in what a driver has
 * to cope with.
 */
#include "tests/refdev/device/variants.h"

#include "lib/array/array.h"

#include <string.h>

#define BIT(name) REF_BIT(VIRTIO_IOMMU_F_##name)
#define RANGES    (BIT(INPUT_RANGE) | BIT(DOMAIN_RANGE))
#define USUAL     (RANGES | BIT(MAP_UNMAP) | BIT(PROBE) | BIT(MMIO) | BIT(BYPASS_CONFIG))

/* The MSI region: the machine fills in where it is. */
#define MSI 0, 0, VIRTIO_IOMMU_RESV_MEM_T_MSI

#define PLATFORM (REF_BIT(REF_F_ACCESS_PLATFORM) | REF_BIT(REF_F_ORDER_PLATFORM))

#define PAGES_4K ~0xfffull

/* What most variants have in common. */
#define ORDINARY                                                                                   \
    .page_size_mask = PAGES_4K, .input_last = (1ull << 48) - 1, .domain_last = 0xffff,             \
    .probe_size = 512

static const struct ref_variant variants[] = {
    {"usual", {.features = USUAL, ORDINARY, .bypass = 1, .regions = {{MSI}}, .region_count = 1}},
    {"mmio",
     {.features = USUAL,
      ORDINARY,
      .bypass = 1,
      .regions = {{MSI}},
      .region_count = 1,
      .is_on_mmio = true}},
    /* No optional feature. */
    {"bare", {.features = BIT(MAP_UNMAP), .page_size_mask = PAGES_4K}},
    /* The bit that BYPASS_CONFIG has superseded. */
    {"old-bypass", {.features = BIT(MAP_UNMAP) | BIT(BYPASS), .page_size_mask = PAGES_4K}},
    {"blocked",
     {.features = USUAL,
      .page_size_mask = PAGES_4K,
      .input_last = (1ull << 39) - 1,
      .domain_last = UINT32_MAX,
      .probe_size = 64,
      .regions = {{MSI}},
      .region_count = 1}},
    {"granule-1",
     {.features = USUAL,
      .page_size_mask = 1,
      .input_last = UINT64_MAX,
      .domain_last = UINT32_MAX,
      .probe_size = 512,
      .bypass = 1}},
    {"granule-64k",
     {.features = USUAL,
      .page_size_mask = 0x20010000,
      .input_last = (1ull << 48) - 1,
      .domain_last = 0xff,
      .probe_size = 512,
      .bypass = 1}},
    {"granule-2m",
     {.features = USUAL,
      .page_size_mask = ~0x1fffffull,
      .input_last = UINT64_MAX,
      .domain_last = UINT32_MAX,
      .probe_size = 512,
      .bypass = 1}},
    /* Neither the input range nor the domain range begins at 0. */
    {"narrow",
     {.features = USUAL,
      .page_size_mask = PAGES_4K,
      .input_first = 0x10000000,
      .input_last = 0x9fffffff,
      .domain_first = 5,
      .domain_last = 20,
      .probe_size = 100,
      .bypass = 1}},
    {"reserved",
     {.features = USUAL,
      ORDINARY,
      .bypass = 1,
      .regions = {{MSI},
                  {0xa0000, 0xfffff, VIRTIO_IOMMU_RESV_MEM_T_RESERVED},
                  {0x700000000, 0x7000fffff, VIRTIO_IOMMU_RESV_MEM_T_RESERVED},
                  {0xff0000000000, 0xffffffffffff, VIRTIO_IOMMU_RESV_MEM_T_RESERVED}},
      .region_count = 4}},
    /* The first and the last page. */
    {"regions",
     {.features = USUAL,
      .page_size_mask = PAGES_4K,
      .input_last = (1ull << 48) - 1,
      .domain_last = 0xffff,
      .probe_size = 144,
      .bypass = 1,
      .regions = {{MSI},
                  {0x8000000, 0x80fffff, VIRTIO_IOMMU_RESV_MEM_T_RESERVED},
                  {0, 0xfff, VIRTIO_IOMMU_RESV_MEM_T_RESERVED},
                  {0x123456789000, 0x123456789fff, VIRTIO_IOMMU_RESV_MEM_T_RESERVED},
                  {0xfffffffff000, 0xffffffffffff, VIRTIO_IOMMU_RESV_MEM_T_RESERVED}},
      .region_count = 5}},
    /* PROBE returns no property. */
    {"no-properties",
     {
         .features = USUAL,
         .page_size_mask = PAGES_4K,
         .input_last = (1ull << 48) - 1,
         .domain_last = 0xffff,
         .probe_size = 0,
         .bypass = 1,
     }},
    {"odd-probe",
     {.features = USUAL,
      .page_size_mask = PAGES_4K,
      .input_last = (1ull << 48) - 1,
      .domain_last = 0xffff,
      .probe_size = 37,
      .bypass = 1,
      .regions = {{MSI}},
      .region_count = 1}},
    /* Several page sizes, up to the largest that a mask can have. */
    {"masks",
     {.features = USUAL,
      .page_size_mask = 0x8000000040201000,
      .input_last = (1ull << 48) - 1,
      .domain_last = 0xffff,
      .probe_size = 512,
      .bypass = 1,
      .regions = {{MSI}},
      .region_count = 1}},
    {"small-queues", {.features = USUAL, ORDINARY, .bypass = 1, .queue_size = 16}},
    {"plain-rings",
     {.features = USUAL,
      ORDINARY,
      .bypass = 1,
      .withheld = REF_BIT(REF_F_INDIRECT_DESC) | REF_BIT(REF_F_EVENT_IDX) |
                  REF_BIT(REF_F_RING_PACKED) | REF_BIT(REF_F_RING_RESET)}},
    {"no-event-index",
     {.features = USUAL, ORDINARY, .bypass = 1, .withheld = REF_BIT(REF_F_EVENT_IDX)}},
    {"no-indirect",
     {.features = USUAL, ORDINARY, .bypass = 1, .withheld = REF_BIT(REF_F_INDIRECT_DESC)}},
    {"late", {.features = USUAL, ORDINARY, .bypass = 1, .is_lazy = true}},
    {"slow", {.features = USUAL, ORDINARY, .bypass = 1, .is_slow = true}},
    /* NOTIFICATION_DATA and NOTIF_CONFIG_DATA. */
    {"notification-data",
     {.features = USUAL | REF_BIT(REF_F_NOTIFICATION_DATA) | REF_BIT(REF_F_NOTIF_CONFIG_DATA),
      ORDINARY,
      .bypass = 1}},
    {"unshared", {.features = USUAL, ORDINARY, .bypass = 1, .is_unshared = true}},
    /* Structures that are elsewhere, too, as QEMU has the notifications with modern-pio-notify. */
    {"decoys", {.features = USUAL, ORDINARY, .bypass = 1, .has_decoys = true}},
    /* Insists on what the platform is like, as QEMU does with iommu_platform=on. */
    {"platform",
     {.features = USUAL | PLATFORM,
      ORDINARY,
      .bypass = 1,
      .regions = {{MSI}},
      .region_count = 1,
      .required = PLATFORM}},
    /* As Cloud Hypervisor answers a driver that does not keep to 3.1.1. */
    {"strict",
     {.features = USUAL,
      ORDINARY,
      .bypass = 1,
      .regions = {{MSI}},
      .region_count = 1,
      .is_strict = true}},
    {"few", {.features = USUAL, ORDINARY, .bypass = 1, .max_domains = 8, .max_mappings = 200}},
    {"no-bypass-config",
     {.features = USUAL & ~BIT(BYPASS_CONFIG),
      ORDINARY,
      .bypass = 0,
      .regions = {{MSI}},
      .region_count = 1}},
    /* Devices of drafts, whose configuration describes the endpoints. */
    {"topology-1",
     {.features = RANGES | BIT(MAP_UNMAP) | BIT(PROBE),
      ORDINARY,
      .regions = {{MSI}},
      .region_count = 1,
      .topology = REF_TOPOLOGY_V1}},
    {"topology-2",
     {.features = RANGES | BIT(MAP_UNMAP) | BIT(PROBE),
      ORDINARY,
      .regions = {{MSI}},
      .region_count = 1,
      .topology = REF_TOPOLOGY_V2}},
    {"topology-3",
     {.features = RANGES | BIT(MAP_UNMAP) | BIT(PROBE),
      ORDINARY,
      .regions = {{MSI}},
      .region_count = 1,
      .topology = REF_TOPOLOGY_V3}},
    {"topology-4",
     {.features = RANGES | BIT(MAP_UNMAP) | BIT(PROBE),
      ORDINARY,
      .regions = {{MSI}},
      .region_count = 1,
      .topology = REF_TOPOLOGY_V4}},
};

#define VARIANTS ARRAY_LENGTH(variants)

const struct ref_variant *ref_variant_at(unsigned index)
{
    return index < VARIANTS ? &variants[index] : NULL;
}

const struct ref_variant *ref_find_variant(const char *name)
{
    for (unsigned i = 0; i < VARIANTS; i++)
        if (!strcmp(variants[i].name, name))
            return &variants[i];
    return NULL;
}
