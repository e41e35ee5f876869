// SPDX-License-Identifier: BSD-2-Clause
/* Mutants of accesses, of the configuration, of properties and of fault reports. */
#include <string.h>

#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"
#include "tests/refdev/mutants/mutate_translation.h"

#define PAGE   4096u
#define PADDED 32u /* bytes for a property of 24 */

static void allow(struct ref_route *to, struct ref_piece *piece, uint64_t address, uint32_t length)
{
    *to = (struct ref_route){.is_allowed = true, .count = 1};
    *piece = (struct ref_piece){address, length};
}

static void deny(struct ref_route *to, uint8_t reason, uint64_t address)
{
    *to = (struct ref_route){.reason = reason, .address = address};
}

/* Mutants of bypass mode: an endpoint that is not attached, or is in a bypass domain. */
static void mutate_bypass(const struct ref_iommu *iommu, const struct ref_endpoint *endpoint,
                          uint64_t address, uint32_t length, bool is_write, struct ref_route *to,
                          struct ref_piece *pieces)
{
    const struct ref_domain *domain = endpoint->domain;
    bool unattached = !domain, in_bypass_domain = domain && domain->is_bypass;
    bool negotiated = ref_negotiates(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG);

    if (unattached && (MUTANT(BYPASS_NEVER) || MUTANT(OLD_BYPASS_MISSING) ||
                       (MUTANT(BYPASS_NEEDS_THE_FEATURE) && !negotiated) ||
                       (MUTANT(BYPASS_ENDS_WITH_ATTACH) && iommu->was_attached)))
        deny(to, VIRTIO_IOMMU_FAULT_R_DOMAIN, address);
    if (unattached && (MUTANT(BYPASS_ALWAYS) || MUTANT(OLD_BYPASS_UNASKED) ||
                       MUTANT(BYPASS_UNOFFERED) || (MUTANT(BYPASS_READS) && !is_write)))
        allow(to, pieces, address, length);
    if (domain && !in_bypass_domain && iommu->bypass && !to->is_allowed &&
        MUTANT(BYPASS_ATTACHED_TOO))
        allow(to, pieces, address, length);
    if (domain && MUTANT(IDENTITY_WHERE_UNMAPPED) && !to->is_allowed)
        allow(to, pieces, address, length);
    if (in_bypass_domain && (MUTANT(BYPASS_DOMAIN_BLOCKS) ||
                             (MUTANT(BYPASS_DOMAIN_FIRST_ONLY) && endpoint->id != 0x20) ||
                             (MUTANT(BYPASS_DOMAIN_READ_ONLY) && is_write)))
        deny(to, VIRTIO_IOMMU_FAULT_R_MAPPING, address);
    if ((in_bypass_domain || unattached) && to->is_allowed && !is_write &&
        MUTANT(BYPASS_NO_READS) && length >= 256)
        deny(to, VIRTIO_IOMMU_FAULT_R_MAPPING, address);
    if ((in_bypass_domain || unattached) && to->is_allowed && is_write && length >= 256 &&
        MUTANT(BYPASS_PAGE_OFF))
        pieces[0].address += PAGE;
}

/* One entry of a stale cache: the last long transfer that was allowed. */
static struct {
    uint32_t endpoint, domain;
    uint64_t address, physical;
    uint32_t length;
} kept;

void mutate_forget(void)
{
    kept.length = 0;
    mutate_tlb_reset();
}

/* Translations that outlive what made them. */
static void mutate_cached(const struct ref_endpoint *endpoint, uint64_t address, uint32_t length,
                          struct ref_route *to, struct ref_piece *pieces)
{
    bool by_domain = MUTANT(ATTACH_MOVE_CACHED);

    if (!MUTANT(UNMAP_CACHED) && !MUTANT(UNMAP_CACHED_OVER_NEW_MAP) && !by_domain)
        return;
    bool hit = kept.length && kept.endpoint == endpoint->id && kept.address == address &&
               length <= kept.length;
    bool is_other = endpoint->domain && kept.length && kept.domain != endpoint->domain->id;

