// SPDX-License-Identifier: BSD-2-Clause
/* Requests and their answers: virtio 1.4 section 5.13.6. */
#include <string.h>

#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/device/order.h"
#include "tests/refdev/device/rules.h"
#include "tests/refdev/mutants/mutant.h"

#define READABLE_MAX  sizeof(struct virtio_iommu_req_probe)
#define PROPERTY_SIZE sizeof(struct virtio_iommu_probe_resv_mem)
#define PROBE_MAX     4096 /* more than all properties have */
#define ODD_TYPE      0x123
#define TAIL_SIZE     sizeof(struct virtio_iommu_req_tail)

/* Of a type that a later version may have: of `length` bytes; returns where the next one is. */
static uint8_t *write_odd_property(uint8_t *at, uint16_t length)
{
    const struct virtio_iommu_probe_property head = {.type = ODD_TYPE, .length = length};

    memcpy(at, &head, sizeof(head));
    memset(at + sizeof(head), 0xee, length);
    return at + sizeof(head) + length;
}

/* 5.13.6.8: a property for each region, then zeros. One that nobody knows is the first. */
static void write_properties(const struct ref_iommu *iommu, uint8_t area[PROBE_MAX])
{
    unsigned odd = iommu->config.odd_properties;
    uint8_t *at = area;

    memset(area, 0, PROBE_MAX);
    if (odd)
        at = write_odd_property(at, 7);
    for (unsigned i = 0; i < iommu->config.region_count; i++) {
        const struct ref_region *region = &iommu->config.regions[i];
        const struct virtio_iommu_probe_resv_mem property = {
            .head = {.type = VIRTIO_IOMMU_PROBE_T_RESV_MEM,
                     .length = PROPERTY_SIZE - sizeof(property.head)},
            .subtype = region->subtype,
            .start = region->first,
            .end = region->last,
        };

        memcpy(at, &property, PROPERTY_SIZE);
        at += PROPERTY_SIZE;
    }
    for (uint16_t i = 1; i < odd; i++)
        at = write_odd_property(at, i - 1);
    mutate_properties(iommu, area, iommu->config.probe_size);
}

/* The status of a request that the rules are not asked about; -1: ask them. */
static int status_beforehand(const struct ref_iommu *iommu, uint8_t type, uint64_t writable)
{
    const struct ref_virtio *virtio = &iommu->virtio;
    bool is_mapping = type == VIRTIO_IOMMU_T_MAP || type == VIRTIO_IOMMU_T_UNMAP;

    if (is_mapping && !ref_has(virtio, VIRTIO_IOMMU_F_MAP_UNMAP))
        return VIRTIO_IOMMU_S_UNSUPP;
    if (type == VIRTIO_IOMMU_T_PROBE && writable < iommu->config.probe_size + TAIL_SIZE &&
        !MUTANT(PROBE_SMALL_OK))
        return MUTANT(PROBE_SMALL_NOMEM) ? VIRTIO_IOMMU_S_NOMEM : VIRTIO_IOMMU_S_INVAL;
    return -1;
}

static unsigned domains_of(const struct ref_tables *tables, unsigned *mappings)
{
    unsigned count = 0;

    *mappings = 0;
    for (unsigned i = 0; i < REF_DOMAINS; i++) {
        count += tables->domains[i].exists;
        for (struct ref_mapping *it = tables->domains[i].mappings; it; it = it->next)
            ++*mappings;
    }
    return count;
}

/* The error of a valid request that this variant does not support or has no room for; OK: none. */
static uint8_t lacking(struct ref_iommu *iommu, const void *request)
{
    const struct ref_iommu_config *config = &iommu->config;
    const struct virtio_iommu_req_attach *attach = request;
    unsigned mappings, domains = domains_of(&iommu->tables, &mappings);

    if (attach->head.type == VIRTIO_IOMMU_T_MAP)
        return config->max_mappings && mappings >= config->max_mappings ? VIRTIO_IOMMU_S_NOMEM
                                                                        : VIRTIO_IOMMU_S_OK;
    if (attach->head.type != VIRTIO_IOMMU_T_ATTACH)
        return VIRTIO_IOMMU_S_OK;

    const struct ref_domain *domain = ref_find_domain(&iommu->tables, attach->domain);

    if (!domain)
        return config->max_domains && domains >= config->max_domains ? VIRTIO_IOMMU_S_NOMEM
                                                                     : VIRTIO_IOMMU_S_OK;
    return config->is_unshared &&
                   ref_find_endpoint(&iommu->tables, attach->endpoint)->domain != domain
               ? VIRTIO_IOMMU_S_UNSUPP
               : VIRTIO_IOMMU_S_OK;
}

