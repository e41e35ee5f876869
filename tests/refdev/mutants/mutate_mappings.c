// SPDX-License-Identifier: BSD-2-Clause
/*
 * MAP and UNMAP that keep wrong mappings: ends that are off by one, merged neighbours, parts
 * removed.
 */
#include "tests/refdev/mutants/mutate_mappings.h"

#include "tests/refdev/mutants/mutant.h"

static bool is_within(const struct ref_mapping *mapping, uint64_t first, uint64_t last)
{
    return mapping->first >= first && mapping->last <= last;
}

static bool is_touched(const struct ref_mapping *mapping, uint64_t first, uint64_t last)
{
    return mapping->first <= last && mapping->last >= first;
}

/* Removes mappings inside [first, last], up to `limit` of them. */
static void remove_within(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                          uint64_t last, unsigned limit)
{
    for (struct ref_mapping **link = &domain->mappings; *link && limit;)
        if (is_within(*link, first, last)) {
            ref_remove_mapping(tables, link);
            limit--;
        } else {
            link = &(*link)->next;
        }
}

static void remove_touched(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                           uint64_t last)
{
    for (struct ref_mapping **link = &domain->mappings; *link;)
        if (is_touched(*link, first, last))
            ref_remove_mapping(tables, link);
        else
            link = &(*link)->next;
}

/* The rest of a mapping of which a part is removed: what is after the part, or what is before. */
static void trim(struct ref_domain *domain, uint64_t first, uint64_t last)
{
    for (struct ref_mapping *it = domain->mappings; it; it = it->next) {
        if (!is_touched(it, first, last))
            continue;
        if (it->last > last) {
            it->physical += last + 1 - it->first;
            it->first = last + 1;
        } else if (it->first < first) {
            it->last = first - 1;
        }
    }
}

static void remove_up_to_a_hole(struct ref_tables *tables, struct ref_domain *domain,
                                uint64_t first, uint64_t last)
{
    struct ref_mapping **link = &domain->mappings;
    uint64_t next = first;

    while (*link && (*link)->last < first)
        link = &(*link)->next;
    while (*link && (*link)->first == next && (*link)->last <= last) {
        next = (*link)->last + 1;
        ref_remove_mapping(tables, link);
    }
}

/* A mapping that ends with the range stays. */
static void remove_but_the_last(struct ref_tables *tables, struct ref_domain *domain,
                                uint64_t first, uint64_t last)
{
    remove_within(tables, domain, first, last - 1, REF_MAPPINGS);
}

bool mutate_unmap(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                  uint64_t last)
{
    const struct ref_mapping *found = ref_find_mapping(domain, first, last);

    if (MUTANT(UNMAP_NO_EFFECT))
        return true;
    if (MUTANT(UNMAP_EXACT_ONLY))
        return !found || found->first != first || found->last != last;
    if (MUTANT(UNMAP_FIRST_ONLY))
        remove_within(tables, domain, first, last, 1);
    else if (MUTANT(UNMAP_AT_MOST_TWO))
        remove_within(tables, domain, first, last, 2);
    else if (MUTANT(UNMAP_STOPS_AT_HOLE))
        remove_up_to_a_hole(tables, domain, first, last);
    else if (MUTANT(UNMAP_ALL))
        remove_within(tables, domain, 0, UINT64_MAX, REF_MAPPINGS);
    else if (MUTANT(UNMAP_END_EXCLUSIVE))
        remove_but_the_last(tables, domain, first, last);
    else if (MUTANT(UNMAP_NEIGHBOUR))
        remove_touched(tables, domain, first, last + 1);
    else if (MUTANT(UNMAP_BEFORE_NEIGHBOUR))
        remove_touched(tables, domain, first - 1, last);
    else if (MUTANT(UNMAP_32_BITS))
        remove_within(tables, domain, first, first + (uint32_t)(last - first), REF_MAPPINGS);
    else
        return MUTANT(UNMAP_LENGTH_OVERFLOWS) && !(last - first + 1);
    return true;
}

/* Something that must not be mapped is not, whatever the status was turned into. */
static bool is_unmappable(const struct ref_domain *domain,
                          const struct virtio_iommu_req_map *request)
{
    return request->virt_start > request->virt_end ||
           ref_find_mapping(domain, request->virt_start, request->virt_end);
}

bool mutate_map(struct ref_tables *tables, struct ref_domain *domain,
                const struct virtio_iommu_req_map *request)
{
    if (MUTANT(MAP_NO_EFFECT))
        return true;
    for (struct ref_mapping **link = &domain->mappings; *link && MUTANT(MAP_ONE_ALIAS);)
        if ((*link)->physical == request->phys_start)
            ref_remove_mapping(tables, link);
        else
            link = &(*link)->next;
    if (MUTANT(MAP_OVERLAP_REPLACES))
        remove_touched(tables, domain, request->virt_start, request->virt_end);
    return is_unmappable(domain, request);
}

