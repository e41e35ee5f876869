// SPDX-License-Identifier: BSD-2-Clause
/*
 * VIOT in three passes over the list of nodes: the structure (every node inside the table), then
 * the virtio-iommu nodes, then the endpoints, whose output_node may point forwards or backwards.
 * Passes two and three need no bounds checks: the first has made them.
 */
#include "lib/acpi/viot.h"

#include <inttypes.h>
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/viot_family.h"
#include "lib/array/array.h"
#include "lib/bytes/bytes.h"

#define FIRST_NODE  48
#define NODE_HEADER 4

enum node_type {
    PCI_RANGE = 1,
    MMIO_ENDPOINT = 2,
    IOMMU_PCI = 3,
    IOMMU_MMIO = 4,
};

static const struct node_form {
    uint8_t length, reserved, reserved_size;
} forms[] = {
    {NODE_HEADER, 0, 0},      [PCI_RANGE] = {24, 18, 6}, [MMIO_ENDPOINT] = {24, 18, 6},
    [IOMMU_PCI] = {16, 8, 8}, [IOMMU_MMIO] = {16, 4, 4},
};

struct reader {
    const uint8_t *table;
    uint32_t length;
    unsigned node_count, first_node;
    enum topology_source source; /* which of the two layouts it is */
    struct topology *out;
    const struct sink *sink;
    struct {
        uint32_t offset;
        unsigned index; /* in out->iommus[] */
    } iommus[TOPOLOGY_MAX_IOMMUS];
    unsigned iommu_count, left_out;
    struct topology_mark mark; /* of *out, before the table */
};

typedef void (*node_visitor)(struct reader *reader, uint32_t offset);

static void report_node(const struct reader *reader, uint64_t offset, const char *field,
                        uint64_t value, const char *expected)
{
    sink_field(reader->sink, "VIOT", offset, field, value, "%s (node left out)", expected);
}

static void warn_reserved(const struct reader *reader, uint32_t offset, uint32_t size)
{
    size_t i = bytes_first_set(reader->table + offset, size);

    if (i < size)
        sink_field(reader->sink, "VIOT", offset + i, "reserved", reader->table[offset + i],
                   "0 (ignored)");
}

static uint32_t node_length(const struct reader *reader, uint32_t offset)
{
    return bytes_le16(reader->table + offset + 2);
}

static const struct node_form *node_form(const struct reader *reader, uint32_t offset)
{
    uint8_t type = reader->table[offset];

    return &forms[type < ARRAY_LENGTH(forms) ? type : 0];
}

static bool check_node(const struct reader *reader, uint32_t offset)
{
    uint32_t left = reader->length - offset;

    if (left < NODE_HEADER) {
        sink_field(reader->sink, "VIOT", 36, "node count", reader->node_count,
                   "as many nodes as fit, but one starts at byte %" PRIu32 " of %" PRIu32, offset,
                   reader->length);
        return false;
    }
    uint32_t length = node_length(reader, offset);
    unsigned minimum = node_form(reader, offset)->length;
    if (length < minimum || length > left) {
        sink_field(reader->sink, "VIOT", offset + 2, "node length", length,
                   "%u or more for type %u and at most the %" PRIu32 " bytes left", minimum,
                   reader->table[offset], left);
        return false;
    }
    return true;
}

static bool check_structure(const struct reader *reader)
{
    uint32_t offset = reader->first_node;

    if (offset < FIRST_NODE || offset > reader->length) {
        sink_field(reader->sink, "VIOT", 38, "node offset", offset, "%d to %" PRIu32, FIRST_NODE,
                   reader->length);
        return false;
    }
    for (unsigned i = 0; i < reader->node_count; i++) {
        if (!check_node(reader, offset))
            return false;
        offset += node_length(reader, offset);
    }
    if (offset < reader->length)
        sink_field(reader->sink, "VIOT", 4, "length", reader->length,
                   "the end of the last node, 0x%" PRIx32 " (the rest is ignored)", offset);
    return true;
}

