// SPDX-License-Identifier: BSD-2-Clause
/*
 * The structure of an IORT, and what of its nodes and mappings is fit for use. Opening checks every
 * header once; a body or mapping that is bad is named then, and taken for absent by whoever comes
 * to it later, which asks the same functions without a sink.
 */
#include "lib/acpi/iort.h"

#include <inttypes.h>
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/iort_node.h"
#include "lib/array/array.h"

#define EMBEDDED_TABLE 48 /* in a VIOT */

static void report(const struct iort *iort, const struct sink *sink, uint32_t offset,
                   const char *field, uint64_t value, const char *expected)
{
    sink_field(sink, iort->label, iort->base + offset, field, value, "%s", expected);
}

/* A list of `count` items of `size` bytes is inside the node; both numbers are fields of it. */
static bool check_list(const struct iort *iort, uint32_t node, uint32_t count_at,
                       uint32_t offset_at, uint32_t size, const char *field,
                       const struct sink *sink)
{
    uint64_t count = iort_field(iort, node, count_at), offset = iort_field(iort, node, offset_at);

    if (!count || (offset >= IORT_NODE_HEADER &&
                   offset + count * size <= (uint64_t)iort_node_length(iort, node)))
        return true;
    report(iort, sink, node + count_at, field, count,
           "a list that is between header and end of the node (node left out)");
    return false;
}

static bool check_its_group(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    uint32_t count = iort_field(iort, node, 16);

    if (count <= (iort_node_length(iort, node) - 20) / 4)
        return true;
    report(iort, sink, node + 16, "ITS count", count,
           "as many as the node has room for (node left out)");
    return false;
}

static bool check_component(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    uint32_t end = iort_node_length(iort, node), mappings = iort_field(iort, node, 12);

    if (iort_mapping_count(iort, node) && mappings > IORT_NAME && mappings < end)
        end = mappings;
    if (memchr(iort->bytes + node + IORT_NAME, 0, end - IORT_NAME))
        return true;
    report(iort, sink, node + end - 1, "the last byte of the name", iort->bytes[node + end - 1],
           "a name that ends inside the node, before its mappings (node left out)");
    return false;
}

static bool check_root(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    uint32_t segment = iort_field(iort, node, 28);

    if (segment <= UINT16_MAX)
        return true;
    report(iort, sink, node + 28, "segment", segment, "0xffff or less (node left out)");
    return false;
}

static bool check_smmu(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    return check_list(iort, node, 44, 48, 8, "context interrupt count", sink) &&
           check_list(iort, node, 52, 56, 8, "PMU interrupt count", sink);
}

static bool check_rmr(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    return check_list(iort, node, 20, 24, 20, "memory range count", sink);
}

static bool check_viommu(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    uint32_t model = iort->is_in_viot ? 0 : iort_field(iort, node, IORT_VIOMMU_MODEL);

    if (model > 1)
        report(iort, sink, node + IORT_VIOMMU_MODEL, "model", model, "0 or 1 (node left out)");
    else if (iort_is_mmio(iort, node) && !bytes_le64(iort->bytes + node + 16))
        report(iort, sink, node + 16, "base", 0,
               "the address of a virtio-mmio device (node left out)");
    else
        return true;
    return false;
}

/* What a node must have: `revised` bytes from revision 1 on. */
struct form {
    uint8_t type, length, revised;
    bool (*check)(const struct iort *iort, uint32_t node, const struct sink *sink);
};

static const struct form forms[] = {
    {IORT_TYPE_ITS_GROUP, 20, 20, check_its_group},
    {IORT_TYPE_COMPONENT, 30, 30, check_component},
    {IORT_TYPE_ROOT, 33, 33, check_root},
    {IORT_TYPE_SMMU, 60, 60, check_smmu},
    {IORT_TYPE_SMMU_V3, 60, 68, NULL},
    {IORT_TYPE_PMCG, 32, 40, NULL},
    {IORT_TYPE_RMR, 28, 28, check_rmr},
};

