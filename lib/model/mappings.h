/* SPDX-License-Identifier: BSD-2-Clause */
/* The mappings of one domain: an array in order of address, with binary search. */
#pragma once

#include "lib/model/model.h"

/* Index of the first mapping that ends at `address` or behind it; count when there is none. */
unsigned mappings_at(const struct model_domain *domain, uint64_t address);
/* Whether a mapping has a byte in [first, last]. */
bool mappings_overlap(const struct model_domain *domain, uint64_t first, uint64_t last);
/* Whether a mapping is partly in [first, last] and partly outside. */
bool mappings_split(const struct model_domain *domain, uint64_t first, uint64_t last);
/* Whether they cover [first, last] without a hole, none reaching beyond it. */
bool mappings_tile(const struct model_domain *domain, uint64_t first, uint64_t last);
/* False: it overlaps one that is there, or there is no room. */
bool mappings_add(struct model_domain *domain, const struct model_mapping *mapping);
/* Removes what is inside [first, last]. False, with nothing changed: that would split one. */
bool mappings_remove(struct model_domain *domain, uint64_t first, uint64_t last);
