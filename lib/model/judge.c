// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each request deserves. Where several things are wrong with one, the text does not say which
 * error wins: every one of them is permitted, and the first found is asked for.
 */
#include "lib/model/mappings.h"

static struct model_answer succeed(enum clause clause)
{
    /* A device may be out of resources at any time. */
    return (struct model_answer){.status = VIRTIO_IOMMU_S_OK,
                                 .permitted = MODEL_STATUS(OK) | MODEL_STATUS(NOMEM),
                                 .clause = clause};
}

/* Adds a fault to the answer; the first one replaces the success. */
static void refuse(struct model_answer *answer, uint8_t status, uint32_t permitted,
                   enum clause clause)
{
    if (answer->permitted & MODEL_STATUS(OK)) {
        answer->permitted = 0;
        answer->status = status;
        answer->clause = clause;
    }
    answer->permitted |= permitted;
}

static void refuse_with(struct model_answer *answer, uint8_t status, enum clause clause)
{
    refuse(answer, status, 1u << status, clause);
}

static bool any_set(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i])
            return true;
    return false;
}

static unsigned members(const struct model *model, const struct model_domain *domain)
{
    unsigned count = 0;

    for (unsigned i = 0; i < model->endpoint_count; i++)
        count += model->endpoints[i].domain == domain;
    return count;
}

static bool in_domain_range(const struct model *model, uint32_t domain)
{
    return domain >= model->config.domain_first && domain <= model->config.domain_last;
}

static struct model_answer judge_attach(const struct model *model,
                                        const struct virtio_iommu_req_attach *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    const struct model_domain *domain = model_find_domain(model, request->domain);
    bool bypass = request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;
    struct model_answer answer = succeed(domain ? IOMMU_ATTACH_D16 : IOMMU_ATTACH_P01);

    if (domain) /* sharing is optional, and so is staying where one is */
        answer.permitted |= MODEL_STATUS(UNSUPP);
    /* Whether its mappings survive is said nowhere, unless another endpoint holds them. */
    answer.is_open =
        endpoint && domain && endpoint->domain == domain && members(model, domain) == 1;
    answer.is_open |= !in_domain_range(model, request->domain);
    answer.is_open |= bypass && !model->config.bypass_config;
    if (any_set(request->reserved, sizeof(request->reserved)))
        refuse_with(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_ATTACH_D02);
    if (request->flags & ~VIRTIO_IOMMU_ATTACH_F_BYPASS)
        refuse_with(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_ATTACH_D04);
    if (!endpoint)
        refuse_with(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_ATTACH_D06);
    if (domain && domain->bypass != bypass)
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_STATUS(INVAL) | MODEL_STATUS(UNSUPP),
               IOMMU_ATTACH_D11);
    /* Whether a refused move leaves the endpoint where it was is not said either. */
    answer.is_open |= endpoint && endpoint->domain && answer.status != VIRTIO_IOMMU_S_OK;
    return answer;
}

static struct model_answer judge_detach(const struct model *model,
                                        const struct virtio_iommu_req_detach *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    struct model_answer answer = succeed(IOMMU_DETACH_P01);

    answer.permitted = MODEL_STATUS(OK);
    if (!endpoint)
        refuse_with(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_DETACH_D03);
    else if (!endpoint->domain || endpoint->domain->id != request->domain)
        /* May be INVAL, so may be anything; only that nothing happens is sure. */
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR | MODEL_STATUS(OK), IOMMU_DETACH_D05);
    return answer;
}

static bool in_reserved(const struct model *model, const struct model_domain *domain,
                        uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < model->reserved_count; i++) {
        const struct model_reserved *region = &model->reserved[i];
        const struct model_endpoint *endpoint = model_find_endpoint(model, region->endpoint);

        if (endpoint && endpoint->domain == domain && first <= region->last &&
            last >= region->first)
            return true;
    }
    return false;
}

