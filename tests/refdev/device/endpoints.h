/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices behind the IOMMU, as far as a guest uses them to do DMA. */
#pragma once

#include "tests/refdev/device/iommu.h"

#define REF_EDU_BUFFER 4096
#define REF_DISK_SIZE  (1u << 20)

/* Where an endpoint's accesses go. */
struct ref_place {
    struct ref_iommu *iommu;
    uint32_t id;
};

/* QEMU's educational device, whose transfers are over at once. */
struct ref_edu {
    struct ref_function function; /* the first member */
    struct ref_place place;
    uint64_t source, destination, count;
    uint32_t interrupts;
    uint8_t buffer[REF_EDU_BUFFER];
};

struct ref_blk {
    struct ref_virtio virtio; /* the first member */
    struct ref_place place;
    uint8_t disk[REF_DISK_SIZE];
};

struct ref_rng {
    struct ref_virtio virtio; /* the first member */
    struct ref_place place;
    uint64_t state;
};

/* Each makes its endpoint known to the IOMMU under the id that `place` names. */
void ref_edu_init(struct ref_edu *edu, const struct ref_place *place);
void ref_blk_init(struct ref_blk *blk, const struct ref_place *place);
void ref_rng_init(struct ref_rng *rng, const struct ref_place *place);
