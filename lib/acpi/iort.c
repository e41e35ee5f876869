// SPDX-License-Identifier: BSD-2-Clause
/*
 * Opens an IORT: reads its nodes, then their mappings, and keeps those that are valid. Others are
 * reported and left out, so that iort_map.c and iort_topology.c check nothing again.
 */
#include "lib/acpi/iort.h"

#include <inttypes.h>
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/iort_node.h"
#include "lib/array/array.h"

#define FIRST_NODE     48
#define NODE_HEADER    16
#define MAPPING_SIZE   20
#define MODEL          32 /* of a virtio-iommu outside a VIOT */
#define NO_MAPPING     UINT32_MAX
#define EMBEDDED_TABLE 48 /* in a VIOT */

/* A table that is being opened; nodes are read at their offsets. */
struct opener {
    struct iort *iort;
    const struct sink *sink;
    uint32_t first_node, count; /* as the header has them */
};

static uint32_t field(const struct opener *opener, uint32_t node, uint32_t offset)
{
    return bytes_le32(opener->iort->bytes + node + offset);
}

static uint8_t type_of(const struct opener *opener, uint32_t node)
{
    return opener->iort->bytes[node];
}

static uint32_t length_of(const struct opener *opener, uint32_t node)
{
    return bytes_le16(opener->iort->bytes + node + 1);
}

static uint8_t revision_of(const struct opener *opener, uint32_t node)
{
    return opener->iort->bytes[node + 3];
}

static uint32_t mapping_count(const struct opener *opener, uint32_t node)
{
    return field(opener, node, 8);
}

static void report(const struct opener *opener, uint32_t offset, const char *name, uint64_t value,
                   const char *expected)
{
    sink_field(opener->sink, opener->iort->label, opener->iort->base + offset, name, value, "%s",
               expected);
}

/* A list of `count` items of `size` bytes is inside the node; both numbers are fields of it. */
static bool check_list(const struct opener *opener, uint32_t node, uint32_t count_at,
                       uint32_t offset_at, uint32_t size, const char *name)
{
    uint64_t count = field(opener, node, count_at), offset = field(opener, node, offset_at);

    if (!count ||
        (offset >= NODE_HEADER && offset + count * size <= (uint64_t)length_of(opener, node)))
        return true;
    report(opener, node + count_at, name, count,
           "a list that is between header and end of the node (node left out)");
    return false;
}

static bool check_its_group(const struct opener *opener, uint32_t node)
{
    uint32_t count = field(opener, node, 16);

    if (count <= (length_of(opener, node) - 20) / 4)
        return true;
    report(opener, node + 16, "ITS count", count,
           "as many as the node has room for (node left out)");
    return false;
}

static bool check_component(const struct opener *opener, uint32_t node)
{
    uint32_t end = length_of(opener, node), mappings = field(opener, node, 12);

    if (mapping_count(opener, node) && mappings > IORT_NAME && mappings < end)
        end = mappings;
    if (memchr(opener->iort->bytes + node + IORT_NAME, 0, end - IORT_NAME))
        return true;
    report(opener, node + end - 1, "the last byte of the name", opener->iort->bytes[node + end - 1],
           "a name that ends inside the node, before its mappings (node left out)");
    return false;
}

static bool check_root(const struct opener *opener, uint32_t node)
{
    uint32_t segment = field(opener, node, 28);

    if (segment <= UINT16_MAX)
        return true;
    report(opener, node + 28, "segment", segment, "0xffff or less (node left out)");
    return false;
}

static bool check_smmu(const struct opener *opener, uint32_t node)
{
    return check_list(opener, node, 44, 48, 8, "context interrupt count") &&
           check_list(opener, node, 52, 56, 8, "PMU interrupt count");
}

static bool check_rmr(const struct opener *opener, uint32_t node)
{
    return check_list(opener, node, 20, 24, 20, "memory range count");
}

static bool check_viommu(const struct opener *opener, uint32_t node)
{
    bool is_in_viot = opener->iort->is_in_viot;
    uint32_t model = is_in_viot ? 0 : field(opener, node, MODEL);
    bool is_mmio = is_in_viot ? type_of(opener, node) == IORT_TYPE_VIOMMU_MMIO : model == 0;

    if (model > 1)
        report(opener, node + MODEL, "model", model, "0 or 1 (node left out)");
    else if (is_mmio && !bytes_le64(opener->iort->bytes + node + 16))
        report(opener, node + 16, "base", 0, "the address of a virtio-mmio device (node left out)");
    else
        return true;
    return false;
}

