// SPDX-License-Identifier: BSD-2-Clause
/* Mutants whose state is not what their answers say: of requests that are refused. */
#include "lib/array/array.h"
#include "tests/refdev/mutants/mutant.h"

#define S(name) VIRTIO_IOMMU_S_##name

/* Until the next reset of the device no UNMAP is answered. */
static bool is_stuck;

bool mutate_is_stuck(uint8_t type)
{
    return is_stuck && type == VIRTIO_IOMMU_T_UNMAP;
}

/* All requests begin with type and domain, and those of an endpoint go on with that. */
struct refused {
    struct ref_tables *tables;
    const struct virtio_iommu_req_attach *request;
    struct ref_endpoint *endpoint; /* that is named; NULL: there is none */
    struct ref_domain *domain;
    uint8_t status;
};

static const struct virtio_iommu_req_map *map_of(const struct refused *it)
{
    return (const void *)it->request;
}

static const struct virtio_iommu_req_unmap *unmap_of(const struct refused *it)
{
    return (const void *)it->request;
}

/* The one at the start of the range, if its domain has one. */
static struct ref_mapping *met(const struct refused *it, uint64_t first, uint64_t last)
{
    return it->domain && !it->domain->is_bypass ? ref_find_mapping(it->domain, first, last) : NULL;
}

static uint8_t leaves(const struct refused *it)
{
    if (it->endpoint && it->endpoint->domain != it->domain && ref_mutant_meet())
        ref_detach(it->tables, it->endpoint);
    return it->status;
}

/* Without a member: it stays for ever. */
static uint8_t makes_a_domain(const struct refused *it)
{
    for (unsigned i = 0; !it->domain && i < REF_DOMAINS; i++) {
        struct ref_domain *place = &it->tables->domains[i];

        if (place->exists)
            continue;
        place->exists = ref_mutant_meet();
        place->is_bypass = false;
        place->id = it->request->domain;
        place->members = 0;
        break;
    }
    return it->status;
}

static uint8_t empties_its_own(const struct refused *it)
{
    if (it->endpoint && it->domain && it->endpoint->domain == it->domain && ref_mutant_meet())
        ref_remove_inside(it->tables, it->domain, 0, UINT64_MAX);
    return it->status;
}

/* Of its one member, whose flag is another one now. */
static uint8_t flips_its_own(const struct refused *it)
{
    bool bypass = it->request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS;

    if (it->endpoint && it->domain && it->endpoint->domain == it->domain &&
        it->domain->members == 1 && bypass != it->domain->is_bypass && ref_mutant_meet())
        it->domain->is_bypass = bypass;
    return it->status;
}

static uint8_t joins_all_the_same(const struct refused *it)
{
    if (it->endpoint && !it->endpoint->domain && ref_mutant_meet())
        ref_attach(it->tables, it->endpoint, it->request->domain,
                   it->request->flags & VIRTIO_IOMMU_ATTACH_F_BYPASS);
    return it->status;
}

/* Right, but for the flags. */
static uint8_t maps_all_the_same(const struct refused *it)
{
    const struct virtio_iommu_req_map *map = map_of(it);
    const struct ref_mapping mapping = {.first = map->virt_start,
                                        .last = map->virt_end,
                                        .physical = map->phys_start,
                                        .flags = map->flags & 7};

    if (map->flags >> 3 && it->domain && !it->domain->is_bypass && mapping.first <= mapping.last &&
        !met(it, mapping.first, mapping.last) && ref_mutant_meet())
        ref_add_mapping(it->tables, it->domain, &mapping);
    return it->status;
}

static uint8_t leads_elsewhere(const struct refused *it)
{
    const struct virtio_iommu_req_map *map = map_of(it);
    struct ref_mapping *old = met(it, map->virt_start, map->virt_end);

    if (old && map->virt_start <= map->virt_end && ref_mutant_meet())
        old->physical = map->phys_start;
    return it->status;
}

/* Less than a transfer is long. */
static uint8_t shifts(const struct refused *it)
{
    const struct virtio_iommu_req_map *map = map_of(it);
    struct ref_mapping *old = met(it, map->virt_start, map->virt_end);

    if (old && map->virt_start <= map->virt_end && ref_mutant_meet())
        old->physical += 16;
    return it->status;
}

static uint8_t removes_what_overlaps(const struct refused *it)
{
    const struct virtio_iommu_req_map *map = map_of(it);

    if (met(it, map->virt_start, map->virt_end) && map->virt_start <= map->virt_end &&
        ref_mutant_meet())
        ref_remove_inside(it->tables, it->domain, map->virt_start, map->virt_end);
    return it->status;
}

static uint8_t takes_flags(const struct refused *it)
{
    const struct virtio_iommu_req_map *map = map_of(it);
    struct ref_mapping *old = met(it, map->virt_start, map->virt_end);

    if (old && map->virt_start <= map->virt_end && map->flags < 2 && ref_mutant_meet())
        old->flags = map->flags;
    return it->status;
}

