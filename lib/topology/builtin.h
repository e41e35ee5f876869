/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topology in the configuration of a virtio-iommu itself, as drafts of 2019 to 2021 had it. Their
 * feature bit, 6, and place, byte 36, became VIRTIO_IOMMU_F_BYPASS_CONFIG and its bypass byte in
 * virtio 1.2. Only what is found there shows which of the two a device means.
 *
 *     v1  a linked list (November 2019)
 *     v2  items of one size (February 2020)
 *     v3  counted items, a range has one segment (August 2020)
 *     v4  the same, a range has several segments
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/text/sink.h"
#include "lib/topology/topology.h"

#define BUILTIN_AUTO     0
#define BUILTIN_VERSIONS 4

/* How the configuration of a device is read. */
struct builtin_config {
    /* `width` is 1, 2 or 4, `offset` a multiple of it; all of it is below `size`. */
    uint32_t (*read)(void *context, uint32_t offset, unsigned width);
    void *context;
    uint32_t size; /* as much as may be there, mostly more than is */
};

enum builtin_verdict {
    BUILTIN_BYPASS,   /* byte 36 is the bypass byte: bit 6 is BYPASS_CONFIG */
    BUILTIN_TOPOLOGY, /* byte 36 begins a topology, perhaps an empty one */
    BUILTIN_REJECTED, /* it would begin one, but that is malformed */
    BUILTIN_ILLEGAL,  /* neither */
};

struct builtin_result {
    enum builtin_verdict verdict;
    unsigned version; /* of a topology, 1 to 4; rejected: what it was taken for */
};

/*
 * Reads the configuration of a device that offers bit 6, and only reads. `version` BUILTIN_AUTO
 * finds out what is there; 1 to 4 says so. The topology is added to *out, with *self for its IOMMU,
 * as a whole or not at all. But for BUILTIN_BYPASS, bit 6 must not be accepted and byte 36 not be
 * written.
 */
struct builtin_result builtin_read(const struct builtin_config *config, unsigned version,
                                   const struct topology_device *self, struct topology *out,
                                   const struct sink *sink);