    if (by_domain && !is_other)
        hit = false;
    if (hit && (!to->is_allowed || MUTANT(UNMAP_CACHED_OVER_NEW_MAP)))
        allow(to, pieces, kept.physical, length);
    else if (to->is_allowed && to->count == 1 && length >= 256 && pieces[0].address != address &&
             endpoint->domain && !(by_domain && is_other)) {
        kept.endpoint = endpoint->id;
        kept.domain = endpoint->domain->id;
        kept.address = address;
        kept.physical = pieces[0].address;
        kept.length = length;
    }
}

/* For a device that keeps one table of mappings for all domains. */
static bool is_in_any_domain(const struct ref_tables *tables, uint64_t address, uint64_t *physical)
{
    for (unsigned i = 0; i < REF_DOMAINS; i++) {
        const struct ref_domain *domain = &tables->domains[i];
        const struct ref_mapping *mapping = domain->exists && !domain->is_bypass
                                                ? ref_find_mapping(domain, address, address)
                                                : NULL;

        if (mapping) {
            *physical = mapping->physical + (address - mapping->first);
            return true;
        }
    }
    return false;
}

/* Mutants of translation through mappings. */
static void mutate_mapped(const struct ref_iommu *iommu, const struct ref_endpoint *endpoint,
                          uint64_t address, uint32_t length, bool is_write, struct ref_route *to,
                          struct ref_piece *pieces)
{
    const struct ref_domain *domain = endpoint->domain;
    uint64_t physical;

    if (MUTANT(DOMAINS_SHARE_MAPPINGS) && domain && !to->is_allowed &&
        is_in_any_domain(&iommu->tables, address, &physical))
        allow(to, pieces, physical, length);
    if (MUTANT(CROSSING_IS_DENIED) && to->count > 1)
        deny(to, VIRTIO_IOMMU_FAULT_R_MAPPING, address);
    if ((MUTANT(CROSSING_GOES_ON_LINEARLY) ||
         (MUTANT(CROSSING_GOES_ON_LINEARLY_READS) && !is_write)) &&
        to->is_allowed && to->count > 1)
        allow(to, pieces, pieces[0].address, length);
    if (MUTANT(PERMISSIONS_IGNORED) && domain && !to->is_allowed) {
        const struct ref_mapping *mapping = ref_find_mapping(domain, address, address);

        if (mapping)
            allow(to, pieces, mapping->physical + (address - mapping->first), length);
    }
    if (MUTANT(PAGE_OFFSET_LOST) && to->is_allowed && domain && is_write && length >= 256)
        pieces[0].address &= ~(uint64_t)(PAGE - 1);
    if ((MUTANT(START_DECIDES) || (MUTANT(START_DECIDES_READS) && !is_write)) && domain &&
        !to->is_allowed && to->count)
        allow(to, pieces, pieces[0].address, length);
}

void mutate_translation(struct ref_iommu *iommu, uint32_t id, uint64_t address, uint32_t length,
                        bool is_write, struct ref_route *to, struct ref_piece *pieces)
{
    const struct ref_endpoint *endpoint = ref_find_endpoint(&iommu->tables, id);

    if (!ref_mutant || !endpoint)
        return;
    const struct ref_endpoint *other = ref_find_endpoint(&iommu->tables, id == 0x20   ? 0x28
                                                                         : id == 0x28 ? 0x20
                                                                                      : id);

    if (other && other != endpoint && MUTANT(ENDPOINTS_MIXED_UP)) {
        endpoint = other;
        *to = ref_route_of(iommu, endpoint->id, address, length, is_write, pieces);
    }
    if (id == 0x28 && MUTANT(ENDPOINT_ESCAPES))
        allow(to, pieces, address, length);
    if (MUTANT(ADDRESS_40_BITS) && endpoint->domain && !endpoint->domain->is_bypass)
        *to = ref_route_of(iommu, id, address & ((1ull << 40) - 1), length, is_write, pieces);
    if (MUTANT(ADDRESS_SIGN_EXTENDED) && endpoint->domain && !endpoint->domain->is_bypass &&
        address >> 47 & 1)
        deny(to, VIRTIO_IOMMU_FAULT_R_MAPPING, address);
    mutate_bypass(iommu, endpoint, address, length, is_write, to, pieces);
    mutate_mapped(iommu, endpoint, address, length, is_write, to, pieces);
    mutate_cached(endpoint, address, length, to, pieces);
    mutate_views(iommu, endpoint, address, length, is_write, to, pieces);
    mutate_tlb(endpoint, address, length, is_write, to, pieces);
}