/* The layout of 0x80 before VIOT ends with its flags, at byte 40. */
static const struct form plain_viommu = {IORT_TYPE_VIOMMU, 40, 40, check_viommu};
static const struct form viot_viommus[] = {{IORT_TYPE_VIOMMU, 20, 20, check_viommu},
                                           {IORT_TYPE_VIOMMU_MMIO, 48, 48, check_viommu}};

static const struct form *find_form(const struct iort *iort, uint8_t type)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (forms[i].type == type)
            return &forms[i];
    if (!iort->is_in_viot)
        return type == IORT_TYPE_VIOMMU ? &plain_viommu : NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(viot_viommus); i++)
        if (viot_viommus[i].type == type)
            return &viot_viommus[i];
    return NULL;
}

bool iort_node_check(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    uint8_t type = iort_type(iort, node);
    const struct form *form = find_form(iort, type);
    uint32_t length = iort_node_length(iort, node);

    if (!form) {
        if (type != IORT_TYPE_IWB)
            report(iort, sink, node, "node type", type,
                   iort->is_in_viot ? "0 to 7, 0x80 or 0x81 (node left out)"
                                    : "0 to 7, or 0x80 (node left out)");
        return false;
    }
    uint32_t minimum = iort_node_revision(iort, node) ? form->revised : form->length;
    if (length < minimum) {
        sink_field(sink, iort->label, iort->base + node + 1, "node length", length,
                   "%" PRIu32 " or more for type 0x%x (node left out)", minimum, type);
        return false;
    }
    return check_list(iort, node, 8, 12, IORT_MAPPING_SIZE, "mapping count", sink) &&
           (!form->check || form->check(iort, node, sink));
}

bool iort_find_node(const struct iort *iort, uint32_t offset, uint32_t *steps)
{
    uint32_t node = iort->first_node;

    for (uint32_t i = 0; i < iort->node_count && node <= offset && *steps; i++) {
        --*steps;
        if (node == offset)
            return iort_node_check(iort, node, NULL);
        node += iort_node_length(iort, node);
    }
    return false;
}

bool iort_mapping_read(const struct iort *iort, uint32_t node, uint32_t index,
                       struct iort_mapping *mapping, const struct sink *sink)
{
    uint32_t at = iort_mapping_at(iort, node, index), count = iort_field(iort, at, 4);
    uint8_t type = iort_type(iort, node);

    *mapping = (struct iort_mapping){.input_first = iort_field(iort, at, 0),
                                     .output_first = iort_field(iort, at, 8),
                                     .reference = iort_field(iort, at, 12),
                                     .is_single = iort_field(iort, at, 16) & 1};
    if (mapping->is_single) {
        if (type == IORT_TYPE_COMPONENT || type == IORT_TYPE_ROOT)
            return true;
        report(iort, sink, at + 16, "flags", iort_field(iort, at, 16),
               "no single mapping here, only in a root complex or component (mapping left out)");
        return false;
    }
    if (count > UINT32_MAX - mapping->input_first || count > UINT32_MAX - mapping->output_first) {
        report(iort, sink, at + 4, "id count", count,
               "ids in and out that fit in 32 bits (mapping left out)");
        return false;
    }
    mapping->input_last = mapping->input_first + count;
    return true;
}

/*
 * The index of a SMMUv3's or a PMCG's own mapping is no business of this check: it is of the form.
 */
static void check_mappings(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    for (uint32_t i = 0; i < iort_mapping_count(iort, node); i++) {
        struct iort_mapping mapping;
        uint32_t steps = IORT_MAX_NODES;
        bool is_own = (iort_type(iort, node) == IORT_TYPE_SMMU_V3 ||
                       iort_type(iort, node) == IORT_TYPE_PMCG) &&
                      iort_field(iort, iort_mapping_at(iort, node, i), 16) & 1;

        if (!is_own && iort_mapping_read(iort, node, i, &mapping, sink) &&
            !iort_find_node(iort, mapping.reference, &steps))
            report(iort, sink, iort_mapping_at(iort, node, i) + 12, "output reference",
                   mapping.reference, "the offset of a node that is not left out (mapping too)");
    }
}

