/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of mutate_translation(): what a mapping is seen as, and what a cache remembers of it. */
#pragma once

#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/mutants/mutant.h"

/* What these mutants split an access into at least: no granule and no page ends inside. */
#define MUTATED_PIECE 4096u

void mutate_views(const struct ref_iommu *iommu, const struct ref_endpoint *endpoint,
                  uint64_t address, uint32_t length, bool is_write, struct ref_route *to,
                  struct ref_piece *pieces);
/* A cache of translations, which is right but for one thing. */
void mutate_tlb(const struct ref_endpoint *endpoint, uint64_t address, uint32_t length,
                bool is_write, struct ref_route *to, struct ref_piece *pieces);
/* With a reset of the device. */
void mutate_tlb_reset(void);
/* What a request that has been carried out takes from it. */
void mutate_tlb_by(const void *request);