static void visit(struct reader *reader, node_visitor visitor)
{
    uint32_t offset = reader->first_node;

    for (unsigned i = 0; i < reader->node_count; i++) {
        visitor(reader, offset);
        offset += node_length(reader, offset);
    }
}

/*
 * Document revision v8 has bdf_start, bdf_end and a reserved word where the final table has
 * segment_end, bdf_start and bdf_end. Some range must make no sense as final and all sense as v8.
 */
static bool looks_like_v8(const struct reader *reader)
{
    uint32_t offset = reader->first_node;
    bool inverted = false;

    for (unsigned i = 0; i < reader->node_count; i++) {
        const uint8_t *node = reader->table + offset;
        offset += node_length(reader, offset);
        if (node[0] != PCI_RANGE)
            continue;
        if (bytes_le16(node + 10) > bytes_le16(node + 12) || bytes_le16(node + 14) != 0)
            return false;
        inverted |= bytes_le16(node + 8) > bytes_le16(node + 10) ||
                    bytes_le16(node + 12) > bytes_le16(node + 14);
    }
    return inverted;
}

static void check_node_bytes(struct reader *reader, uint32_t offset)
{
    const struct node_form *form = node_form(reader, offset);

    if (form == &forms[0]) {
        sink_note(reader->sink, "VIOT byte %" PRIu32 ": node type 0x%x is unknown (node left out)",
                  offset, reader->table[offset]);
        return;
    }
    warn_reserved(reader, offset + 1, 1);
    if (reader->table[offset] == PCI_RANGE && reader->source == TOPOLOGY_VIOT_V8)
        warn_reserved(reader, offset + 14, 2);
    warn_reserved(reader, offset + form->reserved, form->reserved_size);
}

static void read_iommu(struct reader *reader, uint32_t offset)
{
    const uint8_t *node = reader->table + offset;
    struct topology_iommu iommu = {.source = reader->source};

    if (node[0] == IOMMU_PCI) {
        iommu.device = topology_function(bytes_le16(node + 4), bytes_le16(node + 6));
    } else if (node[0] == IOMMU_MMIO) {
        iommu.device = topology_block(bytes_le64(node + 8));
        if (iommu.device.base == 0) {
            report_node(reader, offset + 8, "base", 0, "the address of a virtio-mmio device");
            return;
        }
    } else {
        return;
    }
    if (!topology_add_iommu(reader->out, &iommu)) {
        reader->left_out++;
        return;
    }
    reader->iommus[reader->iommu_count].offset = offset;
    reader->iommus[reader->iommu_count++].index = reader->out->iommu_count - 1;
}

/* Decodes a node of type 1; false: reported, to be left out. */
static bool read_pci_range(const struct reader *reader, uint32_t offset,
                           struct topology_range *range)
{
    const uint8_t *node = reader->table + offset;
    /* v8 has no segment_end, and what follows is two bytes before its place in the final table. */
    unsigned shift = reader->source == TOPOLOGY_VIOT_V8 ? 2 : 0;

    range->bus = TOPOLOGY_PCI;
    range->id_first = bytes_le32(node + 4);
    range->segment_first = bytes_le16(node + 8);
    range->segment_last = bytes_le16(node + 10 - shift);
    range->bdf_first = bytes_le16(node + 12 - shift);
    range->bdf_last = bytes_le16(node + 14 - shift);
    if (range->segment_first > range->segment_last) {
        report_node(reader, offset + 10, "segment_end", range->segment_last,
                    "segment_start or more");
        return false;
    }
    if (range->bdf_first > range->bdf_last) {
        report_node(reader, offset + 14 - shift, "bdf_end", range->bdf_last, "bdf_start or more");
        return false;
    }
    if (topology_last_id(range) > UINT32_MAX) {
        report_node(reader, offset + 4, "endpoint_start", range->id_first,
                    "endpoint identifiers that fit in 32 bits");
        return false;
    }
    return true;
}

