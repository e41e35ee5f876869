// SPDX-License-Identifier: BSD-2-Clause
/* Which bodies of nodes are intact, type by type. */
#include <inttypes.h>
#include <string.h>

#include "lib/acpi/iort_opener.h"
#include "lib/array/array.h"

#define MODEL 32 /* of a virtio-iommu outside a VIOT */

/* A list of `count` items of `size` bytes is inside the node; both numbers are fields of it. */
static bool check_list(const struct iort_opener *opener, uint32_t node, uint32_t count_at,
                       uint32_t offset_at, uint32_t size, const char *name)
{
    uint64_t count = opener_field(opener, node, count_at),
             offset = opener_field(opener, node, offset_at);

    if (!count || (offset >= IORT_NODE_HEADER &&
                   offset + count * size <= (uint64_t)opener_length(opener, node)))
        return true;
    opener_report(opener, node + count_at, name, count,
                  "a list that is between header and end of the node (node left out)");
    return false;
}

static bool check_its_group(const struct iort_opener *opener, uint32_t node)
{
    uint32_t count = opener_field(opener, node, 16);

    if (count <= (opener_length(opener, node) - 20) / 4)
        return true;
    opener_report(opener, node + 16, "ITS count", count,
                  "as many as the node has room for (node left out)");
    return false;
}

static bool check_component(const struct iort_opener *opener, uint32_t node)
{
    uint32_t end = opener_length(opener, node), mappings = opener_field(opener, node, 12);

    if (opener_mapping_count(opener, node) && mappings > IORT_NAME && mappings < end)
        end = mappings;
    if (memchr(opener->iort->bytes + node + IORT_NAME, 0, end - IORT_NAME))
        return true;
    opener_report(opener, node + end - 1, "the last byte of the name",
                  opener->iort->bytes[node + end - 1],
                  "a name that ends inside the node, before its mappings (node left out)");
    return false;
}

static bool check_root(const struct iort_opener *opener, uint32_t node)
{
    uint32_t segment = opener_field(opener, node, 28);

    if (segment <= UINT16_MAX)
        return true;
    opener_report(opener, node + 28, "segment", segment, "0xffff or less (node left out)");
    return false;
}

static bool check_smmu(const struct iort_opener *opener, uint32_t node)
{
    return check_list(opener, node, 44, 48, 8, "context interrupt count") &&
           check_list(opener, node, 52, 56, 8, "PMU interrupt count");
}

static bool check_rmr(const struct iort_opener *opener, uint32_t node)
{
    return check_list(opener, node, 20, 24, 20, "memory range count");
}

static bool check_viommu(const struct iort_opener *opener, uint32_t node)
{
    bool is_in_viot = opener->iort->is_in_viot;
    uint32_t model = is_in_viot ? 0 : opener_field(opener, node, MODEL);
    bool is_mmio = is_in_viot ? opener_type(opener, node) == IORT_TYPE_VIOMMU_MMIO : model == 0;

    if (model > 1)
        opener_report(opener, node + MODEL, "model", model, "0 or 1 (node left out)");
    else if (is_mmio && !bytes_le64(opener->iort->bytes + node + 16))
        opener_report(opener, node + 16, "base", 0,
                      "the address of a virtio-mmio device (node left out)");
    else
        return true;
    return false;
}

/* What a node must have: `revised` bytes from revision 1 on. */
struct layout {
    uint8_t type, length, revised;
    bool (*check)(const struct iort_opener *opener, uint32_t node);
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

bool iort_check_node(const struct iort_opener *opener, uint32_t node)
{
    const struct iort *iort = opener->iort;
    uint8_t type = opener_type(opener, node);
    const struct layout *layout = find_layout(iort, type);
    uint32_t length = opener_length(opener, node);

    if (!layout) {
        if (type != IORT_TYPE_IWB) /* a later issue may have it */
            sink_note(opener->sink,
                      "%s byte %" PRIu32 ": node type 0x%x is unknown (node left out)", iort->label,
                      iort->base + node, type);
        return false;
    }
    uint32_t minimum = opener_revision(opener, node) ? layout->revised : layout->length;
    if (length < minimum) {
        sink_field(opener->sink, iort->label, iort->base + node + 1, "node length", length,
                   "%" PRIu32 " or more for type 0x%x (node left out)", minimum, type);
        return false;
    }
    return check_list(opener, node, 8, 12, IORT_MAPPING_SIZE, "mapping count") &&
           (!layout->check || layout->check(opener, node));
}
