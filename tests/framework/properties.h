/* SPDX-License-Identifier: BSD-2-Clause */
/* What PROBE tells of an endpoint: virtio 1.4 sections 5.13.6.7 and 5.13.6.8. */
#pragma once

#include "tests/framework/test.h"

struct properties {
    const uint8_t *bytes; /* until the end of the test */
    uint32_t size;
};

/*
 * Memory until the end of the test for a reply to PROBE: probe_size bytes and a tail. Skips the
 * test where that is more than the driver sends a PROBE for.
 */
uint8_t *properties_area(struct test *test);

/* PROBE of an endpoint that exists; a refusal ends the test. */
struct properties probe(struct test *test, uint32_t endpoint);

struct property {
    uint32_t offset; /* of its header */
    uint16_t type, reserved, length;
    bool fits; /* the value is inside the area */
    const uint8_t *value;
};

/* The property at *at, and steps over it; false at the end of the list. */
bool property_next(const struct properties *properties, uint32_t *at, struct property *property);

struct reserved_region {
    uint8_t subtype;
    uint8_t reserved[3];
    uint64_t first, last;
};

#define RESERVED_REGIONS_MAX 32

/* Whether some part of [first, last] is reserved for an endpoint. */
bool is_reserved(struct test *test, uint32_t endpoint, uint64_t first, uint64_t last);
/*
 * The last address that can be mapped for an endpoint: in the input range, in no reserved region.
 */
uint64_t last_mappable(struct test *test, uint32_t endpoint);

/* The RESV_MEM properties of an endpoint; returns how many. */
unsigned reserved_regions(struct test *test, uint32_t endpoint,
                          struct reserved_region regions[RESERVED_REGIONS_MAX]);
