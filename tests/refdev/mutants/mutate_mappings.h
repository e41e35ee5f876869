/* SPDX-License-Identifier: BSD-2-Clause */
/* What MAP and UNMAP do to the mappings of a domain that they should not. */
#pragma once

#include "lib/model/model.h"

/* Instead of a valid request; false: it is to be done as always. */
bool mutate_map(struct model_domain *domain, const struct virtio_iommu_req_map *request);
bool mutate_unmap(struct model_domain *domain, uint64_t first, uint64_t last);
/* To a mapping that has been made. */
void mutate_mapping(struct model_domain *domain, const struct virtio_iommu_req_map *request,
                    uint64_t granule);
/* When it was refused: it has removed what it could. */
void mutate_refused_unmap(struct model_domain *domain, uint64_t first, uint64_t last);
