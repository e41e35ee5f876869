/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variants of virtio-iommu that the reference device can be: all of them keep the
 * specification.
 */
#pragma once

#include "tests/refdev/device/iommu.h"

struct ref_variant {
    const char *name;
    struct ref_iommu_config config;
};

/* By name; NULL: there is none. The first one is the usual one. */
const struct ref_variant *ref_find_variant(const char *name);
/* The index-th; NULL: there are not that many. */
const struct ref_variant *ref_variant_at(unsigned index);
