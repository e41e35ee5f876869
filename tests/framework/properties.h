/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The properties that PROBE returns for an endpoint: virtio 1.4 sections 5.13.6.7 and 5.13.6.8. All
 * ranges are inclusive.
 */
#pragma once

#include "tests/framework/test.h"

#define PROPERTIES_MAX 4096

struct properties {
    const uint8_t *bytes; /* until the end of the test */
    uint32_t size;
};

/* PROBE of an endpoint that exists; a status other than OK ends the test. */
struct properties probe(struct test *test, uint32_t endpoint);

struct property {
    uint32_t offset; /* of its header */
    uint16_t type, reserved, length;
    bool fits; /* the value is inside the area */
    const uint8_t *value;
};

/* Reads the property at *at and moves *at behind it; false at the end of the list. */
bool property_next(const struct properties *properties, uint32_t *at, struct property *property);

struct reserved_region {
    uint8_t subtype;
    uint8_t reserved[3];
    uint64_t first, last;
};

#define RESERVED_REGIONS_MAX 32

/* Whether a byte of [first, last] is reserved for the endpoint. False without PROBE. */
bool is_reserved(struct test *test, uint32_t endpoint, uint64_t first, uint64_t last);
/*
 * The last address of the last granule that can be mapped for the endpoint: inside the input range
 * and outside every reserved region.
 */
uint64_t last_mappable(struct test *test, uint32_t endpoint);

/* The RESV_MEM properties among those; returns how many. */
unsigned regions_among(const struct properties *properties,
                       struct reserved_region regions[RESERVED_REGIONS_MAX]);
/* The RESV_MEM properties of an endpoint; returns how many. */
unsigned reserved_regions(struct test *test, uint32_t endpoint,
                          struct reserved_region regions[RESERVED_REGIONS_MAX]);
