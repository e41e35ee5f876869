// SPDX-License-Identifier: BSD-2-Clause
/* The state, and how an answered request changes it. Statuses are in judge.c. */
#include "lib/model/model.h"

#include <string.h>

#include "lib/array/array.h"
#include "lib/model/mappings.h"

void model_init(struct model *model, const struct model_config *config, bool bypass)
{
    memset(model, 0, sizeof(*model));
    model->config = *config;
    model->bypass = bypass;
}

bool model_add_endpoint(struct model *model, uint32_t id)
{
    if (model->endpoint_count == MODEL_ENDPOINTS || model_find_endpoint(model, id))
        return false;
    model->endpoints[model->endpoint_count++] = (struct model_endpoint){.id = id};
    return true;
}

bool model_add_reserved(struct model *model, uint32_t endpoint, uint64_t first, uint64_t last)
{
    if (model->reserved_count == MODEL_RESERVED || first > last)
        return false;
    model->reserved[model->reserved_count++] = (struct model_reserved){endpoint, first, last};
    return true;
}

void model_reset(struct model *model)
{
    for (unsigned i = 0; i < MODEL_DOMAINS; i++)
        model->domains[i].exists = false;
    for (unsigned i = 0; i < model->endpoint_count; i++)
        model->endpoints[i].domain = NULL;
}

struct model_domain *model_find_domain(const struct model *model, uint32_t id)
{
    for (unsigned i = 0; i < MODEL_DOMAINS; i++)
        if (model->domains[i].exists && model->domains[i].id == id)
            return (struct model_domain *)&model->domains[i];
    return NULL;
}

struct model_endpoint *model_find_endpoint(const struct model *model, uint32_t id)
{
    for (unsigned i = 0; i < model->endpoint_count; i++)
        if (model->endpoints[i].id == id)
            return (struct model_endpoint *)&model->endpoints[i];
    return NULL;
}

unsigned model_members(const struct model *model, const struct model_domain *domain)
{
    unsigned count = 0;

    for (unsigned i = 0; i < model->endpoint_count; i++)
        count += model->endpoints[i].domain == domain;
    return count;
}

/* 5.13.6.4: with its last endpoint the domain and its mappings disappear. */
static void leave_domain(struct model *model, struct model_endpoint *endpoint)
{
    struct model_domain *domain = endpoint->domain;

    endpoint->domain = NULL;
    if (domain && !model_members(model, domain))
        domain->exists = false;
}

/* NULL when there is no room. */
static struct model_domain *free_domain(struct model *model)
{
    for (unsigned i = 0; i < MODEL_DOMAINS; i++)
        if (!model->domains[i].exists)
            return &model->domains[i];
    return NULL;
}

/* 5.13.6.3: an endpoint of another domain is detached from it first. */
static bool apply_attach(struct model *model, const struct virtio_iommu_req_attach *request)
{
    struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    struct model_domain *domain = model_find_domain(model, request->domain);
    bool bypass = request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;

    if (!endpoint || (domain && domain->bypass != bypass))
        return false;
    if (endpoint->domain && endpoint->domain == domain)
        return true;
    if (!domain && !free_domain(model) &&
        !(endpoint->domain && model_members(model, endpoint->domain) == 1))
        return false;
    leave_domain(model, endpoint);
    if (!domain) {
        domain = free_domain(model);
        domain->exists = true;
        domain->id = request->domain;
        domain->bypass = bypass;
        domain->count = 0;
    }
    endpoint->domain = domain;
    return true;
}

/* OK for a DETACH from the wrong domain is good only if there is nothing that it could change. */
static bool apply_detach(struct model *model, const struct virtio_iommu_req_detach *request)
{
    struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);

    if (!endpoint)
        return false;
    if (!endpoint->domain)
        return true;
    if (endpoint->domain->id != request->domain)
        return false;
    leave_domain(model, endpoint);
    return true;
}

static bool apply_map(struct model *model, const struct virtio_iommu_req_map *request)
{
    struct model_domain *domain = model_find_domain(model, request->domain);
    const struct model_mapping mapping = {.first = request->virt_start,
                                          .last = request->virt_end,
                                          .physical = request->phys_start,
                                          .flags = request->flags};

    return domain && !domain->bypass && mapping.first <= mapping.last &&
           mappings_add(domain, &mapping);
}

static bool apply_unmap(struct model *model, const struct virtio_iommu_req_unmap *request)
{
    struct model_domain *domain = model_find_domain(model, request->domain);

    return domain && !domain->bypass && request->virt_start <= request->virt_end &&
           mappings_remove(domain, request->virt_start, request->virt_end);
}

/* Whether the text guarantees that a refused request has changed nothing. */
static bool apply_refusal(const struct model *model, const struct virtio_iommu_req_head *head,
                          uint8_t status)
{
    const struct model_endpoint *endpoint;

    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH: /* a move may have detached the endpoint before it failed */
        endpoint =
            model_find_endpoint(model, ((const struct virtio_iommu_req_attach *)head)->endpoint);
        return !endpoint || !endpoint->domain;
    case VIRTIO_IOMMU_T_UNMAP: /* 5.13.6.6.2: then the mapping may be gone */
        return status != VIRTIO_IOMMU_S_INVAL ||
               !model_judge(model, head, sizeof(struct virtio_iommu_req_unmap)).is_open;
    default:
        return true;
    }
}

size_t model_request_size(uint8_t type)
{
    static const size_t sizes[] = {
        [VIRTIO_IOMMU_T_ATTACH] = sizeof(struct virtio_iommu_req_attach),
        [VIRTIO_IOMMU_T_DETACH] = sizeof(struct virtio_iommu_req_detach),
        [VIRTIO_IOMMU_T_MAP] = sizeof(struct virtio_iommu_req_map),
        [VIRTIO_IOMMU_T_UNMAP] = sizeof(struct virtio_iommu_req_unmap),
        [VIRTIO_IOMMU_T_PROBE] = sizeof(struct virtio_iommu_req_probe),
    };

    return type < ARRAY_LENGTH(sizes) ? sizes[type] : 0;
}

bool model_apply(struct model *model, const void *bytes, size_t length, uint8_t status)
{
    const struct virtio_iommu_req_head *head = bytes;

    if (length < sizeof(*head) || !model_request_size(head->type) ||
        length < model_request_size(head->type))
        return status != VIRTIO_IOMMU_S_OK;
    if (status != VIRTIO_IOMMU_S_OK)
        return apply_refusal(model, head, status);
    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return apply_attach(model, bytes);
    case VIRTIO_IOMMU_T_DETACH:
        return apply_detach(model, bytes);
    case VIRTIO_IOMMU_T_MAP:
        return apply_map(model, bytes);
    case VIRTIO_IOMMU_T_UNMAP:
        return apply_unmap(model, bytes);
    default:
        return true; /* PROBE reads */
    }
}
