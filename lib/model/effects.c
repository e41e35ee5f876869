// SPDX-License-Identifier: BSD-2-Clause
/* What an answered request may have done, where the text leaves a device more than one choice. */
#include <string.h>

#include "lib/model/mappings.h"

#define MUST_BE_UNCHANGED ((struct model_effects){.conform = MODEL_EFFECT_NONE})

/*
 * A refused move leaves the endpoint where it was. Whether it may have left before the attachment
 * failed is open, except where the request itself is wrong and so must be rejected.
 */
static struct model_effects effects_of_refused_attach(const struct model *model,
                                                      const struct virtio_iommu_req_attach *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    uint32_t known = VIRTIO_IOMMU_ATTACH_F_BYPASS;
    bool is_malformed = request->flags & ~known || request->reserved[0] || request->reserved[1] ||
                        request->reserved[2] || request->reserved[3];
    bool is_move = endpoint && endpoint->domain && endpoint->domain->id != request->domain;

    if (is_move && !is_malformed)
        return (struct model_effects){MODEL_EFFECT_NONE, MODEL_EFFECT_LEFT};
    return MUST_BE_UNCHANGED;
}

/* 5.13.6.3: of an endpoint that is alone in its domain nothing says that its mappings survive. */
static struct model_effects effects_of_attach(const struct model *model,
                                              const struct virtio_iommu_req_attach *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    const struct model_domain *domain = model_find_domain(model, request->domain);
    bool bypass = request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;

    if (!endpoint)
        return (struct model_effects){0};
    if (!domain || endpoint->domain != domain)
        return (struct model_effects){domain && domain->bypass != bypass ? 0 : MODEL_EFFECT_DONE,
                                      0};
    if (model_members(model, domain) > 1)
        return (struct model_effects){domain->bypass == bypass ? MODEL_EFFECT_NONE : 0, 0};
    if (domain->bypass != bypass) /* DETACH and ATTACH in one, to a domain that is made anew */
        return (struct model_effects){MODEL_EFFECT_RENEWED, MODEL_EFFECT_NONE};
    return (struct model_effects){MODEL_EFFECT_NONE | MODEL_EFFECT_RENEWED, 0};
}

/* 5.13.6.4.2: any status is permitted for a wrong domain, but OK says that the endpoint is out. */
static struct model_effects effects_of_detach(const struct model *model,
                                              const struct virtio_iommu_req_detach *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);

    if (!endpoint)
        return (struct model_effects){0};
    if (!endpoint->domain)
        return MUST_BE_UNCHANGED;
    if (endpoint->domain->id == request->domain)
        return (struct model_effects){MODEL_EFFECT_LEFT, 0};
    return (struct model_effects){MODEL_EFFECT_LEFT, MODEL_EFFECT_NONE};
}

/* Accepted although it may be refused, a MAP does what it says: nothing, if it ends before it begins. */
static struct model_effects effects_of_map(const struct model *model,
                                           const struct virtio_iommu_req_map *request)
{
    const struct model_domain *domain = model_find_domain(model, request->domain);

    if (request->virt_start > request->virt_end)
        return MUST_BE_UNCHANGED;
    if (!domain || domain->bypass ||
        mappings_overlap(domain, request->virt_start, request->virt_end))
        return (struct model_effects){0};
    return (struct model_effects){MODEL_EFFECT_DONE, 0};
}

static struct model_effects effects_of_unmap(const struct model *model,
                                             const struct virtio_iommu_req_unmap *request)
{
    const struct model_domain *domain = model_find_domain(model, request->domain);

    if (request->virt_start > request->virt_end)
        return MUST_BE_UNCHANGED;
    if (!domain || domain->bypass || mappings_split(domain, request->virt_start, request->virt_end))
        return (struct model_effects){0};
    return (struct model_effects){MODEL_EFFECT_DONE, 0};
}

