// SPDX-License-Identifier: BSD-2-Clause
/* Mutants that read requests wrongly or answer with a wrong status. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/mutants/mutant.h"

#define S(name) VIRTIO_IOMMU_S_##name

/* One bug in two variants: which clause it breaks depends on whether there is a domain range. */
static bool is_short_domain(void)
{
    return MUTANT(DOMAIN_16_BITS) || MUTANT(DOMAIN_16_BITS_UNRANGED);
}

/* Refuses a bypass domain whose id was an ordinary domain before, as if the flags were unknown. */
static void keep_variant(struct virtio_iommu_req_attach *attach)
{
    static bool was_ordinary[32]; /* survives resets, like the bug */
    bool is_bypass = attach->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;

    if (attach->domain >= sizeof(was_ordinary))
        return;
    was_ordinary[attach->domain] |= !is_bypass;
    if (is_bypass && was_ordinary[attach->domain])
        attach->flags |= 1u << 31;
}

static void mutate_attach(struct virtio_iommu_req_attach *attach)
{
    if (MUTANT(ATTACH_RESERVED_ACCEPTED))
        memset(attach->reserved, 0, sizeof(attach->reserved));
    if (MUTANT(ATTACH_RESERVED_FIRST_BYTE_ONLY))
        memset(attach->reserved + 1, 0, sizeof(attach->reserved) - 1);
    if (MUTANT(ATTACH_FLAGS_ACCEPTED))
        attach->flags &= VIRTIO_IOMMU_ATTACH_F_BYPASS;
    if (MUTANT(ATTACH_FLAGS_LOW_HALF))
        attach->flags &= 0xffff;
    if (MUTANT(ATTACH_BYPASS_FLAG_IGNORED))
        attach->flags &= ~(uint32_t)VIRTIO_IOMMU_ATTACH_F_BYPASS;
    if (MUTANT(DOMAIN_VARIANT_STICKS))
        keep_variant(attach);
    if (MUTANT(ATTACH_ENDPOINT_16_BITS))
        attach->endpoint &= 0xffff;
    if (is_short_domain())
        attach->domain &= 0xffff;
}

static void mutate_map(struct ref_iommu *iommu, struct virtio_iommu_req_map *map)
{
    uint64_t granule = ref_granule(iommu), before = map->virt_start - 1;
    const struct ref_domain *domain = ref_find_domain(&iommu->tables, map->domain);

    if (MUTANT(MAP_ADJACENT_INVAL) && domain && ref_find_mapping(domain, before, before))
        map->virt_start -= granule;
    for (struct ref_mapping *it = domain && MUTANT(MAP_ALIAS_INVAL) ? domain->mappings : NULL; it;
         it = it->next)
        if (it->physical == map->phys_start)
            map->flags |= 1u << 31;
    if (map->flags & VIRTIO_IOMMU_MAP_F_MMIO && MUTANT(MMIO_FLAG_IS_REFUSED))
        map->flags |= 1u << 31;
    if (MUTANT(MAP_FLAGS_ACCEPTED))
        map->flags &= 7;
    if (MUTANT(MAP_FLAG_3_ACCEPTED))
        map->flags &= ~8u;
    if (MUTANT(MAP_START_ROUNDED))
        map->virt_start &= -granule;
    if (MUTANT(MAP_PHYS_ROUNDED))
        map->phys_start &= -granule;
    if (MUTANT(MAP_END_ROUNDED))
        map->virt_end |= granule - 1;
    if (is_short_domain())
        map->domain &= 0xffff;
}

/* All but PROBE have the domain at the same place. */
static void mutate_domain(struct virtio_iommu_req_attach *request)
{
    if (request->head.type == VIRTIO_IOMMU_T_PROBE)
        return;
    if (MUTANT(DOMAIN_31_BITS))
        request->domain &= UINT32_MAX >> 1;
    if (MUTANT(DOMAIN_24_BITS))
        request->domain &= 0xffffff;
    if (request->domain == UINT32_MAX && MUTANT(DOMAIN_MINUS_1_IS_NONE))
        request->flags |= 1u << 31;
}

