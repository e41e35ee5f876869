// SPDX-License-Identifier: BSD-2-Clause
/* Mutants whose answers are right and whose effects are not. */
#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/mutants/mutant.h"
#include "tests/refdev/mutants/mutate_mappings.h"
#include "tests/refdev/mutants/mutate_translation.h"

#define LATE_ACCESSES 12 /* about as many as a transfer of virtio-blk makes */

/* The endpoints of a domain but one, which may be NULL, are in none; the domain stays. */
static void forget_members(struct ref_tables *tables, struct ref_domain *domain,
                           const struct ref_endpoint *but)
{
    for (unsigned i = 0; i < tables->endpoint_count; i++)
        if (tables->endpoints[i].domain == domain && &tables->endpoints[i] != but) {
            tables->endpoints[i].domain = NULL;
            domain->members--;
        }
}

static void empty(struct ref_tables *tables, struct ref_domain *domain)
{
    ref_remove_inside(tables, domain, 0, UINT64_MAX);
}

static bool attach(struct ref_tables *tables, struct ref_endpoint *endpoint,
                   struct ref_domain *domain, const struct virtio_iommu_req_attach *request)
{
    struct ref_domain *old = endpoint->domain;

    /* Of a refusal that was turned into OK. */
    if (domain && domain->is_bypass != !!(request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS))
        return true;
    if (MUTANT(ATTACH_NO_EFFECT))
        return true;
    if (old && old != domain && MUTANT(ATTACH_MOVE_KEEPS_OLD_DOMAIN))
        endpoint->domain = NULL;
    if (old && !domain && old->members == 1 && MUTANT(ATTACH_MOVE_TAKES_MAPPINGS)) {
        old->id = request->domain;
        return true;
    }
    if (old && MUTANT(ATTACH_MOVE_IGNORED))
        return true;
    if (old && old == domain && MUTANT(ATTACH_AGAIN_DETACHES)) {
        ref_detach(tables, endpoint);
        return true;
    }
    if (domain && MUTANT(ATTACH_REPLACES_MEMBER))
        forget_members(tables, domain, endpoint);
    if (domain && old != domain && MUTANT(ATTACH_JOIN_EMPTIES))
        empty(tables, domain);
    return false;
}

/* A DETACH that takes effect late; the next request ends the delay, or it would see it. */
static struct {
    struct ref_endpoint *endpoint;
    unsigned accesses;
} late;

void mutate_late_detach(struct ref_iommu *iommu, bool is_access)
{
    if (!late.endpoint || (is_access && late.accesses--))
        return;
    ref_detach(&iommu->tables, late.endpoint);
    late.endpoint = NULL;
}

/* Whether no endpoint of its domain comes before it. */
static bool is_first_member(const struct ref_tables *tables, const struct ref_endpoint *endpoint)
{
    const struct ref_endpoint *it = tables->endpoints;

    while (it->domain != endpoint->domain)
        it++;
    return it == endpoint;
}

static bool detach(struct ref_tables *tables, struct ref_endpoint *endpoint)
{
    struct ref_domain *domain = endpoint->domain;

    if (!domain || MUTANT(DETACH_NO_EFFECT))
        return true;
    if (MUTANT(DETACH_LATE)) {
        late.endpoint = endpoint;
        late.accesses = LATE_ACCESSES;
        return true;
    }
    if (MUTANT(DETACH_KEEPS_DOMAIN)) {
        endpoint->domain = NULL;
        return true;
    }
    if (MUTANT(DETACH_DESTROYS_SHARED))
        forget_members(tables, domain, endpoint);
    if (MUTANT(DETACH_EMPTIES_SHARED) ||
        (MUTANT(DETACH_FIRST_EMPTIES) && is_first_member(tables, endpoint)))
        empty(tables, domain);
    return false;
}

/* Requests that the device refuses may get here, too, as mutants turn their status into OK. */
bool mutate_effect(struct ref_iommu *iommu, const void *request)
{
    const struct virtio_iommu_req_attach *head = request; /* all begin with type and domain */
    struct ref_tables *tables = &iommu->tables;
    const struct virtio_iommu_req_unmap *unmapping = request;
    struct ref_domain *domain = ref_find_domain(tables, head->domain);
    struct ref_endpoint *endpoint = ref_find_endpoint(tables, head->endpoint);
    bool has_mappings = domain && !domain->is_bypass;

    if (!ref_mutant)
        return false;
    if (mutate_batched_effect(iommu, request))
        return true;
    switch (head->head.type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return !endpoint || attach(tables, endpoint, domain, head);
    case VIRTIO_IOMMU_T_DETACH:
        return !endpoint || detach(tables, endpoint);
    case VIRTIO_IOMMU_T_MAP:
        return !has_mappings || mutate_map(tables, domain, request);
    case VIRTIO_IOMMU_T_UNMAP:
        return !has_mappings || ref_is_split(domain, unmapping->virt_start, unmapping->virt_end) ||
               mutate_unmap(tables, domain, unmapping->virt_start, unmapping->virt_end);
    default:
        return false;
    }
}

void mutate_state(struct ref_iommu *iommu, const void *request)
{
    const struct virtio_iommu_req_attach *head = request;
    struct ref_tables *tables = &iommu->tables;
    const struct virtio_iommu_req_unmap *unmapping = request;
    struct ref_domain *domain = ref_find_domain(tables, head->domain);

    if (head->head.type == VIRTIO_IOMMU_T_ATTACH)
        iommu->was_attached = true;
    mutate_tlb_by(request);
    if (!ref_mutant || !domain)
        return;
    if (head->head.type == VIRTIO_IOMMU_T_MAP)
        mutate_mapping(tables, domain, request, ref_granule(iommu));
    if (head->head.type == VIRTIO_IOMMU_T_UNMAP)
        mutate_refused_unmap(tables, domain, unmapping->virt_start, unmapping->virt_end);
}