/* Of a request that the rules accept. False: no room. */
static bool take_effect(struct ref_iommu *iommu, const void *request)
{
    struct ref_tables *tables = &iommu->tables;
    const struct virtio_iommu_req_attach *attach = request; /* all begin with type and domain */
    const struct virtio_iommu_req_map *map = request;
    const struct virtio_iommu_req_unmap *unmap = request;
    const struct ref_mapping mapping = {.first = map->virt_start,
                                        .last = map->virt_end,
                                        .physical = map->phys_start,
                                        .flags = map->flags};

    switch (attach->head.type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return ref_attach(tables, ref_find_endpoint(tables, attach->endpoint), attach->domain,
                          attach->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS);
    case VIRTIO_IOMMU_T_DETACH:
        ref_detach(tables, ref_find_endpoint(tables, attach->endpoint));
        return true;
    case VIRTIO_IOMMU_T_MAP:
        return ref_add_mapping(tables, ref_find_domain(tables, map->domain), &mapping);
    case VIRTIO_IOMMU_T_UNMAP:
        ref_remove_inside(tables, ref_find_domain(tables, unmap->domain), unmap->virt_start,
                          unmap->virt_end);
        return true;
    default:
        return true; /* PROBE */
    }
}

static uint8_t carry_out(struct ref_iommu *iommu, const void *request,
                         const struct ref_answer *answer)
{
    uint8_t status = answer->status ? answer->status : lacking(iommu, request);

    if (status == VIRTIO_IOMMU_S_OK && !mutate_effect(iommu, request) &&
        !take_effect(iommu, request))
        status = VIRTIO_IOMMU_S_NOMEM;
    mutate_state(iommu, request);
    return status ? mutate_refused(iommu, request, status) : status;
}

/* 5.13.6: the tail is the last of the writable bytes. */
static int64_t answer_with(struct ref_iommu *iommu, const struct ref_chain *chain, uint8_t type,
                           uint8_t status)
{
    uint8_t area[PROBE_MAX + TAIL_SIZE] = {0};
    uint64_t before = chain->writable_length - TAIL_SIZE;
    struct virtio_iommu_req_tail tail = {.status = status};

    if (MUTANT(TAIL_RESERVED_SET))
        tail.reserved[1] = 1;
    if (MUTANT(STATUS_UNDEFINED) && status)
        tail.status = status + 32;
    if (MUTANT(USED_LENGTH_ZERO) || (status && MUTANT(USED_LENGTH_ZERO_REFUSED)))
        return ref_chain_write(&iommu->virtio, chain, before, &tail, TAIL_SIZE) ? 0 : 0;
    if (MUTANT(PROBE_STATUS_FIRST) && type == VIRTIO_IOMMU_T_PROBE) {
        write_properties(iommu, area + TAIL_SIZE);
        memcpy(area, &tail, TAIL_SIZE);
        ref_chain_write(&iommu->virtio, chain, 0, area, TAIL_SIZE + (uint32_t)before);
        return (int64_t)chain->writable_length;
    }
    if (type == VIRTIO_IOMMU_T_PROBE &&
        (status == VIRTIO_IOMMU_S_OK || MUTANT(PROBE_SMALL_FILLED) || MUTANT(PROBE_DEVERR)))
        write_properties(iommu, area);
    for (uint64_t done = 0; done < before; done += PROBE_MAX) {
        uint32_t part = before - done < PROBE_MAX ? (uint32_t)(before - done) : PROBE_MAX;

        if (!ref_chain_write(&iommu->virtio, chain, done, area, part))
            return 0;
        memset(area, 0, PROBE_MAX);
    }
    if (!ref_chain_write(&iommu->virtio, chain, before, &tail,
                         MUTANT(TAIL_RESERVED_LEFT) ? 1 : TAIL_SIZE))
        return 0;
    if (MUTANT(USED_LENGTH_OF_ALL))
        return (int64_t)(chain->writable_length + chain->readable_length);
    if (MUTANT(PROBE_USED_LENGTH_4))
        return TAIL_SIZE;
    if (MUTANT(REPLY_OVERRUN) && chain->writable_count)
        ref_dma_direct(&iommu->virtio,
                       chain->writable[chain->writable_count - 1].address +
                           chain->writable[chain->writable_count - 1].length,
                       area, 1, true);
    return (int64_t)chain->writable_length;
}