void mutate_request(struct ref_iommu *iommu, void *request)
{
    struct virtio_iommu_req_head *head = request;
    struct virtio_iommu_req_unmap *unmap = request;
    struct virtio_iommu_req_detach *detach = request;

    mutate_domain(request);
    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH:
        mutate_attach(request);
        break;
    case VIRTIO_IOMMU_T_MAP:
        mutate_map(iommu, request);
        break;
    case VIRTIO_IOMMU_T_UNMAP:
        if (is_short_domain())
            unmap->domain &= 0xffff;
        break;
    case VIRTIO_IOMMU_T_DETACH:
        if (is_short_domain())
            detach->domain &= 0xffff;
        break;
    }
}

/* A mutant that answers whatever one clause refuses with another status; OK has no effect. */
static const struct {
    enum ref_mutant mutant;
    enum clause clause;
    uint8_t status;
} statuses[] = {
    {MUTANT_ATTACH_RESERVED_UNSUPP, IOMMU_ATTACH_D02, S(UNSUPP)},
    {MUTANT_ATTACH_FLAGS_UNSUPP, IOMMU_ATTACH_D04, S(UNSUPP)},
    {MUTANT_ATTACH_ABSENT_INVAL, IOMMU_ATTACH_D06, S(INVAL)},
    {MUTANT_ATTACH_ABSENT_OK, IOMMU_ATTACH_D06, S(OK)},
    {MUTANT_ATTACH_MISMATCH_NOENT, IOMMU_ATTACH_D11, S(NOENT)},
    {MUTANT_ATTACH_MISMATCH_OK, IOMMU_ATTACH_D11, S(OK)},
    {MUTANT_ATTACH_AGAIN_INVAL, IOMMU_ATTACH_P07, S(INVAL)},
    {MUTANT_ATTACH_SECOND_INVAL, IOMMU_ATTACH_D16, S(INVAL)},
    {MUTANT_ATTACH_SECOND_UNSUPP, IOMMU_ATTACH_D16, S(UNSUPP)},
    {MUTANT_ATTACH_MOVE_INVAL, IOMMU_ATTACH_D12, S(INVAL)},
    {MUTANT_ATTACH_NEW_NOENT, IOMMU_ATTACH_P01, S(NOENT)},
    {MUTANT_DETACH_ABSENT_INVAL, IOMMU_DETACH_D03, S(INVAL)},
    {MUTANT_DETACH_ABSENT_OK, IOMMU_DETACH_D03, S(OK)},
    {MUTANT_DETACH_UNSUPP, IOMMU_DETACH_P01, S(UNSUPP)},
    {MUTANT_ATTACH_MOVE_UNSUPP, IOMMU_ATTACH_D12, S(UNSUPP)},
    {MUTANT_ENDPOINTS_STAY, IOMMU_ATTACH_D12, S(UNSUPP)},
    {MUTANT_ENDPOINTS_STAY, IOMMU_DETACH_P01, S(UNSUPP)},
    {MUTANT_MAP_START_INVAL, IOMMU_MAP_D02, S(INVAL)},
    {MUTANT_MAP_PHYS_INVAL, IOMMU_MAP_D04, S(INVAL)},
    {MUTANT_MAP_END_INVAL, IOMMU_MAP_D06, S(INVAL)},
    {MUTANT_MAP_OVERLAP_RANGE, IOMMU_MAP_D08, S(RANGE)},
    {MUTANT_MAP_OVERLAP_OK, IOMMU_MAP_D08, S(OK)},
    {MUTANT_MAP_OVERLAP_REPLACES, IOMMU_MAP_D08, S(OK)},
    {MUTANT_MAP_FLAGS_UNSUPP, IOMMU_MAP_D10, S(UNSUPP)},
    {MUTANT_MAP_DOMAIN_INVAL, IOMMU_MAP_D12, S(INVAL)},
    {MUTANT_MAP_DOMAIN_OK, IOMMU_MAP_D12, S(OK)},
    {MUTANT_MAP_BYPASS_UNSUPP, IOMMU_MAP_D14, S(UNSUPP)},
    {MUTANT_MAP_BYPASS_OK, IOMMU_MAP_D14, S(OK)},
    {MUTANT_MAP_RESERVED_OK, IOMMU_RESV_D04, S(OK)},
    {MUTANT_MAP_OUTSIDE_OK, IOMMU_CFG_P08, S(OK)},
    {MUTANT_MAP_INVERTED_OK, IOMMU_MAP_P02, S(OK)},
    {MUTANT_UNMAP_DOMAIN_INVAL, IOMMU_UNMAP_D03, S(INVAL)},
    {MUTANT_UNMAP_DOMAIN_OK, IOMMU_UNMAP_D03, S(OK)},
    {MUTANT_UNMAP_BYPASS_RANGE, IOMMU_UNMAP_D05, S(RANGE)},
    {MUTANT_UNMAP_BYPASS_OK, IOMMU_UNMAP_D05, S(OK)},
    {MUTANT_UNMAP_SPLIT_INVAL, IOMMU_UNMAP_D06, S(INVAL)},
    {MUTANT_UNMAP_SPLIT_OK, IOMMU_UNMAP_D06, S(OK)},
    {MUTANT_UNMAP_TAKES_WHOLE, IOMMU_UNMAP_D06, S(OK)},
    {MUTANT_UNMAP_TRIMS, IOMMU_UNMAP_D06, S(OK)},
    {MUTANT_UNMAP_HOLES_INVAL, IOMMU_UNMAP_D09, S(INVAL)},
    {MUTANT_UNMAP_TILED_IOERR, IOMMU_UNMAP_P05, S(IOERR)},
    {MUTANT_PROBE_ABSENT_INVAL, IOMMU_PROBE_D03, S(INVAL)},
    {MUTANT_PROBE_ABSENT_OK, IOMMU_PROBE_D03, S(OK)},
    {MUTANT_PROBE_DEVERR, IOMMU_OP_D01, S(DEVERR)},
};

