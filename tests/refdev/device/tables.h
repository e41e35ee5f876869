/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the device remembers: its endpoints, the domain of each, and the mappings of a domain, as a
 * list in order of address. Its own, and not lib/model's: the stress walk judges the device by that,
 * and would find nothing wrong with a model that judges itself. The rules are in rules.h; nothing
 * here refuses anything but for want of room.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REF_ENDPOINTS 128
#define REF_DOMAINS   64
#define REF_MAPPINGS  20480 /* of all domains together */

/* [first, last] leads to [physical, ...]; `flags` are VIRTIO_IOMMU_MAP_F_*. */
struct ref_mapping {
    struct ref_mapping *next;
    uint64_t first, last, physical;
    uint32_t flags;
};

struct ref_domain {
    bool exists;
    bool is_bypass;
    uint32_t id;
    unsigned members; /* endpoints that are attached */
    struct ref_mapping *mappings;
};

struct ref_endpoint {
    uint32_t id;
    struct ref_domain *domain; /* NULL: attached to none */
};

struct ref_tables {
    struct ref_endpoint endpoints[REF_ENDPOINTS];
    unsigned endpoint_count;
    struct ref_domain domains[REF_DOMAINS];
    struct ref_mapping mappings[REF_MAPPINGS];
    struct ref_mapping *unused;
};

/* Without any endpoint. */
void ref_tables_init(struct ref_tables *tables);
/* 5.13.5: no endpoint belongs to a domain, and so there is none. */
void ref_tables_reset(struct ref_tables *tables);

/* False: no room, or it is there. */
bool ref_add_endpoint(struct ref_tables *tables, uint32_t id);
/* NULL: there is none. */
struct ref_endpoint *ref_find_endpoint(struct ref_tables *tables, uint32_t id);
struct ref_domain *ref_find_domain(struct ref_tables *tables, uint32_t id);

/*
 * 5.13.6.3: out of the domain where it is, unless it is this one, and into this one, which is made
 * if it does not exist. False, with nothing changed: no room for another domain.
 */
bool ref_attach(struct ref_tables *tables, struct ref_endpoint *endpoint, uint32_t domain,
                bool is_bypass);
/* 5.13.6.4: the domain goes with the last of its endpoints, and its mappings with it. */
void ref_detach(struct ref_tables *tables, struct ref_endpoint *endpoint);

/* The first mapping that has a byte in [first, last]; NULL: none has. */
struct ref_mapping *ref_find_mapping(const struct ref_domain *domain, uint64_t first,
                                     uint64_t last);
/* Whether one has a byte in [first, last] and another outside. */
bool ref_is_split(const struct ref_domain *domain, uint64_t first, uint64_t last);
/* [first, last] is free. False: no room. */
bool ref_add_mapping(struct ref_tables *tables, struct ref_domain *domain,
                     const struct ref_mapping *mapping);
/* Takes the mapping that a link leads to out of its list: the link leads to the next one then. */
void ref_remove_mapping(struct ref_tables *tables, struct ref_mapping **link);
/* Removes what is inside [first, last]. */
void ref_remove_inside(struct ref_tables *tables, struct ref_domain *domain, uint64_t first,
                       uint64_t last);