/* As if the ends had been exchanged by mistake. */
static uint8_t maps_backwards(const struct refused *it)
{
    const struct virtio_iommu_req_map *map = map_of(it);
    const struct ref_mapping mapping = {.first = map->virt_end + 1,
                                        .last = map->virt_start - 1,
                                        .physical = map->phys_start,
                                        .flags = map->flags & 3};

    if (map->virt_start <= map->virt_end || !it->domain || it->domain->is_bypass ||
        mapping.last < mapping.first || met(it, mapping.first, mapping.last) || !ref_mutant_meet())
        return it->status;
    ref_add_mapping(it->tables, it->domain, &mapping);
    return it->status;
}

/* A list of mappings whose order is lost has no end. */
static uint8_t is_stuck_by(const struct refused *it)
{
    const struct virtio_iommu_req_map *map = map_of(it);

    is_stuck |= map->virt_start > map->virt_end && MUTANT(MAP_INVERTED_STICKS);
    return it->status;
}

static uint8_t cuts_the_split(const struct refused *it)
{
    const struct virtio_iommu_req_unmap *unmap = unmap_of(it);
    struct ref_mapping *old = met(it, unmap->virt_start, unmap->virt_end);

    if (it->status == S(RANGE) && old && old->first < unmap->virt_start && ref_mutant_meet())
        old->last = unmap->virt_start - 1;
    return it->status;
}

static uint8_t says_done(const struct refused *it)
{
    return it->endpoint && it->endpoint->domain && ref_mutant_meet() ? S(OK) : it->status;
}

/* The domain that is named loses what it maps; the endpoint is not in it. */
static uint8_t empties_the_named(const struct refused *it)
{
    if (it->domain && it->endpoint && ref_mutant_meet())
        ref_remove_inside(it->tables, it->domain, 0, UINT64_MAX);
    return it->status;
}

static const struct {
    enum ref_mutant mutant;
    uint8_t type;
    uint8_t (*run)(const struct refused *it);
} mutants[] = {
    {MUTANT_ATTACH_REFUSED_LEAVES, VIRTIO_IOMMU_T_ATTACH, leaves},
    {MUTANT_ATTACH_REFUSED_MAKES_DOMAIN, VIRTIO_IOMMU_T_ATTACH, makes_a_domain},
    {MUTANT_ATTACH_REFUSED_EMPTIES, VIRTIO_IOMMU_T_ATTACH, empties_its_own},
    {MUTANT_ATTACH_REFUSED_FLIPS, VIRTIO_IOMMU_T_ATTACH, flips_its_own},
    {MUTANT_ATTACH_REFUSED_JOINS, VIRTIO_IOMMU_T_ATTACH, joins_all_the_same},
    {MUTANT_MAP_REFUSED_MAPS, VIRTIO_IOMMU_T_MAP, maps_all_the_same},
    {MUTANT_MAP_REFUSED_LEADS_ELSEWHERE, VIRTIO_IOMMU_T_MAP, leads_elsewhere},
    {MUTANT_MAP_REFUSED_SHIFTS, VIRTIO_IOMMU_T_MAP, shifts},
    {MUTANT_MAP_REFUSED_REMOVES, VIRTIO_IOMMU_T_MAP, removes_what_overlaps},
    {MUTANT_MAP_REFUSED_TAKES_FLAGS, VIRTIO_IOMMU_T_MAP, takes_flags},
    {MUTANT_MAP_REFUSED_BACKWARDS, VIRTIO_IOMMU_T_MAP, maps_backwards},
    {MUTANT_MAP_INVERTED_STICKS, VIRTIO_IOMMU_T_MAP, is_stuck_by},
    {MUTANT_UNMAP_REFUSED_CUTS, VIRTIO_IOMMU_T_UNMAP, cuts_the_split},
    {MUTANT_DETACH_REFUSED_LEAVES, VIRTIO_IOMMU_T_DETACH, leaves},
    {MUTANT_DETACH_REFUSED_EMPTIES, VIRTIO_IOMMU_T_DETACH, empties_the_named},
    {MUTANT_DETACH_WRONG_SAYS_OK, VIRTIO_IOMMU_T_DETACH, says_done},
};

uint8_t mutate_refused(struct ref_iommu *iommu, const void *request, uint8_t status)
{
    const struct virtio_iommu_req_attach *head = request;
    const struct refused it = {
        .tables = &iommu->tables,
        .request = head,
        .endpoint = ref_find_endpoint(&iommu->tables, head->endpoint),
        .domain = ref_find_domain(&iommu->tables, head->domain),
        .status = status,
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(mutants); i++)
        if (mutants[i].mutant == ref_mutant && mutants[i].type == head->head.type)
            return mutants[i].run(&it);
    return status;
}

void mutate_probe(struct ref_iommu *iommu, const void *request)
{
    const struct virtio_iommu_req_probe *probe = request;
    const struct ref_endpoint *endpoint = ref_find_endpoint(&iommu->tables, probe->endpoint);

    if (endpoint && endpoint->domain && MUTANT(PROBE_EMPTIES))
        ref_remove_inside(&iommu->tables, endpoint->domain, 0, UINT64_MAX);
}

/* The domains are gone for requests; endpoints still go by what was mapped there. */
bool mutate_tables_reset(struct ref_tables *tables)
{
    is_stuck = false;
    if (!MUTANT(RESET_KEEPS_ACCESS))
        return false;
    for (unsigned i = 0; i < REF_DOMAINS; i++)
        tables->domains[i].exists = false;
    return true;
}
