/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The properties that PROBE returns for an endpoint: virtio 1.4 sections 5.13.6.7 and 5.13.6.8. All
 * ranges are inclusive.
 */
#pragma once

#include "tests/framework/test.h"

struct properties {
    const uint8_t *bytes; /* until the end of the test */
    uint32_t size;
};

/* The largest probe_size for which tests send a PROBE; the specification sets no limit. */
#define PROPERTIES_MAX 65536u
/*
 * Memory until the end of the test for a reply to PROBE: probe_size bytes and a tail. Skips the
 * test where that is more than PROPERTIES_MAX.
 */
uint8_t *properties_area(struct test *test);

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

/* Whether a byte of [first, last] is reserved for the endpoint. False without PROBE. */
bool is_reserved(struct test *test, uint32_t endpoint, uint64_t first, uint64_t last);
/*
 * The last address of the last granule that can be mapped for the endpoint: inside the input range
 * and outside every reserved region.
 */
uint64_t last_mappable(struct test *test, uint32_t endpoint);
/* The same of a granule that this device maps: for tests that are not about the last one. */
uint64_t last_taken(struct test *test, uint32_t endpoint);

/* Reads the next RESV_MEM property from *at on and moves *at behind it; false: there is none. */
bool region_next(const struct properties *properties, uint32_t *at, struct reserved_region *region);
/*
 * The RESV_MEM properties of an endpoint, `count` of them, until the end of the test; none without
 * PROBE.
 */
const struct reserved_region *reserved_regions(struct test *test, uint32_t endpoint,
                                               unsigned *count);
