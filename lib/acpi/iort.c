// SPDX-License-Identifier: BSD-2-Clause
/*
 * Opens an IORT: reads its nodes, then their mappings, and keeps those that are valid. Others are
 * reported and left out, so that iort_map.c and iort_topology.c check nothing again.
 */
#include <inttypes.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/iort_opener.h"

#define FIRST_NODE     48
#define NO_MAPPING     UINT32_MAX
#define EMBEDDED_TABLE 48 /* in a VIOT */

/* Index of the node at `offset` among those that are kept; IORT_MAX_NODES: none is there. */
static unsigned find_node(const struct iort *iort, uint32_t offset)
{
    unsigned first = 0, end = iort->node_count;

    while (first < end) {
        unsigned middle = (first + end) / 2;

        if (iort->nodes[middle].offset == offset)
            return middle;
        if (iort->nodes[middle].offset < offset)
            first = middle + 1;
        else
            end = middle;
    }
    return IORT_MAX_NODES;
}

/* Of a SMMUv3: whether each of its interrupts has a line, so that it sends no messages. */
static bool has_lines(const struct iort_opener *opener, uint32_t node)
{
    return opener_field(opener, node, 44) && opener_field(opener, node, 48) &&
           opener_field(opener, node, 52) && opener_field(opener, node, 56);
}

/* The mapping of a SMMUv3 or PMCG that is for messages which the node itself sends. */
static uint32_t own_mapping(const struct iort_opener *opener, uint32_t node)
{
    uint8_t revision = opener_revision(opener, node);

    switch (opener_type(opener, node)) {
    case IORT_TYPE_PMCG:
        return opener_field(opener, node, 24) ? NO_MAPPING : 0;
    case IORT_TYPE_SMMU_V3:
        /* The flag that says whether the index is valid came with revision 5. */
        if (revision == 0 ||
            (revision < 5 ? has_lines(opener, node) : !(opener_field(opener, node, 24) >> 4 & 1)))
            return NO_MAPPING;
        return opener_field(opener, node, 64);
    }
    return NO_MAPPING;
}

static bool may_be_single(uint8_t type)
{
    return type == IORT_TYPE_COMPONENT || type == IORT_TYPE_ROOT || type == IORT_TYPE_RMR;
}

/* The mapping at `at` of a node of this type; false: reported. Its target is not looked at. */
static bool read_mapping(const struct iort_opener *opener, uint8_t type, uint32_t at,
                         struct iort_mapping *mapping)
{
    uint32_t count = opener_field(opener, at, 4);

    *mapping = (struct iort_mapping){.input_first = opener_field(opener, at, 0),
                                     .output_first = opener_field(opener, at, 8),
                                     .is_single = opener_field(opener, at, 16) & 1};
    if (mapping->is_single) {
        if (may_be_single(type))
            return true;
        opener_report(
            opener, at + 16, "flags", opener_field(opener, at, 16),
            "no single mapping here, only in a root complex, component or RMR (mapping left "
            "out)");
        return false;
    }
    if (count > UINT32_MAX - mapping->input_first || count > UINT32_MAX - mapping->output_first) {
        opener_report(opener, at + 4, "id count", count,
                      "ids in and out that fit in 32 bits (mapping left out)");
        return false;
    }
    mapping->input_last = mapping->input_first + count;
    return true;
}

/* Keeps the mapping at `at` if its target is kept; `is_own`: it is checked only. */
static void add_mapping(const struct iort_opener *opener, struct iort_node *node, uint32_t at,
                        bool is_own)
{
    struct iort *iort = opener->iort;
    struct iort_mapping mapping;

    if (!read_mapping(opener, node->type, at, &mapping))
        return;
    unsigned target = find_node(iort, opener_field(opener, at, 12));
    if (target == IORT_MAX_NODES) {
        opener_report(opener, at + 12, "output reference", opener_field(opener, at, 12),
                      "the offset of a node that is not left out (mapping too)");
        return;
    }
    mapping.target = (uint16_t)target;
    if (is_own)
        return;
    iort->mappings[iort->mapping_count++] = mapping;
    node->mapping_count++;
}

/* A node whose first mapping refers to nothing has none: firmware writes them so. */
static void add_mappings(const struct iort_opener *opener, struct iort_node *node)
{
    uint32_t own = own_mapping(opener, node->offset),
             count = opener_mapping_count(opener, node->offset);
    uint32_t at = node->offset + opener_field(opener, node->offset, 12);
    bool sends = node->type == IORT_TYPE_SMMU_V3 || node->type == IORT_TYPE_PMCG;

    node->mapping_first = (uint16_t)opener->iort->mapping_count;
    for (uint32_t i = 0; i < count; i++, at += IORT_MAPPING_SIZE)
        if (!(sends && opener_field(opener, at, 16) & 1)) /* its own, whichever index says so */
            add_mapping(opener, node, at, i == own);
    if (count && !opener_field(opener, at - count * IORT_MAPPING_SIZE, 12)) {
        opener->iort->mapping_count -= node->mapping_count;
        node->mapping_count = 0;
    }
}