/* Which bytes a mapping translates, and where to. */
static void mutate_place(struct ref_mapping *mapping, uint64_t granule)
{
    uint64_t length = mapping->last - mapping->first;

    if (MUTANT(MAP_END_EXCLUSIVE))
        mapping->last -= length > 0;
    if (MUTANT(MAP_LAST_BYTE_OF_ALL_LOST))
        mapping->last -= mapping->last == UINT64_MAX;
    if (MUTANT(MAP_ADDRESS_0_LOST) && !mapping->first) {
        mapping->first++;
        mapping->physical++;
    }
    if (MUTANT(MAP_LAST_GRANULE_MISSING) && length >= granule)
        mapping->last -= granule;
    if (MUTANT(MAP_ONE_BYTE_MORE))
        mapping->last++;
    if (MUTANT(MAP_ONE_BYTE_BEFORE)) {
        mapping->first--;
        mapping->physical--;
    }
    if (MUTANT(MAP_ONE_GRANULE_MORE))
        mapping->last += granule;
    if (MUTANT(MAP_PHYS_NEXT_GRANULE))
        mapping->physical += granule;
    if (length > 0x1fffff && MUTANT(MAP_SHORT_2M))
        mapping->last = mapping->first + 0x1fffff;
    if (length >> 32 && MUTANT(MAP_LENGTH_32_BITS))
        mapping->last = mapping->first + (uint32_t)length;
    if (length >> 40 && MUTANT(MAP_LENGTH_40_BITS))
        mapping->last = mapping->first + (length & ((1ull << 40) - 1));
    if (MUTANT(MAP_TARGET_48_BITS))
        mapping->physical &= (1ull << 48) - 1;
    if (MUTANT(MAP_FIRST_PAGE_ONLY))
        mapping->last = mapping->first + granule - 1;
}

static void mutate_flags(struct ref_mapping *mapping)
{
    if (mapping->flags & VIRTIO_IOMMU_MAP_F_MMIO && MUTANT(MMIO_FLAG_ALLOWS_ALL))
        mapping->flags |= 3;
    if (mapping->flags & VIRTIO_IOMMU_MAP_F_MMIO && MUTANT(MMIO_FLAG_ALLOWS_NOTHING))
        mapping->flags = 0;
    if (MUTANT(MAP_ALWAYS_WRITABLE))
        mapping->flags |= VIRTIO_IOMMU_MAP_F_WRITE;
    if (MUTANT(MAP_READ_IS_WRITE) && (mapping->flags & VIRTIO_IOMMU_MAP_F_READ))
        mapping->flags |= VIRTIO_IOMMU_MAP_F_WRITE;
    if (MUTANT(MAP_NO_FLAGS_IS_ALL) && !(mapping->flags & 3))
        mapping->flags |= 3;
    if (MUTANT(MAP_NEVER_READABLE))
        mapping->flags &= ~(uint32_t)VIRTIO_IOMMU_MAP_F_READ;
    if (MUTANT(MAP_WRITE_NEEDS_READ) && !(mapping->flags & VIRTIO_IOMMU_MAP_F_READ))
        mapping->flags = 0;
    if (MUTANT(MAP_READ_NEEDS_WRITE) && !(mapping->flags & VIRTIO_IOMMU_MAP_F_WRITE))
        mapping->flags = 0;
}

static bool has_more_than(const struct ref_domain *domain, unsigned count)
{
    for (const struct ref_mapping *it = domain->mappings; it; it = it->next)
        if (!count--)
            return true;
    return false;
}

void mutate_mapping(struct ref_tables *tables, struct ref_domain *domain,
                    const struct virtio_iommu_req_map *request, uint64_t granule)
{
    struct ref_mapping *before = NULL, *mapping = domain->mappings;

    for (; mapping && mapping->first < request->virt_start; mapping = mapping->next)
        before = mapping;
    if (!mapping || mapping->first != request->virt_start)
        return;
    mutate_place(mapping, granule);
    mutate_flags(mapping);
    if (has_more_than(domain, 900) && MUTANT(MAP_LATE_LEADS_TO_FIRST))
        mapping->physical = domain->mappings->physical;
    if (MUTANT(MAP_MERGES_NEIGHBOURS) && before && before->last + 1 == mapping->first) {
        before->last = mapping->last;
        ref_remove_mapping(tables, &before->next);
    }
    if (MUTANT(MAP_FORGETS_THE_FIRST) && has_more_than(domain, 8))
        ref_remove_mapping(tables, &domain->mappings);
}

void mutate_refused_unmap(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                          uint64_t last)
{
    if (!ref_is_split(domain, first, last))
        return;
    if (MUTANT(UNMAP_SPLIT_REMOVES_COVERED))
        remove_within(tables, domain, first, last, REF_MAPPINGS);
    if (MUTANT(UNMAP_SPLIT_REMOVES_BEFORE))
        remove_up_to_a_hole(tables, domain, first, last);
    if (MUTANT(UNMAP_SPLIT_REMOVES_ALL) || MUTANT(UNMAP_TAKES_WHOLE))
        remove_touched(tables, domain, first, last);
    if (MUTANT(UNMAP_TRIMS))
        trim(domain, first, last);
}