/* What a node must have: `revised` bytes from revision 1 on. */
struct layout {
    uint8_t type, length, revised;
    bool (*check)(const struct opener *opener, uint32_t node);
};

static const struct layout layouts[] = {
    {IORT_TYPE_ITS_GROUP, 20, 20, check_its_group},
    {IORT_TYPE_COMPONENT, 30, 30, check_component},
    {IORT_TYPE_ROOT, 32, 33, check_root},
    {IORT_TYPE_SMMU, 60, 60, check_smmu},
    {IORT_TYPE_SMMU_V3, 60, 68, NULL},
    {IORT_TYPE_PMCG, 32, 40, NULL},
    {IORT_TYPE_RMR, 28, 28, check_rmr},
};

/* The layout of 0x80 before VIOT ends with its flags, at byte 40. */
static const struct layout plain_viommu = {IORT_TYPE_VIOMMU, 40, 40, check_viommu};
static const struct layout viot_viommus[] = {{IORT_TYPE_VIOMMU, 20, 20, check_viommu},
                                             {IORT_TYPE_VIOMMU_MMIO, 48, 48, check_viommu}};

static const struct layout *find_layout(const struct iort *iort, uint8_t type)
{
    for (size_t i = 0; i < ARRAY_LENGTH(layouts); i++)
        if (layouts[i].type == type)
            return &layouts[i];
    if (!iort->is_in_viot)
        return type == IORT_TYPE_VIOMMU ? &plain_viommu : NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(viot_viommus); i++)
        if (viot_viommus[i].type == type)
            return &viot_viommus[i];
    return NULL;
}

/* Whether the node is of a type that is read here, and its body is intact; what is wrong is said. */
static bool check_node(const struct opener *opener, uint32_t node)
{
    const struct iort *iort = opener->iort;
    uint8_t type = type_of(opener, node);
    const struct layout *layout = find_layout(iort, type);
    uint32_t length = length_of(opener, node);

    if (!layout) {
        if (type != IORT_TYPE_IWB) /* a later issue may have it */
            sink_note(opener->sink,
                      "%s byte %" PRIu32 ": node type 0x%x is unknown (node left out)", iort->label,
                      iort->base + node, type);
        return false;
    }
    uint32_t minimum = revision_of(opener, node) ? layout->revised : layout->length;
    if (length < minimum) {
        sink_field(opener->sink, iort->label, iort->base + node + 1, "node length", length,
                   "%" PRIu32 " or more for type 0x%x (node left out)", minimum, type);
        return false;
    }
    return check_list(opener, node, 8, 12, MAPPING_SIZE, "mapping count") &&
           (!layout->check || layout->check(opener, node));
}

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
static bool has_lines(const struct opener *opener, uint32_t node)
{
    return field(opener, node, 44) && field(opener, node, 48) && field(opener, node, 52) &&
           field(opener, node, 56);
}

/* The mapping of a SMMUv3 or PMCG that is for messages which the node itself sends. */
static uint32_t own_mapping(const struct opener *opener, uint32_t node)
{
    uint8_t revision = revision_of(opener, node);

    switch (type_of(opener, node)) {
    case IORT_TYPE_PMCG:
        return field(opener, node, 24) ? NO_MAPPING : 0;
    case IORT_TYPE_SMMU_V3:
        /* The flag that says whether the index is valid came with revision 5. */
        if (revision == 0 ||
            (revision < 5 ? has_lines(opener, node) : !(field(opener, node, 24) >> 4 & 1)))
            return NO_MAPPING;
        return field(opener, node, 64);
    }
    return NO_MAPPING;
}

static bool may_be_single(uint8_t type)
{
    return type == IORT_TYPE_COMPONENT || type == IORT_TYPE_ROOT || type == IORT_TYPE_RMR;
}

/* The mapping at `at` of a node of this type; false: reported. Its target is not looked at. */
static bool read_mapping(const struct opener *opener, uint8_t type, uint32_t at,
                         struct iort_mapping *mapping)
{
    uint32_t count = field(opener, at, 4);

