// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/device/rules.h"

#include <stddef.h>

#include "tests/refdev/device/iommu_parts.h"

#define KNOWN_FLAGS (VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE | VIRTIO_IOMMU_MAP_F_MMIO)

#define ANSWER(name, for_clause)                                                                   \
    ((struct ref_answer){.status = VIRTIO_IOMMU_S_##name, .clause = (for_clause)})

static bool is_zero(const uint8_t *bytes, size_t count)
{
    uint8_t all = 0;

    while (count--)
        all |= *bytes++;
    return !all;
}

/* -- ranges: without its feature a range is everything (5.13.6) ----------------------------- */

static bool has_range(const struct ref_iommu *iommu, unsigned feature)
{
    return iommu->config.features >> feature & 1;
}

static bool is_usable_domain(const struct ref_iommu *iommu, uint32_t id)
{
    return !has_range(iommu, VIRTIO_IOMMU_F_DOMAIN_RANGE) ||
           (iommu->config.domain_first <= id && id <= iommu->config.domain_last);
}

static bool is_input(const struct ref_iommu *iommu, uint64_t first, uint64_t last)
{
    return !has_range(iommu, VIRTIO_IOMMU_F_INPUT_RANGE) ||
           (iommu->config.input_first <= first && last <= iommu->config.input_last);
}

static bool is_reserved(const struct ref_iommu *iommu, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < iommu->config.region_count; i++)
        if (iommu->config.regions[i].first <= last && first <= iommu->config.regions[i].last)
            return true;
    return false;
}

/* -- a function for each type of request ---------------------------------------------------- */

/* 5.13.6.3 */
static struct ref_answer answer_attach(struct ref_iommu *iommu,
                                       const struct virtio_iommu_req_attach *request)
{
    const struct ref_endpoint *endpoint = ref_find_endpoint(&iommu->tables, request->endpoint);
    const struct ref_domain *domain = ref_find_domain(&iommu->tables, request->domain);
    bool is_bypass = request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;
    uint32_t known =
        ref_negotiates(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG) ? VIRTIO_IOMMU_ATTACH_F_BYPASS : 0;

    if (request->flags & ~known)
        return ANSWER(INVAL, IOMMU_ATTACH_D04);
    if (!is_zero(request->reserved, sizeof(request->reserved)))
        return ANSWER(INVAL, IOMMU_ATTACH_D02);
    if (!is_usable_domain(iommu, request->domain))
        return ANSWER(RANGE, IOMMU_CFG_P06);
    if (!endpoint)
        return ANSWER(NOENT, IOMMU_ATTACH_D06);
    if (domain && domain->is_bypass != is_bypass)
        return ANSWER(INVAL, IOMMU_ATTACH_D11);
    if (endpoint->domain)
        return ANSWER(OK, endpoint->domain == domain ? IOMMU_ATTACH_P07 : IOMMU_ATTACH_D12);
    return ANSWER(OK, domain ? IOMMU_ATTACH_D16 : IOMMU_ATTACH_P01);
}

/* 5.13.6.4 */
static struct ref_answer answer_detach(struct ref_iommu *iommu,
                                       const struct virtio_iommu_req_detach *request)
{
    const struct ref_endpoint *endpoint = ref_find_endpoint(&iommu->tables, request->endpoint);

    if (!endpoint)
        return ANSWER(NOENT, IOMMU_DETACH_D03);
    if (endpoint->domain && endpoint->domain->id == request->domain)
        return ANSWER(OK, IOMMU_DETACH_P01);
    return ANSWER(INVAL, ref_find_domain(&iommu->tables, request->domain) ? IOMMU_DETACH_D05
                                                                          : IOMMU_DETACH_D04);
}

/* 5.13.6.5 */
static struct ref_answer answer_map(struct ref_iommu *iommu,
                                    const struct virtio_iommu_req_map *request)
{
    const struct ref_domain *domain = ref_find_domain(&iommu->tables, request->domain);
    uint64_t first = request->virt_start, last = request->virt_end;
    uint64_t within = ref_granule(iommu) - 1; /* bits of an address in its granule */
    uint32_t known = KNOWN_FLAGS;

    if (!ref_negotiates(iommu, VIRTIO_IOMMU_F_MMIO))
        known &= ~(uint32_t)VIRTIO_IOMMU_MAP_F_MMIO;
    if (!domain)
        return ANSWER(NOENT, IOMMU_MAP_D12);
    if (domain->is_bypass)
        return ANSWER(INVAL, IOMMU_MAP_D14);
    if (first > last)
        return ANSWER(INVAL, IOMMU_MAP_P02);
    if (first & within)
        return ANSWER(RANGE, IOMMU_MAP_D02);
    if ((last & within) != within)
        return ANSWER(RANGE, IOMMU_MAP_D06);
    if (request->phys_start & within)
        return ANSWER(RANGE, IOMMU_MAP_D04);
    if (!is_input(iommu, first, last))
        return ANSWER(RANGE, IOMMU_CFG_P08);
    if (is_reserved(iommu, first, last))
        return ANSWER(INVAL, IOMMU_RESV_D04);
    if (request->flags & ~known)
        return ANSWER(INVAL, IOMMU_MAP_D10);
    if (ref_find_mapping(domain, first, last))
        return ANSWER(INVAL, IOMMU_MAP_D08);
    return ANSWER(OK, IOMMU_MAP_P01);
}

/* How many bytes of [first, last] are mapped, modulo 2^64. */
static uint64_t mapped_bytes(const struct ref_domain *domain, uint64_t first, uint64_t last)
{
    uint64_t bytes = 0;

    for (const struct ref_mapping *it = domain->mappings; it; it = it->next)
        if (it->first >= first && it->last <= last)
            bytes += it->last - it->first + 1;
    return bytes;
}

/* 5.13.6.6. The reserved bytes MAY be looked at; here they are not. */
static struct ref_answer answer_unmap(struct ref_iommu *iommu,
                                      const struct virtio_iommu_req_unmap *request)
{
    const struct ref_domain *domain = ref_find_domain(&iommu->tables, request->domain);
    uint64_t first = request->virt_start, last = request->virt_end;

    if (!domain)
        return ANSWER(NOENT, IOMMU_UNMAP_D03);
    if (domain->is_bypass)
        return ANSWER(INVAL, IOMMU_UNMAP_D05);
    if (first > last)
        return ANSWER(INVAL, IOMMU_UNMAP_P02);
    if (ref_is_split(domain, first, last))
        return ANSWER(RANGE, IOMMU_UNMAP_D06);
    if (domain->mappings && mapped_bytes(domain, first, last) == last - first + 1)
        return ANSWER(OK, IOMMU_UNMAP_P05);
    return ANSWER(OK, IOMMU_UNMAP_D09);
}

/* 5.13.6.7 */
static struct ref_answer answer_probe(struct ref_iommu *iommu,
                                      const struct virtio_iommu_req_probe *request)
{
    return ref_find_endpoint(&iommu->tables, request->endpoint) ? ANSWER(OK, IOMMU_OP_D01)
                                                                : ANSWER(NOENT, IOMMU_PROBE_D03);
}

struct ref_answer ref_answer_to(struct ref_iommu *iommu, const void *request, size_t length)
{
    const struct virtio_iommu_req_head *head = request;
    const struct ref_answer unwritten = {.clause = IOMMU_OP_P03, .is_unwritten = true};
    const struct ref_answer unknown = {.clause = IOMMU_OP_D02, .is_unwritten = true};

    if (length < sizeof(*head))
        return unwritten;
    switch (head->type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return length < sizeof(struct virtio_iommu_req_attach) ? unwritten
                                                               : answer_attach(iommu, request);
    case VIRTIO_IOMMU_T_DETACH:
        return length < sizeof(struct virtio_iommu_req_detach) ? unwritten
                                                               : answer_detach(iommu, request);
    case VIRTIO_IOMMU_T_MAP:
        return length < sizeof(struct virtio_iommu_req_map) ? unwritten
                                                            : answer_map(iommu, request);
    case VIRTIO_IOMMU_T_UNMAP:
        return length < sizeof(struct virtio_iommu_req_unmap) ? unwritten
                                                              : answer_unmap(iommu, request);
    case VIRTIO_IOMMU_T_PROBE:
        return length < sizeof(struct virtio_iommu_req_probe) ? unwritten
                                                              : answer_probe(iommu, request);
    default:
        return unknown;
    }
}

/* -- accesses ------------------------------------------------------------------------------- */

static struct ref_route denied(uint8_t reason, uint64_t address, unsigned count)
{
    return (struct ref_route){.reason = reason, .address = address, .count = count};
}

struct ref_route ref_route_of(struct ref_iommu *iommu, uint32_t id, uint64_t address,
                              uint64_t length, bool is_write, struct ref_piece *pieces)
{
    const struct ref_endpoint *endpoint = ref_find_endpoint(&iommu->tables, id);
    uint32_t needed = is_write ? VIRTIO_IOMMU_MAP_F_WRITE : VIRTIO_IOMMU_MAP_F_READ;
    unsigned count = 0;

    if (!endpoint)
        return denied(VIRTIO_IOMMU_FAULT_R_UNKNOWN, address, 0);
    /* A transfer does not wrap around. */
    if (address + length < address && address + length)
        return denied(VIRTIO_IOMMU_FAULT_R_MAPPING, address, 0);
    if (endpoint->domain ? endpoint->domain->is_bypass : iommu->bypass) {
        pieces[0] = (struct ref_piece){address, length};
        return (struct ref_route){.is_allowed = true, .count = 1};
    }
    if (!endpoint->domain)
        return denied(VIRTIO_IOMMU_FAULT_R_DOMAIN, address, 0);
    while (length) {
        const struct ref_mapping *mapping = ref_find_mapping(endpoint->domain, address, address);

        if (!mapping || !(mapping->flags & needed) || count == REF_PIECES_MAX)
            return denied(VIRTIO_IOMMU_FAULT_R_MAPPING, address, count);

        uint64_t into = address - mapping->first, behind = mapping->last - address;
        uint64_t part = length - 1 < behind ? length : behind + 1;

        pieces[count++] = (struct ref_piece){mapping->physical + into, part};
        address += part;
        length -= part;
    }
    return (struct ref_route){.is_allowed = true, .count = count};
}