static bool find_iommu(const struct reader *reader, uint32_t offset, unsigned *index)
{
    for (unsigned i = 0; i < reader->iommu_count; i++) {
        if (reader->iommus[i].offset == offset) {
            *index = reader->iommus[i].index;
            return true;
        }
    }
    return false;
}

static void read_endpoints(struct reader *reader, uint32_t offset)
{
    const uint8_t *node = reader->table + offset;
    struct topology_range range = {.source = reader->source};

    if (node[0] != PCI_RANGE && node[0] != MMIO_ENDPOINT)
        return;
    if (node[0] == PCI_RANGE) {
        if (!read_pci_range(reader, offset, &range))
            return;
    } else {
        range.bus = TOPOLOGY_MMIO;
        range.id_first = bytes_le32(node + 4);
        range.base = bytes_le64(node + 8);
    }
    uint16_t output_node = bytes_le16(node + 16);
    if (!find_iommu(reader, output_node, &range.iommu)) {
        report_node(reader, offset + 16, "output_node", output_node,
                    "the offset of a virtio-iommu node that is not left out");
        return;
    }
    reader->left_out += !topology_add_range(reader->out, &range);
}

static enum viot_verdict read_nodes(struct reader *reader)
{
    warn_reserved(reader, 40, 8);
    if (reader->node_count == 0)
        return VIOT_ACCEPTED;
    if (!check_structure(reader))
        return VIOT_REJECTED;
    if (reader->source == TOPOLOGY_VIOT && looks_like_v8(reader))
        sink_note(reader->sink,
                  "VIOT: its PCI ranges make sense in the layout of document revision "
                  "v8, one segment per node, which topology=viot-v8 asks for");
    visit(reader, check_node_bytes);
    visit(reader, read_iommu);
    visit(reader, read_endpoints);
    topology_settle(reader->out, &reader->mark, reader->left_out, "VIOT", reader->sink);
    return VIOT_ACCEPTED;
}

static enum viot_verdict read_table(const void *table, size_t size, enum topology_source source,
                                    struct topology *out, const struct sink *sink)
{
    struct reader reader = {
        .table = table, .source = source, .out = out, .sink = sink, .mark = topology_mark(out)};

    if (!acpi_table_check(table, size, "VIOT", FIRST_NODE, "VIOT", &reader.length, sink))
        return VIOT_REJECTED;
    reader.node_count = bytes_le16(reader.table + 36);
    reader.first_node = bytes_le16(reader.table + 38);

    enum viot_verdict family = viot_check_family(table, reader.length, sink);

    if (family == VIOT_IS_DRAFT_2019)
        sink_printf(sink,
                    "VIOT byte %d: an embedded IORT, the draft of November 2019; expected the "
                    "table of ACPI 6.5 (table refused)",
                    VIOT_EMBEDDED_TABLE);
    return family == VIOT_ACCEPTED ? read_nodes(&reader) : family;
}

bool viot_is_v8(const void *table, size_t size)
{
    struct reader reader = {.table = table};

    if (!acpi_table_check(table, size, "VIOT", FIRST_NODE, "VIOT", &reader.length, NULL) ||
        viot_check_family(table, reader.length, NULL) != VIOT_ACCEPTED)
        return false;
    reader.node_count = bytes_le16(reader.table + 36);
    reader.first_node = bytes_le16(reader.table + 38);
    return reader.node_count && check_structure(&reader) && looks_like_v8(&reader);
}

enum viot_verdict viot_read(const void *table, size_t size, struct topology *out,
                            const struct sink *sink)
{
    return read_table(table, size, TOPOLOGY_VIOT, out, sink);
}

enum viot_verdict viot_read_v8(const void *table, size_t size, struct topology *out,
                               const struct sink *sink)
{
    return read_table(table, size, TOPOLOGY_VIOT_V8, out, sink);
}
