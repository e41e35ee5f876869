/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests that batches are made of, and what they are to be answered with. */
#pragma once

#include "tests/framework/batch.h"
#include "tests/framework/request.h"

#define TAIL        ((uint32_t)sizeof(struct virtio_iommu_req_tail))
#define UNMAPS_FROM 16 /* ... and UNMAP finds something; every second one */
#define OVERLAPS_AT 32

/* What a request is, and whether it is to be refused. */
enum kind {
    ATTACH_GOOD,
    ATTACH_BAD,
    DETACH_BAD,
    MAP_GOOD,
    MAP_FLAGS,
    MAP_OVER,
    UNMAP_GOOD,
    UNMAP_SPLIT,
    UNMAP_NOWHERE,
    PROBE_GOOD,
    PROBE_ABSENT,
    UNKNOWN,
    KINDS
};

struct bench {
    struct test *test;
    struct batch batch;
    uint64_t at, granule;
    uint32_t domain, empty; /* with mappings, and with an endpoint only */
    uint32_t alone[KINDS];  /* statuses: what it says alone to requests that it is to refuse */
    /* Faults that it has alone, too, are not told again: of requests in pieces, of refusals. */
    bool wants_whole, says_no_length;
    const uint8_t *properties; /* what a PROBE alone returns; NULL: there is none */
};

/* One request of a batch. */
struct entry {
    enum kind kind;
    union {
        struct viommu_request request;
        struct virtio_iommu_req_probe probe;
    };
    uint32_t permitted; /* statuses */
    uint32_t payload;   /* bytes before the tail */
    uint8_t status;
};

/* MAP of granules first..last, in the domain that has mappings. */
struct viommu_request batch_map(const struct bench *bench, unsigned first, unsigned last);
/*
 * What the device says to some requests about nothing, each alone: that is permitted in a batch, too, and
 * whether it is right is judged elsewhere. Before anything is attached.
 */
void entries_ask_alone(struct bench *bench);
/* The n-th request of a batch; the state has to be known, and is what permits statuses. */
struct entry entry_of(const struct bench *bench, enum kind kind, unsigned n);
/* `padding` bytes more than the reply has, but not of a PROBE. */
struct batch_item item_of(const struct entry *entry, enum batch_layout layout, uint32_t padding);
/* For a person: what it is, and in which batch. */
#define ENTRY_TEXT 160
void entry_text(const struct entry *entries, unsigned count, unsigned n, char text[ENTRY_TEXT]);
