// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/device/tables.h"

#include <string.h>

#include "tests/refdev/mutants/mutant.h"

void ref_tables_init(struct ref_tables *tables)
{
    memset(tables, 0, sizeof(*tables));
    for (unsigned i = REF_MAPPINGS; i--;) {
        tables->mappings[i].next = tables->unused;
        tables->unused = &tables->mappings[i];
    }
}

/* -- endpoints and domains ------------------------------------------------------------------ */

bool ref_add_endpoint(struct ref_tables *tables, uint32_t id)
{
    if (tables->endpoint_count == REF_ENDPOINTS || ref_find_endpoint(tables, id))
        return false;
    tables->endpoints[tables->endpoint_count++] = (struct ref_endpoint){.id = id};
    return true;
}

struct ref_endpoint *ref_find_endpoint(struct ref_tables *tables, uint32_t id)
{
    struct ref_endpoint *end = tables->endpoints + tables->endpoint_count;

    for (struct ref_endpoint *it = tables->endpoints; it < end; it++)
        if (it->id == id)
            return it;
    return NULL;
}

struct ref_domain *ref_find_domain(struct ref_tables *tables, uint32_t id)
{
    for (struct ref_domain *it = tables->domains; it < tables->domains + REF_DOMAINS; it++)
        if (it->exists && it->id == id)
            return it;
    return NULL;
}

static void end_domain(struct ref_tables *tables, struct ref_domain *domain)
{
    domain->exists = false;
    while (domain->mappings)
        ref_remove_mapping(tables, &domain->mappings);
}

void ref_detach(struct ref_tables *tables, struct ref_endpoint *endpoint)
{
    struct ref_domain *domain = endpoint->domain;

    endpoint->domain = NULL;
    if (!domain || --domain->members)
        return;
    if (MUTANT(ATTACH_STALE_MAPPINGS))
        domain->exists = false;
    else
        end_domain(tables, domain);
}

bool ref_attach(struct ref_tables *tables, struct ref_endpoint *endpoint, uint32_t id,
                bool is_bypass)
{
    struct ref_domain *to = ref_find_domain(tables, id), *from = endpoint->domain;

    if (to && to == from)
        return true;
    /* The old domain's place will do for the new one, if it ends. */
    for (unsigned i = 0; !to && i < REF_DOMAINS; i++)
        if (!tables->domains[i].exists)
            to = &tables->domains[i];
    if (!to && from && from->members == 1)
        to = from;
    if (!to)
        return false;
    ref_detach(tables, endpoint);
    if (!to->exists) {
        to->exists = true;
        to->id = id;
        to->is_bypass = is_bypass;
        to->members = 0;
    }
    to->members++;
    endpoint->domain = to;
    return true;
}

void ref_tables_reset(struct ref_tables *tables)
{
    if (mutate_tables_reset(tables))
        return;
    for (unsigned i = 0; i < tables->endpoint_count; i++)
        tables->endpoints[i].domain = NULL;
    for (unsigned i = 0; i < REF_DOMAINS; i++)
        end_domain(tables, &tables->domains[i]);
}

/* -- mappings ------------------------------------------------------------------------------- */

struct ref_mapping *ref_find_mapping(const struct ref_domain *domain, uint64_t first, uint64_t last)
{
    for (struct ref_mapping *it = domain->mappings; it && it->first <= last; it = it->next)
        if (it->last >= first)
            return it;
    return NULL;
}

bool ref_is_split(const struct ref_domain *domain, uint64_t first, uint64_t last)
{
    for (struct ref_mapping *it = domain->mappings; it && it->first <= last; it = it->next)
        if (it->last >= first && (it->first < first || it->last > last))
            return true;
    return false;
}

bool ref_add_mapping(struct ref_tables *tables, struct ref_domain *domain,
                     const struct ref_mapping *mapping)
{
    struct ref_mapping *place = tables->unused, **link = &domain->mappings;

    if (!place)
        return false;
    tables->unused = place->next;
    while (*link && (*link)->first < mapping->first)
        link = &(*link)->next;
    *place = *mapping;
    place->next = *link;
    *link = place;
    return true;
}

void ref_remove_mapping(struct ref_tables *tables, struct ref_mapping **link)
{
    struct ref_mapping *gone = *link;

    *link = gone->next;
    gone->next = tables->unused;
    tables->unused = gone;
}

void ref_remove_inside(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                       uint64_t last)
{
    struct ref_mapping **link = &domain->mappings;

    while (*link)
        if ((*link)->first >= first && (*link)->last <= last)
            ref_remove_mapping(tables, link);
        else
            link = &(*link)->next;
}