static bool any_set(const uint8_t *bytes, size_t count)
{
    while (count--)
        if (*bytes++)
            return true;
    return false;
}

static void mutate_valid(const void *request, struct ref_answer *answer)
{
    const struct virtio_iommu_req_head *head = request;
    const struct virtio_iommu_req_detach *detach = request;
    const struct virtio_iommu_req_probe *probe = request;
    const struct virtio_iommu_req_map *map = request;
    bool is_map = head->type == VIRTIO_IOMMU_T_MAP;
    static bool is_stuck; /* for ever */

    if (MUTANT(HEAD_RESERVED_CHECKED) && any_set(head->reserved, sizeof(head->reserved)))
        answer->status = S(INVAL);
    if (MUTANT(DETACH_RESERVED_CHECKED) && head->type == VIRTIO_IOMMU_T_DETACH &&
        any_set(detach->reserved, sizeof(detach->reserved)))
        answer->status = S(INVAL);
    if (MUTANT(PROBE_RESERVED_CHECKED) && head->type == VIRTIO_IOMMU_T_PROBE &&
        any_set(probe->reserved, sizeof(probe->reserved)))
        answer->status = S(INVAL);
    if (MUTANT(MAP_NEEDS_POWER_OF_TWO) && is_map &&
        ((map->virt_end - map->virt_start) & (map->virt_end - map->virt_start + 1)))
        answer->status = S(RANGE);
    if (MUTANT(MAP_NEEDS_LARGEST_PAGE) && is_map && map->virt_end - map->virt_start < 0xffff)
        answer->status = S(RANGE);
    if (MUTANT(MAP_NEEDS_TWO_BYTES_ALIGNED) && is_map && (map->virt_start & 1))
        answer->status = S(RANGE);
    if (MUTANT(MAP_LAST_GRANULE_RANGE) && is_map && map->virt_end >= (1ull << 48) - 1)
        answer->status = S(RANGE);
    if (MUTANT(MAP_FIRST_GRANULE_INVAL) && is_map && !map->virt_start)
        answer->status = S(INVAL);
    if (MUTANT(MAP_BEYOND_MEMORY_BREAKS) && is_map && map->phys_start >> 40)
        is_stuck = true;
    if (is_stuck && is_map)
        answer->status = S(IOERR);
}

void mutate_answer(const void *request, struct ref_answer *answer)
{
    if (!ref_mutant)
        return;
    for (unsigned i = 0; i < ARRAY_LENGTH(statuses); i++)
        if (statuses[i].mutant == ref_mutant && statuses[i].clause == answer->clause &&
            ref_mutant_meet())
            answer->status = statuses[i].status;
    mutate_valid(request, answer);
}
