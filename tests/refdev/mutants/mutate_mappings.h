/* SPDX-License-Identifier: BSD-2-Clause */
/* Mutants of what MAP and UNMAP do to the mappings of a domain. */
#pragma once

#include "tests/refdev/device/tables.h"

struct virtio_iommu_req_map;

/* Instead of a valid request; false: no mutant of this, do it correctly. */
bool mutate_map(struct ref_tables *tables, struct ref_domain *domain,
                const struct virtio_iommu_req_map *request);
bool mutate_unmap(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                  uint64_t last);
/* To a mapping that has been made. */
void mutate_mapping(struct ref_tables *tables, struct ref_domain *domain,
                    const struct virtio_iommu_req_map *request, uint64_t granule);
/* When it was refused: it has removed what it could. */
void mutate_refused_unmap(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                          uint64_t last);