int64_t ref_handle_request(struct ref_iommu *iommu, const struct ref_chain *chain)
{
    _Alignas(8) uint8_t request[READABLE_MAX] = {0};
    uint32_t length = ref_chain_read(&iommu->virtio, chain, 0, request, sizeof(request));

    ref_order_request(&iommu->virtio, request[0], chain, iommu->config.probe_size);
    if (length >= 8 && length < sizeof(request) && request[0] == VIRTIO_IOMMU_T_PROBE &&
        MUTANT(PROBE_OF_8_BYTES_TAKEN))
        length = sizeof(request);
    if (MUTANT(SHORT_REQUEST_TAKEN) && length >= 4)
        length = sizeof(request);
    if (MUTANT(SHORT_TAIL_WRITTEN) && chain->writable_length < TAIL_SIZE)
        ref_chain_write(&iommu->virtio, chain, 0, "\0", chain->writable_length ? 1 : 0);
    if (MUTANT(FRAME_WHOLE_DESCRIPTORS) && (chain->readable_count > 2 || chain->writable_count > 2))
        return 0;
    if (mutate_is_stuck(request[0]))
        ref_break(&iommu->virtio);
    mutate_late_detach(iommu, false);
    if (length >= 4)
        mutate_request(iommu, request);
    if (length > sizeof(request) || chain->writable_length < TAIL_SIZE)
        return 0;
    struct ref_answer answer = ref_answer_to(iommu, request, length);
    uint8_t type = request[0];

    mutate_answer(request, &answer);
    if (answer.is_unwritten && MUTANT(UNKNOWN_TYPE_UNSUPP))
        return answer_with(iommu, chain, type, VIRTIO_IOMMU_S_UNSUPP);
    if (answer.is_unwritten && MUTANT(UNKNOWN_TYPE_OK))
        return answer_with(iommu, chain, type, VIRTIO_IOMMU_S_OK);
    if (answer.is_unwritten && MUTANT(UNKNOWN_TYPE_LENGTH_4))
        return TAIL_SIZE;
    if (type == VIRTIO_IOMMU_T_PROBE && !ref_has(&iommu->virtio, VIRTIO_IOMMU_F_PROBE) &&
        (MUTANT(PROBE_UNOFFERED_UNSUPP) || MUTANT(PROBE_UNOFFERED_LENGTH_4)))
        return MUTANT(PROBE_UNOFFERED_LENGTH_4)
                   ? (int64_t)TAIL_SIZE
                   : answer_with(iommu, chain, type, VIRTIO_IOMMU_S_UNSUPP);
    if (answer.is_unwritten ||
        (type == VIRTIO_IOMMU_T_PROBE && !ref_has(&iommu->virtio, VIRTIO_IOMMU_F_PROBE)))
        return 0;
    int status = status_beforehand(iommu, type, chain->writable_length);

    if (status < 0)
        status = carry_out(iommu, request, &answer);
    if (MUTANT(BATCH_ERROR_STICKS) && iommu->sticky_since == iommu->virtio.processed)
        status = iommu->sticky ? iommu->sticky : status;
    iommu->sticky = status;
    iommu->sticky_since = iommu->virtio.processed;
    if (type == VIRTIO_IOMMU_T_PROBE)
        mutate_probe(iommu, request);
    if (MUTANT(PROBE_DETACHES) && type == VIRTIO_IOMMU_T_PROBE)
        ref_tables_reset(&iommu->tables);
    status = mutate_batched_status(iommu, request, (uint8_t)status);
    return mutate_batched_reply(iommu, chain, type,
                                answer_with(iommu, chain, type, (uint8_t)status));
}
