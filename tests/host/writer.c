// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/writer.h"

#include <stdio.h>

#include "tests/host/table_iort.h"
#include "tests/host/tree.h"

#define SEGMENTS 4 /* of device trees and IORTs */
#define MAX_MAPS TOPOLOGY_MAX_RANGES

static void write_viot_range(struct table *table, const struct topology_range *range, bool is_v8,
                             uint32_t output)
{
    bool is_pci = range->bus == TOPOLOGY_PCI;
    uint32_t node = table_add(table, 24), at = node + 10;

    table_put(table, node, 4, 24 << 16 | (is_pci ? 1 : 2));
    table_put(table, node + 4, 4, range->id_first);
    table_put(table, node + 16, 2, output);
    if (!is_pci) {
        table_put(table, node + 8, 8, range->base);
        return;
    }
    table_put(table, node + 8, 2, range->segment_first);
    if (!is_v8) {
        table_put(table, at, 2, range->segment_last);
        at += 2;
    }
    table_put(table, at, 2, range->bdf_first);
    table_put(table, at + 2, 2, range->bdf_last);
}

void writer_viot(struct table *table, const struct topology *topology, bool is_v8)
{
    table_begin(table, "VIOT", 0, 48);
    table_put(table, 36, 2, topology->iommu_count + topology->range_count);
    table_put(table, 38, 2, 48);
    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];
        bool is_pci = iommu->bus == TOPOLOGY_PCI;
        uint32_t node = table_add(table, 16);

        table_put(table, node, 4, 16 << 16 | (is_pci ? 3 : 4));
        if (is_pci)
            table_put(table, node + 4, 4, (uint32_t)iommu->bdf << 16 | iommu->segment);
        else
            table_put(table, node + 8, 8, iommu->base);
    }
    for (unsigned i = 0; i < topology->range_count; i++)
        write_viot_range(table, &topology->ranges[i], is_v8, 48 + 16 * topology->ranges[i].iommu);
    table_seal(table);
}

void writer_iort(struct table *table, const struct topology *topology, bool in_viot)
{
    uint32_t nodes[TOPOLOGY_MAX_IOMMUS];

    table_iort_begin(table, 0, in_viot);
    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];

        nodes[i] =
            table_iort_viommu(table, iommu->base, (uint32_t)iommu->segment << 16 | iommu->bdf);
    }
    for (uint16_t segment = 0; segment < SEGMENTS; segment++) {
        struct table_mapping maps[MAX_MAPS];
        unsigned count = 0;

        for (unsigned i = 0; i < topology->range_count; i++) {
            const struct topology_range *range = &topology->ranges[i];

            if (range->bus == TOPOLOGY_PCI && range->segment_first == segment)
                maps[count++] = (struct table_mapping){
                    range->bdf_first, (uint32_t)(range->bdf_last - range->bdf_first),
                    range->id_first, nodes[range->iommu], 0};
        }
        table_iort_root(table, segment, maps, count);
    }
    table_seal(table);
}

/* Where the parts of an item are, by version; 0: it has none. */
static const struct item {
    unsigned type_width, size, first_type;
    unsigned id, segment, segment_last, bdf_first, bdf_last; /* of a range of functions */
} items[] = {
    [1] = {2, 16, 0, 4, 8, 0, 10, 12},
    [2] = {2, 16, 1, 8, 2, 0, 4, 6},
    [3] = {1, 16, 1, 4, 8, 0, 10, 12},
    [4] = {1, 16, 1, 4, 8, 10, 12, 14},
};

static void write_item(struct table *table, const struct topology_range *range, unsigned version)
{
    const struct item *item = &items[version];
    uint32_t at = table_add(table, item->size);
    bool is_pci = range->bus == TOPOLOGY_PCI;

    table_put(table, at, item->type_width, item->first_type + !is_pci);
    if (version >= 3)
        table_put(table, at + 2, 2, item->size);
    table_put(table, at + (is_pci ? item->id : 4), 4, range->id_first);
    if (!is_pci) {
        table_put(table, at + 8, 8, range->base);
        return;
    }
    table_put(table, at + item->segment, 2, range->segment_first);
    if (item->segment_last)
        table_put(table, at + item->segment_last, 2, range->segment_last);
    table_put(table, at + item->bdf_first, 2, range->bdf_first);
    table_put(table, at + item->bdf_last, 2, range->bdf_last);
}