static struct model_effects effects_of_error(const struct model *model,
                                             const struct virtio_iommu_req_head *head,
                                             uint8_t status)
{
    const struct virtio_iommu_req_unmap *unmap = (const void *)head;

    if (head->type == VIRTIO_IOMMU_T_ATTACH)
        return effects_of_refused_attach(model, (const void *)head);
    /* 5.13.6.6.2: for its reserved bytes, the mappings may be gone. */
    if (head->type == VIRTIO_IOMMU_T_UNMAP && status == VIRTIO_IOMMU_S_INVAL &&
        (unmap->reserved[0] || unmap->reserved[1] || unmap->reserved[2] || unmap->reserved[3]))
        return (struct model_effects){MODEL_EFFECT_NONE | effects_of_unmap(model, unmap).conform,
                                      0};
    return MUST_BE_UNCHANGED;
}

struct model_effects model_effects(const struct model *model, const void *bytes, size_t length,
                                   uint8_t status)
{
    const struct virtio_iommu_req_head *head = bytes;

    if (length < sizeof(*head) || !model_request_size(head->type) ||
        length < model_request_size(head->type))
        return status == VIRTIO_IOMMU_S_OK ? (struct model_effects){0} : MUST_BE_UNCHANGED;
    if (status != VIRTIO_IOMMU_S_OK)
        return effects_of_error(model, head, status);
    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return effects_of_attach(model, bytes);
    case VIRTIO_IOMMU_T_DETACH:
        return effects_of_detach(model, bytes);
    case VIRTIO_IOMMU_T_MAP:
        return effects_of_map(model, bytes);
    case VIRTIO_IOMMU_T_UNMAP:
        return effects_of_unmap(model, bytes);
    default:
        return MUST_BE_UNCHANGED; /* PROBE reads */
    }
}

/* The endpoint leaves whatever domain it is in, by the DETACH that says so. */
static bool leave(struct model *model, uint32_t id)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, id);
    struct virtio_iommu_req_detach detach = {.head.type = VIRTIO_IOMMU_T_DETACH, .endpoint = id};

    if (!endpoint || !endpoint->domain)
        return false;
    detach.domain = endpoint->domain->id;
    return model_apply(model, &detach, sizeof(detach), VIRTIO_IOMMU_S_OK);
}

bool model_follow(struct model *model, const void *bytes, size_t length, enum model_effect effect)
{
    const struct virtio_iommu_req_attach *request = bytes; /* DETACH has its endpoint there, too */

    switch (effect) {
    case MODEL_EFFECT_NONE:
        return true;
    case MODEL_EFFECT_LEFT:
        return leave(model, request->endpoint);
    case MODEL_EFFECT_RENEWED:
        return leave(model, request->endpoint) &&
               model_apply(model, bytes, length, VIRTIO_IOMMU_S_OK);
    default:
        return model_apply(model, bytes, length, VIRTIO_IOMMU_S_OK);
    }
}

void model_copy(struct model *to, const struct model *from)
{
    to->config = from->config;
    to->bypass = from->bypass;
    to->endpoint_count = from->endpoint_count;
    to->reserved_count = from->reserved_count;
    memcpy(to->reserved, from->reserved, from->reserved_count * sizeof(from->reserved[0]));
    for (unsigned i = 0; i < MODEL_DOMAINS; i++) {
        const struct model_domain *domain = &from->domains[i];

        memcpy(&to->domains[i], domain, offsetof(struct model_domain, mappings));
        if (domain->exists)
            memcpy(to->domains[i].mappings, domain->mappings,
                   domain->count * sizeof(domain->mappings[0]));
    }
    for (unsigned i = 0; i < from->endpoint_count; i++) {
        const struct model_endpoint *endpoint = &from->endpoints[i];

        to->endpoints[i].id = endpoint->id;
        to->endpoints[i].domain =
            endpoint->domain ? &to->domains[endpoint->domain - from->domains] : NULL;
    }
}
