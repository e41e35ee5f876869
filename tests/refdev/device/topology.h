/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The built-in topology of the drafts of 2019 to 2021, as a device had it in its configuration from
 * byte 36 on, where BYPASS_CONFIG's `bypass` is today. Every endpoint is a function of segment 0
 * whose requester id is its endpoint id.
 */
#pragma once

#include <stdint.h>

#define REF_TOPOLOGY_FIRST 36
#define REF_TOPOLOGY_MAX   512

enum ref_topology {
    REF_NO_TOPOLOGY,
    REF_TOPOLOGY_V1, /* RFC of November 2019: a linked list */
    REF_TOPOLOGY_V2, /* February 2020: items of one length */
    REF_TOPOLOGY_V3, /* August 2020: counted items with a length each */
    REF_TOPOLOGY_V4, /* the same with ranges of segments */
};

/* Fills config[REF_TOPOLOGY_FIRST..] and returns where it ends. */
uint32_t ref_topology_write(enum ref_topology version, const uint32_t *ids, unsigned count,
                            uint8_t config[REF_TOPOLOGY_MAX]);
