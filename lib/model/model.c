// SPDX-License-Identifier: BSD-2-Clause
/* The state, and how an answered request changes it. What a request deserves is in judge.c. */
#include "lib/model/model.h"

#include <string.h>

#include "lib/model/mappings.h"

void model_init(struct model *model, const struct model_config *config, bool bypass)
{
    memset(model, 0, sizeof(*model));
    model->config = *config;
    model->bypass = bypass;
}

bool model_add_endpoint(struct model *model, uint32_t id)
{
    if (model->endpoint_count == MODEL_ENDPOINTS)
        return false;
    model->endpoints[model->endpoint_count++] = (struct model_endpoint){.id = id};
    return true;
}

bool model_add_reserved(struct model *model, uint32_t endpoint, uint64_t first, uint64_t last)
{
    if (model->reserved_count == MODEL_RESERVED)
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

/* 5.13.6.4: the last endpoint takes the domain and its mappings along. */
static void leave_domain(struct model *model, struct model_endpoint *endpoint)
{
    struct model_domain *domain = endpoint->domain;

    endpoint->domain = NULL;
    if (!domain)
        return;
    for (unsigned i = 0; i < model->endpoint_count; i++)
        if (model->endpoints[i].domain == domain)
            return;
    domain->exists = false;
}

static struct model_domain *new_domain(struct model *model, uint32_t id, bool bypass)
{
    for (unsigned i = 0; i < MODEL_DOMAINS; i++) {
        struct model_domain *domain = &model->domains[i];

        if (domain->exists)
            continue;
        domain->exists = true;
        domain->id = id;
        domain->bypass = bypass;
        domain->count = 0;
        return domain;
    }
    return NULL;
}

/* 5.13.6.3: an endpoint of another domain is detached from it first. */
static bool apply_attach(struct model *model, const struct virtio_iommu_req_attach *request)
{
    struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    struct model_domain *domain = model_find_domain(model, request->domain);
    bool bypass = request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;

    if (!endpoint)
        return false;
    if (endpoint->domain && endpoint->domain == domain)
        return true;
    if (!domain)
        domain = new_domain(model, request->domain, bypass);
    if (!domain || domain->bypass != bypass)
        return false;
    leave_domain(model, endpoint);
    endpoint->domain = domain;
    return true;
}

static bool apply_detach(struct model *model, const struct virtio_iommu_req_detach *request)
{
    struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);

    if (!endpoint || !endpoint->domain || endpoint->domain->id != request->domain)
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

    return domain && mapping.first <= mapping.last && mappings_add(domain, &mapping);
}

static bool apply_unmap(struct model *model, const struct virtio_iommu_req_unmap *request)
{
    struct model_domain *domain = model_find_domain(model, request->domain);

    return domain && mappings_remove(domain, request->virt_start, request->virt_end);
}

bool model_apply(struct model *model, const void *bytes, size_t length, uint8_t status)
{
    const struct virtio_iommu_req_head *head = bytes;

    if (status != VIRTIO_IOMMU_S_OK)
        return true;
    if (length < sizeof(*head))
        return false;
    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return length >= sizeof(struct virtio_iommu_req_attach) && apply_attach(model, bytes);
    case VIRTIO_IOMMU_T_DETACH:
        return length >= sizeof(struct virtio_iommu_req_detach) && apply_detach(model, bytes);
    case VIRTIO_IOMMU_T_MAP:
        return length >= sizeof(struct virtio_iommu_req_map) && apply_map(model, bytes);
    case VIRTIO_IOMMU_T_UNMAP:
        return length >= sizeof(struct virtio_iommu_req_unmap) && apply_unmap(model, bytes);
    default:
        return head->type == VIRTIO_IOMMU_T_PROBE;
    }
}
