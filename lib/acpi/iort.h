/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O Remapping Table (Arm DEN0049, issues A to E.f): through which IOMMU the requests of a PCI
 * function or a named component go, under which id, and which ITS gets its messages under which
 * device id. Before VIOT existed, virtio-iommus were described here too: as nodes of type 0x80 in
 * an ordinary IORT, and in an IORT inside the VIOT of the draft of November 2019.
 *
 * From a byte of the table to an endpoint id: iort_check.c checks the bytes of nodes, iort.c keeps
 * nodes and mappings, iort_map.c follows a requester id through the mappings to the id at the IOMMU,
 * iort_topology.c makes records of lib/topology of both, and topology_find() looks an endpoint up
 * there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text/sink.h"

#define IORT_MAX_NODES    512 /* several times what servers of two sockets have */
#define IORT_MAX_MAPPINGS 1024

/* Mappings that all walks through one table may visit together: a limit of the time they take. */
#define IORT_MAX_STEPS (1u << 22)

/* A valid node: its mappings are mapping_count elements of iort.mappings. */
struct iort_node {
    uint32_t offset; /* in iort.bytes */
    uint16_t mapping_first, mapping_count;
    uint8_t type;
};

/* Ids input_first..input_last, or all of them if it is single, map to iort.nodes[target]. */
struct iort_mapping {
    uint32_t input_first, input_last, output_first;
    uint16_t target;
    bool is_single;
};

/* A table whose list of nodes is intact, in the table's order. Some 20 KiB. */
struct iort {
    const uint8_t *bytes;
    uint32_t length;
    bool is_in_viot;
    const char *label; /* what reports call the table that the bytes are in */
    uint32_t base;     /* where in that table they begin */
    unsigned node_count, mapping_count;
    struct iort_node nodes[IORT_MAX_NODES];
    struct iort_mapping mappings[IORT_MAX_MAPPINGS];
};

/*
 * False: the structure is damaged, or has more nodes or mappings than there is room for. Of an
 * intact table everything that is not kept is reported: nodes of other types or with an impossible
 * body, mappings with impossible ids or a reference to no node.
 */
bool iort_open(struct iort *iort, const void *table, size_t size, const struct sink *sink);
/* The same for the IORT in a VIOT, whose own header the caller has checked. */
bool iort_open_in_viot(struct iort *iort, const void *viot, size_t size, const struct sink *sink);

enum iort_wanted { IORT_IOMMU, IORT_ITS_GROUP };

enum iort_outcome {
    IORT_MAPPED,
    IORT_UNMAPPED, /* no mapping leads to a node of the wanted kind */
    IORT_LOOP,
    IORT_TOO_DEEP, /* more than 8 references to follow */
    IORT_TOO_LONG, /* no steps are left */
};

struct iort_target {
    const struct iort_node *node; /* the IOMMU or ITS group; of a loop or the like, the last seen */
    uint32_t id;
    uint64_t count;   /* so many ids, this one included, map contiguously */
    bool is_constant; /* they all arrive as `id`; else they count up from it */
};

/*
 * Under which id a requester (`rid` in `segment`), or an id of the component with this ACPI path,
 * arrives. Where ranges share one id, the last of one and the first of another, the latter has it.
 * Unless IORT_MAPPED only target->count and node mean something. *steps is lowered by the mappings
 * looked at.
 */
enum iort_outcome iort_map_pci(const struct iort *iort, uint16_t segment, uint16_t rid,
                               enum iort_wanted wanted, uint32_t *steps,
                               struct iort_target *target);
enum iort_outcome iort_map_component(const struct iort *iort, const char *path, uint32_t id,
                                     enum iort_wanted wanted, uint32_t *steps,
                                     struct iort_target *target);

/*
 * Requesters rid_first..rid_last arrive at `node` as id_first and up, or all of them as id_first.
 */
struct iort_range {
    uint16_t rid_first, rid_last;
    const struct iort_node *node;
    uint32_t id_first;
    bool is_constant;
};

typedef void (*iort_taker)(void *context, const struct iort_range *range);

/*
 * Hands over every requester from rid_first to rid_last that is mapped, in rising ranges. False,
 * with a report: no steps are left, and what was handed over is not all.
 */
bool iort_ranges(const struct iort *iort, uint16_t segment, uint16_t rid_first, uint16_t rid_last,
                 enum iort_wanted wanted, uint32_t *steps, iort_taker take, void *context,
                 const struct sink *sink);

/* Whether the table has a group of ITSs at all. */
bool iort_has_its(const struct iort *iort);