static bool check_header(const struct iort_opener *opener, uint32_t node)
{
    const struct iort *iort = opener->iort;
    uint32_t left = iort->length - node;

    if (left < IORT_NODE_HEADER) {
        sink_field(opener->sink, iort->label, iort->base + 36, "node count", opener->count,
                   "as many nodes as fit, but one starts at byte %" PRIu32 " of %" PRIu32,
                   iort->base + node, iort->base + iort->length);
        return false;
    }
    uint32_t length = opener_length(opener, node);
    if (length < IORT_NODE_HEADER || length > left) {
        sink_field(opener->sink, iort->label, iort->base + node + 1, "node length", length,
                   "%d or more and at most the %" PRIu32 " bytes left", IORT_NODE_HEADER, left);
        return false;
    }
    return true;
}

static bool check_structure(const struct iort_opener *opener)
{
    const struct iort *iort = opener->iort;
    uint32_t node = opener->first_node;

    if (opener->count > IORT_MAX_NODES) {
        sink_note(opener->sink,
                  "%s byte %" PRIu32 ": %" PRIu32 " nodes, and room is for %d (table left out)",
                  iort->label, iort->base + 36, opener->count, IORT_MAX_NODES);
        return false;
    }
    if (opener->count && (node < FIRST_NODE || node > iort->length)) {
        sink_field(opener->sink, iort->label, iort->base + 40, "node offset", node,
                   "%d to %" PRIu32, FIRST_NODE, iort->length);
        return false;
    }
    for (uint32_t i = 0; i < opener->count; i++) {
        if (!check_header(opener, node))
            return false;
        node += opener_length(opener, node);
    }
    return true;
}

static bool open_nodes(struct iort_opener *opener)
{
    struct iort *iort = opener->iort;
    uint32_t mappings = 0;

    opener->count = bytes_le32(iort->bytes + 36);
    opener->first_node = bytes_le32(iort->bytes + 40);
    if (!check_structure(opener))
        return false;

    uint32_t node = opener->first_node;

    for (uint32_t i = 0; i < opener->count; i++, node += opener_length(opener, node))
        if (iort_check_node(opener, node)) {
            iort->nodes[iort->node_count++] =
                (struct iort_node){.offset = node, .type = opener_type(opener, node)};
            mappings += opener_mapping_count(opener, node);
        }
    if (mappings > IORT_MAX_MAPPINGS) {
        sink_note(opener->sink, "%s: %" PRIu32 " mappings, and room is for %d (table left out)",
                  iort->label, mappings, IORT_MAX_MAPPINGS);
        return false;
    }
    for (unsigned i = 0; i < iort->node_count; i++)
        add_mappings(opener, &iort->nodes[i]);
    return true;
}

static struct iort_opener begin(struct iort *iort, const void *bytes, const char *label,
                                uint32_t base, const struct sink *sink)
{
    iort->bytes = bytes;
    iort->length = 0;
    iort->is_in_viot = base;
    iort->label = label;
    iort->base = base;
    iort->node_count = iort->mapping_count = 0;
    return (struct iort_opener){.iort = iort, .sink = sink};
}

bool iort_open(struct iort *iort, const void *table, size_t size, const struct sink *sink)
{
    struct iort_opener opener = begin(iort, table, "IORT", 0, sink);

    return acpi_table_check(table, size, "IORT", FIRST_NODE, "IORT", &iort->length, sink) &&
           open_nodes(&opener);
}

bool iort_open_in_viot(struct iort *iort, const void *viot, size_t size, const struct sink *sink)
{
    const uint8_t *bytes = (const uint8_t *)viot + EMBEDDED_TABLE;
    struct iort_opener opener = begin(iort, bytes, "VIOT", EMBEDDED_TABLE, sink);

    if (size < EMBEDDED_TABLE + ACPI_HEADER_SIZE)
        return false;
    iort->length = bytes_le32(bytes + 4);
    if (iort->length < FIRST_NODE || iort->length > size - EMBEDDED_TABLE) {
        sink_field(sink, "VIOT", EMBEDDED_TABLE + 4, "length of the embedded table", iort->length,
                   "0x%x to 0x%" PRIx64, FIRST_NODE, (uint64_t)(size - EMBEDDED_TABLE));
        return false;
    }
    uint8_t sum = bytes_sum(bytes, iort->length);
    if (sum)
        sink_field(sink, "VIOT", EMBEDDED_TABLE + 9, "checksum of the embedded table", bytes[9],
                   "0x%x (ignored)", (uint8_t)(bytes[9] - sum));
    return open_nodes(&opener);
}
