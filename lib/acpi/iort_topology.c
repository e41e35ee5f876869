// SPDX-License-Identifier: BSD-2-Clause
/* Records of a topology from an IORT: IOMMUs from its nodes, ranges of endpoints by iort_map.c. */
#include "lib/acpi/iort_topology.h"

#include <inttypes.h>

#include "lib/acpi/iort_node.h"

struct reader {
    const struct iort *iort;
    struct topology *viommus, *others;
    const struct sink *sink;
    uint32_t steps;
    uint16_t segment; /* whose root complexes are being read */
    struct {
        const struct iort_node *node;
        unsigned index; /* in iommus[] of its topology */
    } known[2 * TOPOLOGY_MAX_IOMMUS];
    unsigned known_count;
    unsigned viommus_left_out, others_left_out;
};

static struct topology *home_of(const struct reader *reader, const struct iort_node *node)
{
    return iort_is_viommu(node) ? reader->viommus : reader->others;
}

/* A record that found no room in the topology of `node`. */
static void leave_out(struct reader *reader, const struct iort_node *node)
{
    if (iort_is_viommu(node))
        reader->viommus_left_out++;
    else
        reader->others_left_out++;
}

static enum topology_source source_of(const struct iort *iort)
{
    return iort->is_in_viot ? TOPOLOGY_VIOT_DRAFT : TOPOLOGY_IORT;
}

static void add_iommu(struct reader *reader, const struct iort_node *node)
{
    const struct iort *iort = reader->iort;
    struct topology *home = home_of(reader, node);
    struct topology_iommu iommu = {.source = source_of(iort)};
    bool is_viommu = iort_is_viommu(node);

    if (!home || !(is_viommu || iort_is_smmu(node)))
        return;
    if (!is_viommu)
        iommu.kind = node->type == IORT_TYPE_SMMU ? TOPOLOGY_SMMU : TOPOLOGY_SMMU_V3;
    if (!is_viommu || iort_is_mmio(iort, node))
        iommu.device = topology_block(iort_field64(iort, node, 16));
    else
        iommu.device = topology_function((uint16_t)(iort_field(iort, node, 16) >> 16),
                                         (uint16_t)iort_field(iort, node, 16));
    if (!topology_add_iommu(home, &iommu)) {
        leave_out(reader, node);
        return;
    }
    reader->known[reader->known_count].node = node;
    reader->known[reader->known_count++].index = home->iommu_count - 1;
}

static void add_range(struct reader *reader, const struct iort_node *node,
                      const struct topology_range *range)
{
    if (!topology_add_range(home_of(reader, node), range))
        leave_out(reader, node);
}

/* Requesters of one id, in blocks of a power of two of them, as a record ignores whole bits. */
static void add_constant(struct reader *reader, const struct iort_node *node,
                         const struct topology_range *range)
{
    for (uint32_t rid = range->bdf_first; rid <= range->bdf_last;) {
        struct topology_range block = *range;
        uint32_t size = 1;

        while (!(rid & size) && rid + 2 * size - 1 <= range->bdf_last)
            size *= 2;
        block.bdf_first = block.bdf_last = (uint16_t)rid;
        block.bdf_ignored = (uint16_t)(size - 1);
        add_range(reader, node, &block);
        rid += size;
    }
}

static void take_range(void *context, const struct iort_range *found)
{
    struct reader *reader = context;
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
        add_constant(reader, found->node, &range);
    else
        add_range(reader, found->node, &range);
}

/* The requesters of a segment, once, at its first root complex. False: no steps are left. */
static bool read_segment(struct reader *reader, const struct iort_node *root)
{
    const struct iort *iort = reader->iort;

    reader->segment = iort_segment(iort, root);
    for (const struct iort_node *node = iort->nodes; node < root; node++)
        if (node->type == IORT_TYPE_ROOT && iort_segment(iort, node) == reader->segment)
            return true;
    return iort_ranges(iort, reader->segment, 0, UINT16_MAX, IORT_IOMMU, &reader->steps, take_range,
                       reader, reader->sink);
}

/* False: no steps are left. */
static bool name_component(struct reader *reader, const struct iort_node *node)
{
    const struct iort *iort = reader->iort;
    const char *name = iort_name(iort, node);
    struct iort_target target;
    enum iort_outcome outcome = IORT_UNMAPPED;

    if (reader->viommus && node->mapping_count)
        outcome = iort_map_component(iort, name, iort->mappings[node->mapping_first].input_first,
                                     IORT_IOMMU, &reader->steps, &target);
    if (outcome == IORT_TOO_LONG)
        sink_note(reader->sink, "%s: too much work to name its components (table left out)",
                  iort->label);
    if (outcome != IORT_MAPPED || !iort_is_viommu(target.node))
        return outcome != IORT_TOO_LONG;
    sink_note(reader->sink,
              "%s byte %" PRIu32 ": the component '%.60s' has endpoint id %" PRIu32
              ", but only AML knows its address (left out)",
              iort->label, iort->base + node->offset, name, target.id);
    return true;
}

static bool read_nodes(struct reader *reader)
{
    const struct iort *iort = reader->iort;

    for (unsigned i = 0; i < iort->node_count; i++)
        add_iommu(reader, &iort->nodes[i]);
    for (unsigned i = 0; i < iort->node_count; i++) {
        if (iort->nodes[i].type == IORT_TYPE_ROOT && !read_segment(reader, &iort->nodes[i]))
            return false;
        if (iort->nodes[i].type == IORT_TYPE_COMPONENT && !name_component(reader, &iort->nodes[i]))
            return false;
    }
    return true;
}

/* All that was added since `mark`, or nothing of it. */
static void settle(struct topology *topology, const struct topology_mark *mark, bool is_whole,
                   unsigned left_out, const struct reader *reader)
{
    if (!topology)
        return;
    if (is_whole)
        topology_settle(topology, mark, left_out, reader->iort->label, reader->sink);
    else
        topology_reset(topology, mark);
}

void iort_topology(const struct iort *iort, struct topology *viommus, struct topology *others,
                   const struct sink *sink)
{
    const struct topology_mark viommus_mark = topology_mark(viommus);
    const struct topology_mark others_mark = topology_mark(others);
    struct reader reader = {
        .iort = iort, .viommus = viommus, .others = others, .sink = sink, .steps = IORT_MAX_STEPS};
    bool is_whole = read_nodes(&reader);

    settle(viommus, &viommus_mark, is_whole, reader.viommus_left_out, &reader);
    settle(others, &others_mark, is_whole, reader.others_left_out, &reader);
}