static struct model_answer judge_map(const struct model *model,
                                     const struct virtio_iommu_req_map *request)
{
    const struct model_config *config = &model->config;
    const struct model_domain *domain = model_find_domain(model, request->domain);
    uint32_t known = VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE | VIRTIO_IOMMU_MAP_F_MMIO;
    struct model_answer answer = succeed(IOMMU_MAP_P01);

    /* Not every architecture has mappings that can't be read. */
    if (!(request->flags & VIRTIO_IOMMU_MAP_F_READ))
        answer.permitted = 0x1ff;
    answer.is_open = (request->flags & VIRTIO_IOMMU_MAP_F_MMIO) && !config->mmio;
    if (request->flags & ~known)
        refuse_with(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_MAP_D10);
    if (!domain)
        refuse_with(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_MAP_D12);
    else if (domain->bypass)
        refuse_with(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_MAP_D14);
    if (request->virt_end < request->virt_start) {
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_MAP_P02);
        return answer;
    }
    if (request->virt_start & (config->granule - 1))
        refuse_with(&answer, VIRTIO_IOMMU_S_RANGE, IOMMU_MAP_D02);
    if (request->phys_start & (config->granule - 1))
        refuse_with(&answer, VIRTIO_IOMMU_S_RANGE, IOMMU_MAP_D04);
    if ((request->virt_end + 1) & (config->granule - 1))
        refuse_with(&answer, VIRTIO_IOMMU_S_RANGE, IOMMU_MAP_D06);
    if (request->virt_start < config->input_first || request->virt_end > config->input_last)
        refuse(&answer, VIRTIO_IOMMU_S_RANGE, MODEL_ANY_ERROR, IOMMU_CFG_P08);
    if (domain && mappings_overlap(domain, request->virt_start, request->virt_end))
        refuse_with(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_MAP_D08);
    if (domain && in_reserved(model, domain, request->virt_start, request->virt_end))
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_RESV_D04);
    return answer;
}

static struct model_answer judge_unmap(const struct model *model,
                                       const struct virtio_iommu_req_unmap *request)
{
    const struct model_domain *domain = model_find_domain(model, request->domain);
    struct model_answer answer = succeed(IOMMU_UNMAP_P02);

    answer.permitted = MODEL_STATUS(OK);
    if (any_set(request->reserved, sizeof(request->reserved))) {
        answer.permitted |= MODEL_STATUS(INVAL);
        answer.is_open = true; /* with INVAL the mapping may be gone or not */
    }
    if (request->virt_end < request->virt_start)
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_UNMAP_P02);
    else if (!domain)
        refuse_with(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_UNMAP_D03);
    else if (domain->bypass)
        refuse_with(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_UNMAP_D05);
    else if (mappings_split(domain, request->virt_start, request->virt_end))
        refuse_with(&answer, VIRTIO_IOMMU_S_RANGE, IOMMU_UNMAP_D06);
    return answer;
}

static struct model_answer judge_probe(const struct model *model,
                                       const struct virtio_iommu_req_probe *request)
{
    struct model_answer answer = succeed(IOMMU_OP_D01);

    if (!model_find_endpoint(model, request->endpoint))
        refuse_with(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_PROBE_D03);
    return answer;
}

struct model_answer model_judge(const struct model *model, const void *bytes, size_t length)
{
    const struct virtio_iommu_req_head *head = bytes;
    /* Too short, or of no type that there is: not to be answered at all. */
    const struct model_answer unanswered = {.status = VIRTIO_IOMMU_S_UNSUPP,
                                            .permitted = MODEL_ANY_ERROR,
                                            .clause = IOMMU_OP_D02,
                                            .is_open = true};

    if (length < sizeof(*head))
        return unanswered;
    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return length < sizeof(struct virtio_iommu_req_attach) ? unanswered
                                                               : judge_attach(model, bytes);
    case VIRTIO_IOMMU_T_DETACH:
        return length < sizeof(struct virtio_iommu_req_detach) ? unanswered
                                                               : judge_detach(model, bytes);
    case VIRTIO_IOMMU_T_MAP:
        return length < sizeof(struct virtio_iommu_req_map) ? unanswered : judge_map(model, bytes);
    case VIRTIO_IOMMU_T_UNMAP:
        return length < sizeof(struct virtio_iommu_req_unmap) ? unanswered
                                                              : judge_unmap(model, bytes);
    case VIRTIO_IOMMU_T_PROBE:
        return length < sizeof(struct virtio_iommu_req_probe) ? unanswered
                                                              : judge_probe(model, bytes);
    default:
        return unanswered;
    }
}
