/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files that open an IORT. */
#pragma once

#include "lib/acpi/iort.h"
#include "lib/acpi/iort_node.h"

#define IORT_NODE_HEADER  16
#define IORT_MAPPING_SIZE 20

/* A table that is being opened; nodes are read at their offsets. */
struct iort_opener {
    struct iort *iort;
    const struct sink *sink;
    uint32_t first_node, count; /* as the header has them */
};

static inline uint32_t opener_field(const struct iort_opener *opener, uint32_t node,
                                    uint32_t offset)
{
    return bytes_le32(opener->iort->bytes + node + offset);
}

static inline uint8_t opener_type(const struct iort_opener *opener, uint32_t node)
{
    return opener->iort->bytes[node];
}

static inline uint32_t opener_length(const struct iort_opener *opener, uint32_t node)
{
    return bytes_le16(opener->iort->bytes + node + 1);
}

static inline uint8_t opener_revision(const struct iort_opener *opener, uint32_t node)
{
    return opener->iort->bytes[node + 3];
}

static inline uint32_t opener_mapping_count(const struct iort_opener *opener, uint32_t node)
{
    return opener_field(opener, node, 8);
}

static inline void opener_report(const struct iort_opener *opener, uint32_t offset,
                                 const char *name, uint64_t value, const char *expected)
{
    sink_field(opener->sink, opener->iort->label, opener->iort->base + offset, name, value, "%s",
               expected);
}

/* Whether the node is of a type that is read here, and its body is intact; what is wrong is said. */
bool iort_check_node(const struct iort_opener *opener, uint32_t node);
