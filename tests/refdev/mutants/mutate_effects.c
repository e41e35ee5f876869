// SPDX-License-Identifier: BSD-2-Clause
/* Mutants whose answers are right and whose effects are not. */
#include "lib/model/mappings.h"
#include "tests/refdev/mutants/mutant.h"
#include "tests/refdev/mutants/mutate_mappings.h"

#define LATE_ACCESSES 12 /* about as many as a transfer of virtio-blk makes */

/* A new domain that begins with the mappings of the one that had its slot before. */
static bool attach_stale(struct model *model, struct model_endpoint *endpoint,
                         const struct virtio_iommu_req_attach *request)
{
    for (unsigned i = 0; i < MODEL_DOMAINS; i++) {
        struct model_domain *place = &model->domains[i];

        if (place->exists)
            continue;
        place->exists = true;
        place->id = request->domain;
        place->bypass = request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;
        if (endpoint->domain)
            endpoint->domain->exists = model_members(model, endpoint->domain) > 1;
        endpoint->domain = place;
        return true;
    }
    return false;
}

static bool attach(struct model *model, struct model_endpoint *endpoint,
                   struct model_domain *domain, const struct virtio_iommu_req_attach *request)
{
    switch (ref_mutant) {
    case MUTANT_ATTACH_NO_EFFECT:
        return true;
    case MUTANT_ATTACH_STALE_MAPPINGS:
        return !domain && attach_stale(model, endpoint, request);
    case MUTANT_ATTACH_MOVE_KEEPS_OLD_DOMAIN:
        if (endpoint->domain != domain)
            endpoint->domain = NULL;
        return false;
    case MUTANT_ATTACH_MOVE_TAKES_MAPPINGS:
        if (!endpoint->domain || domain || model_members(model, endpoint->domain) > 1)
            return false;
        endpoint->domain->id = request->domain;
        return true;
    case MUTANT_ATTACH_MOVE_IGNORED:
        return endpoint->domain;
    case MUTANT_ATTACH_AGAIN_DETACHES:
        if (!endpoint->domain || endpoint->domain != domain)
            return false;
        domain->exists = model_members(model, domain) > 1;
        endpoint->domain = NULL;
        return true;
    case MUTANT_ATTACH_REPLACES_MEMBER:
        for (unsigned i = 0; domain && i < model->endpoint_count; i++)
            if (model->endpoints[i].domain == domain && &model->endpoints[i] != endpoint)
                model->endpoints[i].domain = NULL;
        return false;
    case MUTANT_ATTACH_JOIN_EMPTIES:
        if (domain && endpoint->domain != domain)
            domain->count = 0;
        return false;
    default:
        return false;
    }
}

static void leave(struct model *model, struct model_endpoint *endpoint)
{
    if (endpoint->domain)
        endpoint->domain->exists = model_members(model, endpoint->domain) > 1;
    endpoint->domain = NULL;
}

/* A DETACH that takes effect late; the next request ends the delay, or it would see it. */
static struct {
    struct model_endpoint *endpoint;
    unsigned accesses;
} late;

void mutate_late_detach(struct ref_iommu *iommu, bool is_access)
{
    if (!late.endpoint || (is_access && late.accesses--))
        return;
    leave(&iommu->model, late.endpoint);
    late.endpoint = NULL;
}

static bool detach(struct model *model, struct model_endpoint *endpoint)
{
    struct model_domain *domain = endpoint->domain;

    switch (ref_mutant) {
    case MUTANT_DETACH_NO_EFFECT:
        return true;
    case MUTANT_DETACH_LATE:
        late.endpoint = endpoint;
        late.accesses = LATE_ACCESSES;
        return true;
    case MUTANT_DETACH_KEEPS_DOMAIN:
        endpoint->domain = NULL;
        return true;
    case MUTANT_DETACH_DESTROYS_SHARED:
        for (unsigned i = 0; i < model->endpoint_count; i++)
            if (model->endpoints[i].domain == domain)
                model->endpoints[i].domain = NULL;
        if (domain)
            domain->exists = false;
        return true;
    case MUTANT_DETACH_EMPTIES_SHARED:
        if (domain)
            domain->count = 0;
        return false;
    default:
        return false;
    }
}

bool mutate_effect(struct ref_iommu *iommu, const void *request)
{
    const struct virtio_iommu_req_attach *head = request; /* all begin with type and domain */
    struct model *model = &iommu->model;
    const struct virtio_iommu_req_unmap *unmapping = request;
    struct model_domain *domain = model_find_domain(model, head->domain);
    struct model_endpoint *endpoint = model_find_endpoint(model, head->endpoint);

    if (!ref_mutant)
        return false;
    switch (head->head.type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return !endpoint || attach(model, endpoint, domain, head);
    case VIRTIO_IOMMU_T_DETACH:
        return !endpoint || detach(model, endpoint);
    case VIRTIO_IOMMU_T_MAP:
        return !domain || domain->bypass || mutate_map(domain, request);
    case VIRTIO_IOMMU_T_UNMAP:
        return !domain || domain->bypass ||
               mappings_split(domain, unmapping->virt_start, unmapping->virt_end) ||
               mutate_unmap(domain, unmapping->virt_start, unmapping->virt_end);
    default:
        return false;
    }
}

void mutate_state(struct ref_iommu *iommu, const void *request)
{
    const struct virtio_iommu_req_attach *head = request;
    struct model *model = &iommu->model;
    const struct virtio_iommu_req_unmap *unmapping = request;
    struct model_domain *domain = model_find_domain(model, head->domain);

    if (head->head.type == VIRTIO_IOMMU_T_ATTACH)
        iommu->was_attached = true;
    if (!ref_mutant || !domain)
        return;
    if (head->head.type == VIRTIO_IOMMU_T_MAP)
        mutate_mapping(domain, request, model->config.granule);
    if (head->head.type == VIRTIO_IOMMU_T_UNMAP)
        mutate_refused_unmap(domain, unmapping->virt_start, unmapping->virt_end);
}
