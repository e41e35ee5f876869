// SPDX-License-Identifier: BSD-2-Clause
/*
 * The status that each request must get. Where several things are wrong with one, the text does not
 * say which error wins: each of them is permitted, and the first found is expected. So each
 * function first lists what a device must refuse, then what it may.
 *
 * This is also where the specification leaves a case open: `is_open` is set, or the reason to
 * refuse is one of expect_should_not(). A test of such a case judges by expect_should().
 */
#include "lib/model/mappings.h"

#define MAP_F_KNOWN (VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE | VIRTIO_IOMMU_MAP_F_MMIO)

static struct model_answer succeed(enum clause clause)
{
    return (struct model_answer){
        .status = VIRTIO_IOMMU_S_OK, .permitted = MODEL_STATUS(OK), .clause = clause};
}

/* Adds a reason to refuse: OK is not permitted any more. */
static void refuse_as(struct model_answer *answer, uint8_t status, uint32_t errors,
                      enum clause clause)
{
    if (answer->status == VIRTIO_IOMMU_S_OK) {
        answer->status = status;
        answer->permitted = 0;
        answer->clause = clause;
    }
    answer->permitted |= errors;
}

static void refuse(struct model_answer *answer, uint8_t status, enum clause clause)
{
    refuse_as(answer, status, 1u << status, clause);
}

/* Adds a reason to refuse that leaves OK permitted. What must be refused already stays refused. */
static void expect_should_not(struct model_answer *answer, uint8_t status, uint32_t errors,
                              enum clause clause)
{
    if (answer->status == VIRTIO_IOMMU_S_OK) {
        answer->status = status;
        answer->clause = clause;
    }
    answer->permitted |= errors;
}

static void permit(struct model_answer *answer, uint32_t errors)
{
    answer->permitted |= errors;
}

/* NOMEM is permitted at any time, except for what must be refused with another status. */
static void permit_exhaustion(struct model_answer *answer)
{
    if (answer->permitted & MODEL_STATUS(OK))
        permit(answer, MODEL_STATUS(NOMEM));
}

static bool any_set(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i])
            return true;
    return false;
}

static bool in_domain_range(const struct model *model, uint32_t domain)
{
    return domain >= model->config.domain_first && domain <= model->config.domain_last;
}

static enum clause attach_clause(const struct model_endpoint *endpoint,
                                 const struct model_domain *domain)
{
    if (endpoint && endpoint->domain)
        return endpoint->domain == domain ? IOMMU_ATTACH_P07 : IOMMU_ATTACH_D12;
    return domain ? IOMMU_ATTACH_D16 : IOMMU_ATTACH_P01;
}

static struct model_answer judge_attach(const struct model *model,
                                        const struct virtio_iommu_req_attach *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    const struct model_domain *domain = model_find_domain(model, request->domain);
    bool attached = endpoint && endpoint->domain;
    bool bypass = request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;
    bool unexpected_bypass = bypass && !model->config.bypass_config;
    struct model_answer answer = succeed(attach_clause(endpoint, domain));

    if (any_set(request->reserved, sizeof(request->reserved)))
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_ATTACH_D02);
    if (request->flags & ~VIRTIO_IOMMU_ATTACH_F_BYPASS)
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_ATTACH_D04);
    if (!endpoint)
        refuse(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_ATTACH_D06);
    if (domain && domain->bypass != bypass && !unexpected_bypass)
        refuse_as(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_STATUS(INVAL) | MODEL_STATUS(UNSUPP),
                  IOMMU_ATTACH_D11);

    /* Open: whether a bit that was not negotiated counts as a known one. */
    if (unexpected_bypass)
        expect_should_not(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_STATUS(INVAL) | MODEL_STATUS(UNSUPP),
                          IOMMU_ATTACH_D04);
    if (!in_domain_range(model, request->domain))
        expect_should_not(&answer, VIRTIO_IOMMU_S_RANGE, MODEL_ANY_ERROR, IOMMU_CFG_P06);
    if (domain || attached) /* sharing is optional, and so is moving */
        permit(&answer, MODEL_STATUS(UNSUPP));
    permit_exhaustion(&answer);

    /* Open: whether the mappings survive, unless another endpoint is in the domain. */
    answer.is_open = attached && endpoint->domain == domain && domain->count &&
                     model_members(model, domain) == 1;
    /* Open: whether a refused move leaves the endpoint in its old domain. */
    answer.is_open |= attached && answer.status != VIRTIO_IOMMU_S_OK;
    answer.is_open |= unexpected_bypass || !in_domain_range(model, request->domain);
    return answer;
}

