// SPDX-License-Identifier: BSD-2-Clause
/*
 * A cache of translations, as IOMMUs have it: an entry for each page, endpoint, domain and direction, of
 * which each request takes out what it changes. Every mutant forgets one of these things.
 */
#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/mutants/mutant.h"
#include "tests/refdev/mutants/mutate_translation.h"

#define ENTRIES 256

static struct entry {
    bool is_valid, is_write, is_denied;
    uint32_t endpoint, domain;
    uint64_t page, physical;
} entries[ENTRIES];

static unsigned next;

/* The rows of mutants.def from the first of these mutants to the last. */
static bool is_tlb(void)
{
    return ref_mutant >= MUTANT_TLB_UNMAP_FIRST_ONLY && ref_mutant <= MUTANT_TLB_KEEPS_DENIED_READS;
}

static bool is_tag(const struct entry *entry, uint64_t page)
{
    return MUTANT(TLB_OF_32_BITS)
               ? (uint32_t)(entry->page * MUTATED_PIECE) == (uint32_t)(page * MUTATED_PIECE)
               : entry->page == page;
}

static bool matches(const struct entry *entry, const struct ref_endpoint *endpoint, uint64_t page,
                    bool is_write)
{
    bool is_same_domain = endpoint->domain && entry->domain == endpoint->domain->id;
    bool is_same_endpoint = entry->endpoint == endpoint->id;

    if (!entry->is_valid || !is_tag(entry, page) || entry->is_write != is_write)
        return false;
    if (MUTANT(TLB_BYPASS_KEEPS))
        return is_same_endpoint && !endpoint->domain;
    if (MUTANT(TLB_WITHOUT_ENDPOINT))
        return endpoint->domain && !endpoint->domain->is_bypass;
    if (MUTANT(TLB_ATTACH_KEEPS))
        return is_same_endpoint && endpoint->domain;
    if (MUTANT(TLB_DETACH_KEEPS))
        return is_same_endpoint;
    if (MUTANT(TLB_DOMAIN_END_KEEPS))
        return is_same_domain;
    return is_same_endpoint && is_same_domain;
}

static struct entry *find(const struct ref_endpoint *endpoint, uint64_t page, bool is_write)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        if (matches(&entries[i], endpoint, page, is_write))
            return &entries[i];
    return NULL;
}

static void keep(const struct ref_endpoint *endpoint, uint64_t address, bool is_write,
                 const struct ref_route *to, const struct ref_piece *piece)
{
    bool keeps_denials = MUTANT(TLB_KEEPS_DENIALS) || (MUTANT(TLB_KEEPS_DENIED_READS) && !is_write);

    bool is_known = MUTANT(TLB_BYPASS_KEEPS) ? !endpoint->domain
                                             : endpoint->domain && !endpoint->domain->is_bypass;

    if (!is_known || (!to->is_allowed && !keeps_denials))
        return;
    entries[next++ % ENTRIES] = (struct entry){
        .is_valid = true,
        .is_write = is_write,
        .is_denied = !to->is_allowed,
        .endpoint = endpoint->id,
        .domain = endpoint->domain ? endpoint->domain->id : 0,
        .page = address / MUTATED_PIECE,
        .physical = to->is_allowed ? piece->address - address % MUTATED_PIECE : 0,
    };
}

/* Of accesses inside a page, which is as much as an entry is about. */
void mutate_tlb(const struct ref_endpoint *endpoint, uint64_t address, uint32_t length,
                bool is_write, struct ref_route *to, struct ref_piece *pieces)
{
    struct entry *entry;

    if (!is_tlb() || address % MUTATED_PIECE + length > MUTATED_PIECE)
        return;
    entry = find(endpoint, address / MUTATED_PIECE, is_write);
    if (!entry) {
        keep(endpoint, address, is_write, to, pieces);
    } else if (entry->is_denied) {
        *to = (struct ref_route){.reason = VIRTIO_IOMMU_FAULT_R_MAPPING, .address = address};
    } else {
        *to = (struct ref_route){.is_allowed = true, .count = 1};
        *pieces = (struct ref_piece){entry->physical + address % MUTATED_PIECE, length};
    }
}

static void take_unmapped(const struct virtio_iommu_req_unmap *request)
{
    uint64_t first = request->virt_start / MUTATED_PIECE, last = request->virt_end / MUTATED_PIECE;

    if (MUTANT(TLB_UNMAP_FIRST_ONLY))
        last = first;
    for (unsigned i = 0; i < ENTRIES; i++)
        if (entries[i].domain == request->domain && entries[i].page >= first &&
            entries[i].page <= last && !(MUTANT(TLB_UNMAP_KEEPS_READS) && !entries[i].is_write) &&
            !(MUTANT(TLB_UNMAP_KEEPS_WRITES) && entries[i].is_write))
            entries[i].is_valid = false;
}

/* The other mutants are about what is to be taken here. */
static void take_of_endpoint(uint32_t endpoint)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        if (entries[i].endpoint == endpoint)
            entries[i].is_valid = false;
}

void mutate_tlb_by(const void *request)
{
    const struct virtio_iommu_req_attach *head = request; /* as DETACH begins, too */

    if (!is_tlb())
        return;
    switch (head->head.type) {
    case VIRTIO_IOMMU_T_UNMAP:
        take_unmapped(request);
        return;
    case VIRTIO_IOMMU_T_ATTACH:
        if (!MUTANT(TLB_ATTACH_KEEPS) && !MUTANT(TLB_DETACH_KEEPS) && !MUTANT(TLB_DOMAIN_END_KEEPS))
            take_of_endpoint(head->endpoint);
        return;
    case VIRTIO_IOMMU_T_DETACH:
        if (!MUTANT(TLB_DETACH_KEEPS) && !MUTANT(TLB_DOMAIN_END_KEEPS))
            take_of_endpoint(head->endpoint);
        return;
    default:
        return;
    }
}

void mutate_tlb_reset(void)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        entries[i].is_valid = false;
}