    *mapping = (struct iort_mapping){.input_first = field(opener, at, 0),
                                     .output_first = field(opener, at, 8),
                                     .is_single = field(opener, at, 16) & 1};
    if (mapping->is_single) {
        if (may_be_single(type))
            return true;
        report(opener, at + 16, "flags", field(opener, at, 16),
               "no single mapping here, only in a root complex, component or RMR (mapping left "
               "out)");
        return false;
    }
    if (count > UINT32_MAX - mapping->input_first || count > UINT32_MAX - mapping->output_first) {
        report(opener, at + 4, "id count", count,
               "ids in and out that fit in 32 bits (mapping left out)");
        return false;
    }
    mapping->input_last = mapping->input_first + count;
    return true;
}

/* Keeps the mapping at `at` if its target is kept; `is_own`: it is checked only. */
static void add_mapping(const struct opener *opener, struct iort_node *node, uint32_t at,
                        bool is_own)
{
    struct iort *iort = opener->iort;
    struct iort_mapping mapping;

    if (!read_mapping(opener, node->type, at, &mapping))
        return;
    unsigned target = find_node(iort, field(opener, at, 12));
    if (target == IORT_MAX_NODES) {
        report(opener, at + 12, "output reference", field(opener, at, 12),
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
static void add_mappings(const struct opener *opener, struct iort_node *node)
{
    uint32_t own = own_mapping(opener, node->offset), count = mapping_count(opener, node->offset);
    uint32_t at = node->offset + field(opener, node->offset, 12);
    bool sends = node->type == IORT_TYPE_SMMU_V3 || node->type == IORT_TYPE_PMCG;

    node->mapping_first = (uint16_t)opener->iort->mapping_count;
    for (uint32_t i = 0; i < count; i++, at += MAPPING_SIZE)
        if (!(sends && field(opener, at, 16) & 1)) /* its own, whichever index says so */
            add_mapping(opener, node, at, i == own);
    if (count && !field(opener, at - count * MAPPING_SIZE, 12)) {
        opener->iort->mapping_count -= node->mapping_count;
        node->mapping_count = 0;
    }
}

static bool check_header(const struct opener *opener, uint32_t node)
{
    const struct iort *iort = opener->iort;
    uint32_t left = iort->length - node;

    if (left < NODE_HEADER) {
        sink_field(opener->sink, iort->label, iort->base + 36, "node count", opener->count,
                   "as many nodes as fit, but one starts at byte %" PRIu32 " of %" PRIu32,
                   iort->base + node, iort->base + iort->length);
        return false;
    }
    uint32_t length = length_of(opener, node);
    if (length < NODE_HEADER || length > left) {
        sink_field(opener->sink, iort->label, iort->base + node + 1, "node length", length,
                   "%d or more and at most the %" PRIu32 " bytes left", NODE_HEADER, left);
        return false;
    }
    return true;
}

static bool check_structure(const struct opener *opener)
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
        node += length_of(opener, node);
    }
    return true;
}

static bool open_nodes(struct opener *opener)
{
    struct iort *iort = opener->iort;
    uint32_t mappings = 0;

    opener->count = bytes_le32(iort->bytes + 36);
    opener->first_node = bytes_le32(iort->bytes + 40);
    if (!check_structure(opener))
        return false;

    uint32_t node = opener->first_node;

    for (uint32_t i = 0; i < opener->count; i++, node += length_of(opener, node))
        if (check_node(opener, node)) {
            iort->nodes[iort->node_count++] =
                (struct iort_node){.offset = node, .type = type_of(opener, node)};
            mappings += mapping_count(opener, node);
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

static struct opener begin(struct iort *iort, const void *bytes, const char *label, uint32_t base,
                           const struct sink *sink)
{
    iort->bytes = bytes;
    iort->length = 0;
    iort->is_in_viot = base;
    iort->label = label;
    iort->base = base;
    iort->node_count = iort->mapping_count = 0;
    return (struct opener){.iort = iort, .sink = sink};
}

bool iort_open(struct iort *iort, const void *table, size_t size, const struct sink *sink)
{
    struct opener opener = begin(iort, table, "IORT", 0, sink);

    return acpi_table_check(table, size, "IORT", FIRST_NODE, "IORT", &iort->length, sink) &&
           open_nodes(&opener);
}

bool iort_open_in_viot(struct iort *iort, const void *viot, size_t size, const struct sink *sink)
{
    const uint8_t *bytes = (const uint8_t *)viot + EMBEDDED_TABLE;
    struct opener opener = begin(iort, bytes, "VIOT", EMBEDDED_TABLE, sink);

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
