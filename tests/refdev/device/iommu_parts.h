/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the virtio-iommu share. */
#pragma once

#include "tests/refdev/device/iommu.h"

static inline struct ref_iommu *ref_iommu_of(struct ref_virtio *virtio)
{
    return (struct ref_iommu *)virtio;
}

/* 5.13.3: a bit changes the meaning of requests only if it is offered and the driver has accepted it. */
bool ref_negotiates(const struct ref_iommu *iommu, unsigned feature);

/* The lowest bit of page_size_mask. */
static inline uint64_t ref_granule(const struct ref_iommu *iommu)
{
    return iommu->config.page_size_mask & -iommu->config.page_size_mask;
}

/* One chain of the request queue; returns how many bytes were written to it. */
int64_t ref_handle_request(struct ref_iommu *iommu, const struct ref_chain *chain);