bool mutate_message(struct ref_iommu *iommu, uint32_t id)
{
    const struct ref_endpoint *endpoint = ref_find_endpoint(&iommu->tables, id);

    if (!endpoint)
        return false;
    return endpoint->domain ? MUTANT(RESV_MSI_BLOCKED) : MUTANT(BYPASS_MESSAGES_BLOCKED);
}

uint64_t mutate_size(uint64_t size, bool is_write)
{
    if (size > 2048 && MUTANT(LONG_TRANSFERS_CUT))
        return 2048;
    if (size > 4 && size % 4 && MUTANT(ODD_BYTES_LOST))
        return size & -4ull;
    if (size > 128 && size % 4 && !is_write && MUTANT(ODD_BYTES_LOST_READS))
        return size & -4ull;
    return size;
}

/* -- configuration, properties, fault reports ----------------------------------------------- */

void mutate_fault(struct virtio_iommu_fault *fault)
{
    uint32_t direction = VIRTIO_IOMMU_FAULT_F_READ | VIRTIO_IOMMU_FAULT_F_WRITE;

    if (MUTANT(FAULT_REASON_DOMAIN))
        fault->reason = VIRTIO_IOMMU_FAULT_R_DOMAIN;
    if (MUTANT(FAULT_REASON_MAPPING))
        fault->reason = VIRTIO_IOMMU_FAULT_R_MAPPING;
    if (MUTANT(FAULT_REASON_UNDEFINED))
        fault->reason = 7;
    if (MUTANT(FAULT_DIRECTION_SWAPPED))
        fault->flags ^= direction;
    if (MUTANT(FAULT_FLAG_2_SET))
        fault->flags |= 4;
    if (MUTANT(FAULT_ADDRESS_ZERO))
        fault->address = 0;
    if (MUTANT(FAULT_ADDRESS_OF_NEXT_PAGE))
        fault->address = (fault->address | (PAGE - 1)) + 1;
    if (MUTANT(FAULT_ENDPOINT_ZERO))
        fault->endpoint = 0;
    if (MUTANT(FAULT_RESERVED_SET))
        fault->reserved[2] = 1;
    if (MUTANT(FAULT_RESERVED1_SET))
        fault->reserved1 = 1;
    if (MUTANT(FAULT_ADDRESS_AT_16)) {
        fault->reserved1 = (uint32_t)fault->address;
        fault->address >>= 32;
    }
}