static bool check_header(const struct iort *iort, uint32_t node, const struct sink *sink)
{
    uint32_t left = iort->length - node;

    if (left < IORT_NODE_HEADER) {
        sink_field(sink, iort->label, iort->base + 36, "node count", iort->node_count,
                   "as many nodes as fit, but one starts at byte %" PRIu32 " of %" PRIu32,
                   iort->base + node, iort->base + iort->length);
        return false;
    }
    uint32_t length = iort_node_length(iort, node);
    if (length < IORT_NODE_HEADER || length > left) {
        sink_field(sink, iort->label, iort->base + node + 1, "node length", length,
                   "%d or more and at most the %" PRIu32 " bytes left", IORT_NODE_HEADER, left);
        return false;
    }
    return true;
}

static bool check_structure(const struct iort *iort, const struct sink *sink)
{
    uint32_t node = iort->first_node;

    if (iort->node_count > IORT_MAX_NODES) {
        report(iort, sink, 36, "node count", iort->node_count, "4096 or less");
        return false;
    }
    if (iort->node_count && (node < IORT_FIRST_NODE || node > iort->length)) {
        sink_field(sink, iort->label, iort->base + 40, "node offset", node, "%d to %" PRIu32,
                   IORT_FIRST_NODE, iort->length);
        return false;
    }
    for (uint32_t i = 0; i < iort->node_count; i++) {
        if (!check_header(iort, node, sink))
            return false;
        node += iort_node_length(iort, node);
    }
    return true;
}

static bool open_nodes(struct iort *iort, const struct sink *sink)
{
    iort->node_count = bytes_le32(iort->bytes + 36);
    iort->first_node = bytes_le32(iort->bytes + 40);
    if (!check_structure(iort, sink))
        return false;

    uint32_t node = iort->first_node;

    for (uint32_t i = 0; i < iort->node_count; i++) {
        if (iort_node_check(iort, node, sink))
            check_mappings(iort, node, sink);
        node += iort_node_length(iort, node);
    }
    return true;
}

bool iort_open(struct iort *iort, const void *table, size_t size, const struct sink *sink)
{
    *iort = (struct iort){.bytes = table, .label = "IORT"};
    return acpi_table_check(table, size, "IORT", IORT_FIRST_NODE, "IORT", &iort->length, sink) &&
           open_nodes(iort, sink);
}

bool iort_open_in_viot(struct iort *iort, const void *viot, size_t size, const struct sink *sink)
{
    const uint8_t *bytes = (const uint8_t *)viot + EMBEDDED_TABLE;

    *iort =
        (struct iort){.bytes = bytes, .is_in_viot = true, .label = "VIOT", .base = EMBEDDED_TABLE};
    if (size < EMBEDDED_TABLE + ACPI_HEADER_SIZE)
        return false;
    iort->length = bytes_le32(bytes + 4);
    if (iort->length < IORT_FIRST_NODE || iort->length > size - EMBEDDED_TABLE) {
        sink_field(sink, "VIOT", EMBEDDED_TABLE + 4, "length of the embedded table", iort->length,
                   "0x%x to 0x%" PRIx64, IORT_FIRST_NODE, (uint64_t)(size - EMBEDDED_TABLE));
        return false;
    }
    uint8_t sum = bytes_sum(bytes, iort->length);
    if (sum)
        sink_field(sink, "VIOT", EMBEDDED_TABLE + 9, "checksum of the embedded table", bytes[9],
                   "0x%x (ignored)", (uint8_t)(bytes[9] - sum));
    return open_nodes(iort, sink);
}