static struct model_answer judge_detach(const struct model *model,
                                        const struct virtio_iommu_req_detach *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, request->endpoint);
    const struct model_domain *domain = model_find_domain(model, request->domain);
    struct model_answer answer = succeed(IOMMU_DETACH_P01);

    if (!endpoint)
        refuse(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_DETACH_D03);
    /* The text says that it MAY be INVAL, so any status is permitted. */
    if (!domain)
        expect_should_not(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_DETACH_D04);
    else if (endpoint && endpoint->domain != domain)
        expect_should_not(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_DETACH_D05);
    return answer;
}

static bool is_reserved(const struct model *model, uint32_t endpoint, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < model->reserved_count; i++) {
        const struct model_reserved *region = &model->reserved[i];

        if (region->endpoint == endpoint && first <= region->last && last >= region->first)
            return true;
    }
    return false;
}

/* How many endpoints of the domain have a reserved region in [first, last]. */
static unsigned reserving_members(const struct model *model, const struct model_domain *domain,
                                  uint64_t first, uint64_t last)
{
    unsigned count = 0;

    for (unsigned i = 0; i < model->endpoint_count; i++)
        count += model->endpoints[i].domain == domain &&
                 is_reserved(model, model->endpoints[i].id, first, last);
    return count;
}

/* Errors of the addresses alone; first <= last. */
static void judge_map_range(const struct model *model, const struct virtio_iommu_req_map *request,
                            struct model_answer *answer)
{
    const struct model_config *config = &model->config;
    uint64_t first = request->virt_start, last = request->virt_end;

    if (first & (config->granule - 1))
        refuse(answer, VIRTIO_IOMMU_S_RANGE, IOMMU_MAP_D02);
    if (request->phys_start & (config->granule - 1))
        refuse(answer, VIRTIO_IOMMU_S_RANGE, IOMMU_MAP_D04);
    if ((last + 1) & (config->granule - 1))
        refuse(answer, VIRTIO_IOMMU_S_RANGE, IOMMU_MAP_D06);
    if (first < config->input_first || last > config->input_last)
        refuse_as(answer, VIRTIO_IOMMU_S_RANGE, MODEL_ANY_ERROR, IOMMU_CFG_P08);
}

/* Conflicts with what is in the domain already; first <= last. */
static void judge_map_place(const struct model *model, const struct virtio_iommu_req_map *request,
                            const struct model_domain *domain, struct model_answer *answer)
{
    uint64_t first = request->virt_start, last = request->virt_end;
    unsigned reserving = reserving_members(model, domain, first, last);

    if (mappings_overlap(domain, first, last))
        refuse(answer, VIRTIO_IOMMU_S_INVAL, IOMMU_MAP_D08);
    if (reserving && reserving == model_members(model, domain))
        refuse_as(answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_RESV_D04);
    else if (reserving) /* open: whose regions count in a shared domain */
        expect_should_not(answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_RESV_D04);
}