void mutate_config(const struct ref_iommu *iommu, struct virtio_iommu_config *fields)
{
    bool is_settled = iommu->virtio.status & 8;

    if (MUTANT(CONFIG_MASK_ZERO))
        fields->page_size_mask = 0;
    if (MUTANT(CONFIG_MASK_OF_FEATURES) && is_settled && !(iommu->virtio.driver_features & 0xff))
        fields->page_size_mask = 0;
    if (MUTANT(CONFIG_AFTER_FEATURES_OK) && !is_settled)
        memset(fields, 0, sizeof(*fields));
    if (MUTANT(CONFIG_RANGE_AFTER_FEATURES_OK) && !is_settled)
        memset(&fields->input_range, 0, sizeof(fields->input_range));
    if (MUTANT(CONFIG_BIG_ENDIAN) || MUTANT(CONFIG_BIG_ENDIAN_LARGE))
        fields->page_size_mask = __builtin_bswap64(fields->page_size_mask);
    if (MUTANT(CONFIG_DOMAINS_IN_BITS))
        fields->domain_range.end = 32;
    if (MUTANT(CONFIG_INPUT_INVERTED))
        fields->input_range.start = fields->input_range.end + 1;
    if (MUTANT(CONFIG_DOMAINS_INVERTED))
        fields->domain_range.start = fields->domain_range.end + 1;
    if (MUTANT(CONFIG_CHANGES) || MUTANT(MMIO_CONFIG_CHANGES))
        fields->probe_size += ref_look() % 8;
    if (MUTANT(BYPASS_ANY_VALUE) && iommu->odd_bypass > 1)
        fields->bypass = iommu->odd_bypass;
    if (MUTANT(BYPASS_READS_INVERTED))
        fields->bypass ^= 1;
}

static void put_property(uint8_t *area, uint32_t at,
                         const struct virtio_iommu_probe_resv_mem *value)
{
    memcpy(area + at, value, sizeof(*value));
}

static bool is_any_attached(const struct ref_tables *tables)
{
    for (unsigned i = 0; i < tables->endpoint_count; i++)
        if (tables->endpoints[i].domain)
            return true;
    return false;
}

void mutate_properties(const struct ref_iommu *iommu, uint8_t *area, uint32_t size)
{
    struct virtio_iommu_probe_resv_mem first;
    uint32_t second = (uint32_t)sizeof(first);

    if (!ref_mutant || size < 2 * sizeof(first))
        return;
    memcpy(&first, area, sizeof(first));
    if (MUTANT(PROBE_TYPE_RESERVED_SET))
        area[1] |= 0x10;
    if (MUTANT(PROBE_LENGTH_WITH_HEADER))
        area[2] += 4;
    if (MUTANT(PROBE_LENGTH_BEYOND))
        area[3] = 0x10;
    if (MUTANT(PROBE_TYPES_END_LATE))
        area[second] = 1, area[second + 2] = 0xff, area[second + 3] = 0xff;
    for (uint32_t i = iommu->config.region_count - 1; MUTANT(PROBE_PADDED) && i; i--) {
        memmove(area + i * PADDED, area + i * sizeof(first), sizeof(first));
        memset(area + (i - 1) * PADDED + sizeof(first), 0, PADDED - sizeof(first));
    }
    if (MUTANT(PROBE_JUNK_BEHIND))
        area[size - 1] = 0xa5;
    if (MUTANT(PROBE_CHANGES_WHEN_ATTACHED) && is_any_attached(&iommu->tables))
        memset(area, 0, sizeof(first));
    if (MUTANT(RESV_RESERVED_SET))
        first.reserved[1] = 1;
    if (MUTANT(RESV_SUBTYPE_2))
        first.subtype = 2;
    if (MUTANT(RESV_INVERTED))
        first.start = first.end + 1;
    if (MUTANT(RESV_END_EXCLUSIVE))
        first.end++;
    if (MUTANT(RESV_END_IS_A_LENGTH))
        first.end -= first.start;
    if (MUTANT(RESV_RESERVED_SET) || MUTANT(RESV_SUBTYPE_2) || MUTANT(RESV_INVERTED) ||
        MUTANT(RESV_END_EXCLUSIVE) || MUTANT(RESV_END_IS_A_LENGTH))
        put_property(area, 0, &first);
    if (MUTANT(RESV_OVERLAP)) {
        first.subtype = VIRTIO_IOMMU_RESV_MEM_T_RESERVED;
        put_property(area, second, &first);
    }
    if (MUTANT(RESV_TWO_MSI)) {
        first.start += 0x100000;
        first.end += 0x100000;
        put_property(area, second, &first);
    }
}
