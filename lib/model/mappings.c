// SPDX-License-Identifier: BSD-2-Clause
#include "lib/model/mappings.h"

#include <string.h>

unsigned mappings_at(const struct model_domain *domain, uint64_t address)
{
    unsigned low = 0, high = domain->count;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (domain->mappings[middle].last < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool mappings_overlap(const struct model_domain *domain, uint64_t first, uint64_t last)
{
    unsigned index = mappings_at(domain, first);

    return index < domain->count && domain->mappings[index].first <= last;
}

bool mappings_split(const struct model_domain *domain, uint64_t first, uint64_t last)
{
    for (unsigned i = mappings_at(domain, first);
         i < domain->count && domain->mappings[i].first <= last; i++)
        if (domain->mappings[i].first < first || domain->mappings[i].last > last)
            return true;
    return false;
}

bool mappings_tile(const struct model_domain *domain, uint64_t first, uint64_t last)
{
    for (unsigned i = mappings_at(domain, first); i < domain->count; i++) {
        const struct model_mapping *mapping = &domain->mappings[i];

        if (mapping->first != first || mapping->last > last)
            return false;
        if (mapping->last == last)
            return true;
        first = mapping->last + 1;
    }
    return false;
}

bool mappings_add(struct model_domain *domain, const struct model_mapping *mapping)
{
    unsigned index = mappings_at(domain, mapping->first);
    struct model_mapping *place = &domain->mappings[index];

    if (domain->count == MODEL_MAPPINGS || mappings_overlap(domain, mapping->first, mapping->last))
        return false;
    memmove(place + 1, place, (domain->count - index) * sizeof(*place));
    *place = *mapping;
    domain->count++;
    return true;
}

bool mappings_remove(struct model_domain *domain, uint64_t first, uint64_t last)
{
    unsigned index = mappings_at(domain, first), end = index;

    if (mappings_split(domain, first, last))
        return false;
    while (end < domain->count && domain->mappings[end].last <= last)
        end++;
    memmove(&domain->mappings[index], &domain->mappings[end],
            (domain->count - end) * sizeof(domain->mappings[0]));
    domain->count -= end - index;
    return true;
}

const struct model_mapping *model_find_mapping(const struct model_domain *domain, uint64_t address)
{
    unsigned index = mappings_at(domain, address);

    return index < domain->count && domain->mappings[index].first <= address
               ? &domain->mappings[index]
               : NULL;
}
