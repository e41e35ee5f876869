/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine around the IOMMU consists of, independent of the variant of device: which
 * endpoints are behind it and what they are able to do, and what the IOMMU offers in this machine.
 */
#pragma once

#include "tests/refdev/device/endpoints.h"

enum endpoint_kind {
    ENDPOINT_NONE,
    ENDPOINT_EDU,
    ENDPOINT_BLK,
    ENDPOINT_RNG,
    ENDPOINT_TESTDEV,
    ENDPOINT_PLAIN /* no engine that anybody knows */
};

/* `count` endpoints that are alike. */
struct composition_endpoints {
    enum endpoint_kind kind;
    unsigned count;
    unsigned address_bits; /* as in struct ref_place, like the rest */
    bool drops, has_no_msi, has_no_msix;
    uint64_t first, last;
    uint16_t queue_size;
    uint32_t sectors, chunk;
    enum ref_flaw flaw;
    bool is_behind_second; /* behind the second IOMMU; those come last */
};

#define COMPOSITION_KINDS     6 /* one less, for the end */
#define COMPOSITION_ENDPOINTS 128
#define COMPOSITION_REGIONS   8
#define FAR_REGIONS           0x100000000ull

struct composition {
    const char *name;
    struct composition_endpoints endpoints[COMPOSITION_KINDS]; /* ended by ENDPOINT_NONE */
    /* Of device 2 function 0; the others' follow as their BDFs do. */
    uint32_t first_id;
    /*
     * Of the first behind a second IOMMU, which is like the first one and function 1 of its device;
     * where that has endpoints.
     */
    uint32_t second_id;
    /* What is other than in the variant. */
    uint64_t without;                 /* features of the device type, and of rings */
    uint64_t page_size_mask;          /* 0: the variant's */
    uint64_t input_first, input_last; /* input_last 0: the variant's */
    bool has_domains;                 /* the next two are not the variant's */
    uint32_t domain_first, domain_last;
    bool
        has_probe_size; /* the next one is not the variant's; regions that do not fit are left out */
    uint32_t probe_size;
    uint16_t queue_size, event_queue_size; /* 0: the variant's */
    struct ref_region regions[COMPOSITION_REGIONS];
    unsigned region_count; /* 0: the variant's */
    unsigned more_regions; /* beside those, of a granule each, far apart from FAR_REGIONS on */
    uint32_t config_length;
    unsigned odd_properties, vector_count; /* as in struct ref_iommu_config */
    bool is_silent, has_no_msix, has_no_pin;
    /* Of which engine a test says by an ERROR that it may be that or the IOMMU; NULL: none does. */
    const char *errs;
    /* Why a conforming device gets a WARN here; NULL: it gets none. */
    const char *warns;
};

/*
 * What $COMPOSITION asks for, the usual one if it is not set; "random:SEED" is one that is drawn
 * (random.c). "list" prints a line for each that has a name, "list:NAME" the one of that name: the
 * name, the boot option that describes the endpoints and why it warns. It ends the process with 0; a
 * name that does not exist ends it with 2.
 */
const struct composition *composition_chosen(void);
/* How many endpoints there are, with those behind the second IOMMU or without. */
unsigned composition_count(const struct composition *composition, bool with_second);
bool composition_has_second(const struct composition *composition);
/* Draws one from a seed. */
void composition_draw(struct composition *composition, uint64_t seed);
/* The configuration of the variant in this composition. */
struct ref_iommu_config composition_config(const struct composition *composition,
                                           const struct ref_iommu_config *variant);