static struct model_answer judge_map(const struct model *model,
                                     const struct virtio_iommu_req_map *request)
{
    const struct model_domain *domain = model_find_domain(model, request->domain);
    bool unexpected_mmio = (request->flags & VIRTIO_IOMMU_MAP_F_MMIO) && !model->config.mmio;
    struct model_answer answer = succeed(IOMMU_MAP_P01);

    if (request->flags & ~MAP_F_KNOWN)
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_MAP_D10);
    if (!domain)
        refuse(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_MAP_D12);
    else if (domain->bypass)
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_MAP_D14);
    if (request->virt_end < request->virt_start) {
        refuse_as(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_MAP_P02);
    } else {
        judge_map_range(model, request, &answer);
        if (domain)
            judge_map_place(model, request, domain, &answer);
    }

    if (unexpected_mmio)
        expect_should_not(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_STATUS(INVAL) | MODEL_STATUS(UNSUPP),
                          IOMMU_MAP_D10);
    if (!(request->flags & VIRTIO_IOMMU_MAP_F_READ)) /* MAP-P07: the architecture may restrict it */
        permit(&answer, MODEL_ANY_ERROR);
    if (request->virt_start == request->virt_end) /* 5.13.6.5.1 asks a driver for more */
        permit(&answer, MODEL_ANY_ERROR);
    if (!in_domain_range(model, request->domain))
        permit(&answer, MODEL_ANY_ERROR);
    permit_exhaustion(&answer);
    answer.is_open = unexpected_mmio;
    return answer;
}

static struct model_answer judge_unmap(const struct model *model,
                                       const struct virtio_iommu_req_unmap *request)
{
    const struct model_domain *domain = model_find_domain(model, request->domain);
    bool forward = request->virt_start <= request->virt_end;
    bool tiled = domain && forward && mappings_tile(domain, request->virt_start, request->virt_end);
    struct model_answer answer = succeed(tiled ? IOMMU_UNMAP_P05 : IOMMU_UNMAP_D09);

    if (!forward)
        refuse_as(&answer, VIRTIO_IOMMU_S_INVAL, MODEL_ANY_ERROR, IOMMU_UNMAP_P02);
    if (!domain)
        refuse(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_UNMAP_D03);
    else if (domain->bypass)
        refuse(&answer, VIRTIO_IOMMU_S_INVAL, IOMMU_UNMAP_D05);
    else if (forward && mappings_split(domain, request->virt_start, request->virt_end))
        refuse(&answer, VIRTIO_IOMMU_S_RANGE, IOMMU_UNMAP_D06);

    if (!in_domain_range(model, request->domain))
        permit(&answer, MODEL_ANY_ERROR);
    if (any_set(request->reserved, sizeof(request->reserved))) {
        permit(&answer, MODEL_STATUS(INVAL));
        answer.is_open = true; /* UNMAP-D02: with INVAL the mapping may be gone or not */
    }
    return answer;
}

static struct model_answer judge_probe(const struct model *model,
                                       const struct virtio_iommu_req_probe *request)
{
    struct model_answer answer = succeed(IOMMU_OP_D01);

    if (!model_find_endpoint(model, request->endpoint))
        refuse(&answer, VIRTIO_IOMMU_S_NOENT, IOMMU_PROBE_D03);
    permit_exhaustion(&answer);
    return answer;
}

/* The buffer comes back unwritten; a device that writes a status nevertheless must not write OK. */
static struct model_answer unwritten(enum clause clause)
{
    return (struct model_answer){.status = VIRTIO_IOMMU_S_UNSUPP,
                                 .permitted = MODEL_ANY_ERROR,
                                 .clause = clause,
                                 .is_unwritten = true,
                                 .is_open = true};
}

struct model_answer model_judge(const struct model *model, const void *bytes, size_t length)
{
    const struct virtio_iommu_req_head *head = bytes;

    if (length < sizeof(*head))
        return unwritten(IOMMU_OP_P03);
    if (!model_request_size(head->type))
        return unwritten(IOMMU_OP_D02);
    if (length < model_request_size(head->type))
        return unwritten(IOMMU_OP_P03);
    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return judge_attach(model, bytes);
    case VIRTIO_IOMMU_T_DETACH:
        return judge_detach(model, bytes);
    case VIRTIO_IOMMU_T_MAP:
        return judge_map(model, bytes);
    case VIRTIO_IOMMU_T_UNMAP:
        return judge_unmap(model, bytes);
    default:
        return judge_probe(model, bytes);
    }
}
