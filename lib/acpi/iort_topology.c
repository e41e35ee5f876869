// SPDX-License-Identifier: BSD-2-Clause
/* From an IORT to the records of a topology. */
#include <inttypes.h>

#include "lib/acpi/iort_node.h"

struct reader {
    const struct iort *iort;
    struct topology *viommus, *others;
    const struct sink *sink;
    uint16_t segment; /* whose root complexes are being read */
    struct {
        uint32_t node;
        unsigned index; /* in iommus[] of its topology */
    } known[2 * TOPOLOGY_MAX_IOMMUS];
    unsigned known_count, left_out;
};

static struct topology *home_of(const struct reader *reader, uint32_t node)
{
    return iort_is_viommu(reader->iort, node) ? reader->viommus : reader->others;
}

static enum topology_source source_of(const struct iort *iort)
{
    return iort->is_in_viot ? TOPOLOGY_VIOT_DRAFT : TOPOLOGY_IORT;
}

static void add_iommu(struct reader *reader, uint32_t node)
{
    const struct iort *iort = reader->iort;
    struct topology *home = home_of(reader, node);
    struct topology_iommu iommu = {.source = source_of(iort)};
    bool is_viommu = iort_is_viommu(iort, node);

    if (!home || !(is_viommu || iort_is_smmu(iort, node)))
        return;
    if (!is_viommu)
        iommu.kind = iort_type(iort, node) == IORT_TYPE_SMMU ? TOPOLOGY_SMMU : TOPOLOGY_SMMU_V3;
    if (!is_viommu || iort_is_mmio(iort, node))
        iommu.device = topology_block(bytes_le64(iort->bytes + node + 16));
    else
        iommu.device = topology_function((uint16_t)(iort_field(iort, node, 16) >> 16),
                                         (uint16_t)iort_field(iort, node, 16));
    if (!topology_add_iommu(home, &iommu)) {
        reader->left_out++;
        return;
    }
    reader->known[reader->known_count].node = node;
    reader->known[reader->known_count++].index = home->iommu_count - 1;
}

static void add_range(struct reader *reader, struct topology *home,
                      const struct topology_range *range)
{
    reader->left_out += !topology_add_range(home, range);
}

/* Requesters of one id, in blocks of a power of two of them, as a record ignores whole bits. */
static void add_constant(struct reader *reader, struct topology *home,
                         const struct topology_range *range)
{
    for (uint32_t rid = range->bdf_first; rid <= range->bdf_last;) {
        struct topology_range block = *range;
        uint32_t size = 1;

        while (!(rid & size) && rid + 2 * size - 1 <= range->bdf_last)
            size *= 2;
        block.bdf_first = block.bdf_last = (uint16_t)rid;
        block.bdf_ignored = (uint16_t)(size - 1);
        add_range(reader, home, &block);
        rid += size;
    }
}

static void take_range(void *context, const struct iort_range *found)
{
    struct reader *reader = context;
    struct topology *home = home_of(reader, found->node);
    struct topology_range range = {
        .source = source_of(reader->iort),
        .bus = TOPOLOGY_PCI,
        .segment_first = reader->segment,
        .segment_last = reader->segment,
        .bdf_first = found->rid_first,
        .bdf_last = found->rid_last,
        .id_first = found->id_first,
    };
    unsigned i = 0;

    while (i < reader->known_count && reader->known[i].node != found->node)
        i++;
    if (i == reader->known_count)
        return; /* its IOMMU was left out */
    range.iommu = reader->known[i].index;
    if (found->is_constant)
        add_constant(reader, home, &range);
    else
        add_range(reader, home, &range);
}

static bool is_root_of(const struct iort *iort, uint32_t node, uint16_t segment)
{
    return iort_type(iort, node) == IORT_TYPE_ROOT && iort_node_check(iort, node, NULL) &&
           iort_field(iort, node, 28) == segment;
}

/* The requesters of a segment, once, at its first root complex. */
static void read_segment(struct reader *reader, uint32_t root)
{
    const struct iort *iort = reader->iort;

    reader->segment = (uint16_t)iort_field(iort, root, 28);
    for (uint32_t node = iort->first_node; node < root; node += iort_node_length(iort, node))
        if (is_root_of(iort, node, reader->segment))
            return;
    iort_ranges(iort, reader->segment, 0, UINT16_MAX, IORT_IOMMU, take_range, reader, reader->sink);
}

static void name_component(const struct reader *reader, uint32_t node)
{
    const struct iort *iort = reader->iort;
    const char *name = iort_name(iort, node);
    struct iort_mapping mapping;
    struct iort_target target;

    if (!reader->viommus || !iort_mapping_count(iort, node) ||
        !iort_mapping_read(iort, node, 0, &mapping, NULL) ||
        iort_map_component(iort, name, mapping.input_first, IORT_IOMMU, &target) != IORT_MAPPED ||
        !iort_is_viommu(iort, target.node))
        return;
    sink_printf(reader->sink,
                "%s byte %" PRIu32 ": the component '%.60s' has endpoint id %" PRIu32
                ", but only AML knows its address (left out)",
                iort->label, iort->base + node, name, target.id);
}

void iort_topology(const struct iort *iort, struct topology *viommus, struct topology *others,
                   const struct sink *sink)
{
    struct reader reader = {.iort = iort, .viommus = viommus, .others = others, .sink = sink};
    uint32_t node = iort->first_node;

    for (uint32_t i = 0; i < iort->node_count; i++) {
        if (iort_node_check(iort, node, NULL))
            add_iommu(&reader, node);
        node += iort_node_length(iort, node);
    }
    node = iort->first_node;
    for (uint32_t i = 0; i < iort->node_count; i++) {
        bool is_intact = iort_node_check(iort, node, NULL);

        if (is_intact && iort_type(iort, node) == IORT_TYPE_ROOT)
            read_segment(&reader, node);
        if (is_intact && iort_type(iort, node) == IORT_TYPE_COMPONENT)
            name_component(&reader, node);
        node += iort_node_length(iort, node);
    }
    if (reader.left_out)
        sink_printf(sink, "%s: %u records left out, room is for %d IOMMUs and %d ranges",
                    iort->label, reader.left_out, TOPOLOGY_MAX_IOMMUS, TOPOLOGY_MAX_RANGES);
}