void writer_builtin(struct table *table, const struct topology *topology, unsigned version)
{
    const uint32_t count = topology->range_count;

    table->size = 0;
    table_add(table, version == 2 ? 48 : 40);
    for (unsigned i = 0; i < count; i++) {
        uint32_t at = table->size;

        write_item(table, &topology->ranges[i], version);
        if (version == 1 && i + 1 < count)
            table_put(table, at + 2, 2, table->size);
    }
    table_put(table, 36, 4,
              version == 1   ? (count ? 40 : 0)
              : version == 2 ? 48
                             : 40u << 16 | count);
    if (version == 2)
        table_put(table, 40, 8, 16ull << 32 | count);
}

static int write_bdf(char *text, size_t size, uint16_t segment, uint16_t bdf)
{
    return snprintf(text, size, "%x:%x:%x.%x", segment, bdf >> 8, bdf >> 3 & 31, bdf & 7);
}

static size_t write_option(char *text, size_t size, const struct topology_range *range)
{
    char first[24], last[24];

    if (range->bus == TOPOLOGY_MMIO)
        return (size_t)snprintf(text, size, " viommu.ep=0x%llx:%u", (unsigned long long)range->base,
                                range->id_first);
    write_bdf(first, sizeof(first), range->segment_first, range->bdf_first);
    write_bdf(last, sizeof(last), range->segment_first, range->bdf_last);
    return (size_t)snprintf(text, size, " viommu.ep=%s-%s:0x%x", first, last, range->id_first);
}

void writer_options(char *text, size_t size, const struct topology *topology)
{
    size_t length = 0;

    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];
        char bdf[24];

        write_bdf(bdf, sizeof(bdf), iommu->segment, iommu->bdf);
        length += (size_t)(iommu->bus == TOPOLOGY_PCI
                               ? snprintf(text + length, size - length, " viommu=pci:%s", bdf)
                               : snprintf(text + length, size - length, " viommu=mmio:0x%llx",
                                          (unsigned long long)iommu->base));
        for (unsigned n = 0; n < topology->range_count; n++)
            if (topology->ranges[n].iommu == i)
                length += write_option(text + length, size - length, &topology->ranges[n]);
    }
}

static void write_block(struct tree *tree, uint64_t base)
{
    const uint32_t reg[] = {(uint32_t)(base >> 32), (uint32_t)base, 0, 0x200};

    tree_begin(tree, "virtio");
    tree_text(tree, "compatible", "virtio,mmio");
    tree_cells(tree, "reg", reg, 4);
}

static void write_iommu(struct tree *tree, uint32_t phandle)
{
    tree_cell(tree, "#iommu-cells", 1);
    tree_cell(tree, "phandle", phandle);
    tree_end(tree);
}

static void write_host(struct tree *tree, const struct topology *topology, uint16_t segment)
{
    uint32_t map[4 * MAX_MAPS];
    unsigned cells = 0;

    tree_begin(tree, "pcie");
    tree_cell(tree, "linux,pci-domain", segment);
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];

        if (range->bus != TOPOLOGY_PCI || range->segment_first != segment)
            continue;
        map[cells++] = range->bdf_first;
        map[cells++] = range->iommu + 1;
        map[cells++] = range->id_first;
        map[cells++] = (uint32_t)(range->bdf_last - range->bdf_first) + 1;
    }
    tree_cells(tree, "iommu-map", map, cells);
    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];

        if (iommu->bus != TOPOLOGY_PCI || iommu->segment != segment)
            continue;
        tree_begin(tree, "iommu");
        tree_text(tree, "compatible", "virtio,pci-iommu");
        tree_cells(tree, "reg", (uint32_t[]){(uint32_t)iommu->bdf << 8, 0, 0, 0, 0}, 5);
        write_iommu(tree, i + 1);
    }
    tree_end(tree);
}

uint8_t *writer_devicetree(const struct topology *topology, size_t *size)
{
    static struct tree tree; /* too large for a frame */

    tree = (struct tree){0};
    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 2);
    tree_cell(&tree, "#size-cells", 2);
    for (uint16_t segment = 0; segment < SEGMENTS; segment++)
        write_host(&tree, topology, segment);
    for (unsigned i = 0; i < topology->iommu_count; i++)
        if (topology->iommus[i].bus == TOPOLOGY_MMIO) {
            write_block(&tree, topology->iommus[i].base);
            write_iommu(&tree, i + 1);
        }
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];

        if (range->bus != TOPOLOGY_MMIO)
            continue;
        write_block(&tree, range->base);
        tree_cells(&tree, "iommus", (uint32_t[]){range->iommu + 1, range->id_first}, 2);
        tree_end(&tree);
    }
    tree_end(&tree);
    return tree_finish(&tree, size);
}
