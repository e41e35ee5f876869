/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the virtio-iommu share. */
#pragma once

#include "tests/refdev/device/iommu.h"

static inline struct ref_iommu *ref_iommu_of(struct ref_virtio *virtio)
{
    return (struct ref_iommu *)virtio;
}

/* One chain of the request queue; returns how many bytes were written to it. */
int64_t ref_handle_request(struct ref_iommu *iommu, const struct ref_chain *chain);
