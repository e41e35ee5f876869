/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O Remapping Table (Arm DEN0049, issues A to E.f): through which IOMMU the requests of a PCI
 * function or a named component go, under which id, and which ITS gets its messages under which
 * device id. Before VIOT existed, virtio-iommus were described here too: as nodes of type 0x80 in
 * an ordinary IORT, and in an IORT inside the VIOT of the draft of November 2019.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text/sink.h"
#include "lib/topology/topology.h"

#define IORT_MAX_NODES 4096

/* A table whose list of nodes is intact. Offsets of nodes count from `bytes`. */
struct iort {
    const uint8_t *bytes;
    uint32_t length, first_node, node_count;
    bool is_in_viot;
    const char *label; /* what reports call the table that the bytes are in */
    uint32_t base;     /* where in that table they begin */
};

/*
 * False: the structure is damaged. Of an intact table everything that will not be honoured is
 * named: nodes of other types or with an impossible body, mappings with impossible ids or a
 * reference to no node.
 */
bool iort_open(struct iort *iort, const void *table, size_t size, const struct sink *sink);
/* The same for the IORT in a VIOT, whose own header the caller has checked. */
bool iort_open_in_viot(struct iort *iort, const void *viot, size_t size, const struct sink *sink);

enum iort_wanted { IORT_IOMMU, IORT_ITS_GROUP };

enum iort_outcome {
    IORT_MAPPED,
    IORT_UNMAPPED, /* nothing of the wanted kind is on the way */
    IORT_LOOP,
    IORT_TOO_DEEP, /* more than 8 references to follow */
    IORT_TOO_LONG, /* more mappings to look at than anybody has */
};

struct iort_target {
    uint32_t node; /* the IOMMU's or the ITS group's; of a loop or the like, the last one seen */
    uint32_t id;
    uint64_t count;   /* as many ids, this one included, fare alike */
    bool is_constant; /* they all arrive as `id`; else they count up from it */
};

/*
 * Under which id a requester (`rid` in `segment`), or an id of the component with this ACPI path,
 * arrives. Where ranges share one id, the last of one and the first of another, the latter has it.
 * Unless IORT_MAPPED only target->count and node mean something.
 */
enum iort_outcome iort_map_pci(const struct iort *iort, uint16_t segment, uint16_t rid,
                               enum iort_wanted wanted, struct iort_target *target);
enum iort_outcome iort_map_component(const struct iort *iort, const char *path, uint32_t id,
                                     enum iort_wanted wanted, struct iort_target *target);

/*
 * Requesters rid_first..rid_last arrive at `node` as id_first and up, or all of them as id_first.
 */
struct iort_range {
    uint16_t rid_first, rid_last;
    uint32_t node, id_first;
    bool is_constant;
};

typedef void (*iort_taker)(void *context, const struct iort_range *range);

/* Hands over every requester from rid_first to rid_last that is mapped, in rising ranges. */
void iort_ranges(const struct iort *iort, uint16_t segment, uint16_t rid_first, uint16_t rid_last,
                 enum iort_wanted wanted, iort_taker take, void *context, const struct sink *sink);

/* Whether the table has a group of ITSs at all. */
bool iort_has_its(const struct iort *iort);

/*
 * Adds what the table says of virtio-iommus to *viommus and of SMMUs to *others, either of which
 * may be NULL. Components, whose address only AML knows, are named and left out.
 */
void iort_topology(const struct iort *iort, struct topology *viommus, struct topology *others,
                   const struct sink *sink);
