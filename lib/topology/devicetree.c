// SPDX-License-Identifier: BSD-2-Clause
#include "lib/topology/devicetree.h"

#include <stdio.h>
#include <string.h>

#define ENTRY_CELLS 4 /* rid-base, phandle, iommu-base, length */
#define ENTRY_SIZE  (4 * ENTRY_CELLS)
#define RID_END     0x10000ull
#define ID_END      0x100000000ull
#define BDF_SHIFT   8 /* in the first cell of a PCI function's reg */
#define LABEL_SIZE  64
#define ENTRIES_MAX 1024 /* of a map: more than any machine has, and soon read */

struct reader {
    const struct fdt *fdt;
    struct topology *out;
    const struct sink *sink;
    char label[LABEL_SIZE]; /* of the property that is being read */
};

static void name_property(struct reader *reader, uint32_t node, const char *property)
{
    snprintf(reader->label, sizeof(reader->label), "device tree %.30s %s",
             fdt_name(reader->fdt, node), property);
}

static void report(const struct reader *reader, uint32_t cell, const char *field, uint64_t value,
                   const char *expected)
{
    sink_field(reader->sink, reader->label, 4 * cell, field, value, "%s", expected);
}

/* The PCI domain of a node's nearest ancestor that tells one. */
static uint16_t segment_above(const struct fdt *fdt, uint32_t node)
{
    struct fdt_property property;

    do {
        node = fdt_parent(fdt, node);
        if (node == FDT_NONE)
            return 0;
    } while (!fdt_find_property(fdt, node, "linux,pci-domain", &property));
    return (uint16_t)fdt_u32(fdt, node, "linux,pci-domain", 0);
}

/* What the node of an IOMMU is: a virtio-mmio block or a function below a PCI host bridge. */
static bool read_iommu(const struct fdt *fdt, uint32_t node, struct topology_iommu *iommu)
{
    struct fdt_property reg;
    struct fdt_range range;

    *iommu = (struct topology_iommu){.source = TOPOLOGY_DEVICE_TREE};
    if (fdt_is_compatible(fdt, node, "virtio,mmio")) {
        if (!fdt_reg(fdt, node, 0, &range))
            return false;
        iommu->device = topology_block(range.base);
        return true;
    }
    if (!fdt_is_compatible(fdt, node, "virtio,pci-iommu") &&
        !fdt_is_compatible(fdt, node, "pci1af4,1057"))
        return false;
    if (node == fdt_root(fdt) || !fdt_find_property(fdt, node, "reg", &reg) ||
        !fdt_cell_count(&reg))
        return false;
    iommu->device =
        topology_function(segment_above(fdt, node), (uint16_t)(fdt_cells(&reg, 0, 1) >> BDF_SHIFT));
    return true;
}

/* Finds or adds the IOMMU that the phandle at `cell` names. False: reported. */
static bool find_iommu(const struct reader *reader, uint32_t cell, uint32_t phandle,
                       unsigned *index)
{
    const struct fdt *fdt = reader->fdt;
    struct topology *out = reader->out;
    uint32_t node = fdt_find_phandle(fdt, phandle);
    struct topology_iommu iommu;

    if (node == FDT_NONE || !fdt_is_enabled(fdt, node) ||
        fdt_u32(fdt, node, "#iommu-cells", 0) != 1 || !read_iommu(fdt, node, &iommu)) {
        report(reader, cell, "phandle", phandle,
               "that of an enabled virtio-iommu with #iommu-cells 1 (entry skipped)");
        return false;
    }
    for (*index = 0; *index < out->iommu_count; ++*index)
        if (out->iommus[*index].source == iommu.source &&
            topology_same_device(&out->iommus[*index].device, &iommu.device))
            return true;
    if (topology_add_iommu(out, &iommu))
        return true;
    report(reader, cell, "phandle", phandle, "8 IOMMUs at most (entry skipped)");
    return false;
}

static void add_range(const struct reader *reader, uint32_t cell,
                      const struct topology_range *range)
{
    if (!topology_add_range(reader->out, range))
        report(reader, cell, "entry", cell, "room for its range (left out)");
}

static bool check_map(const struct reader *reader, const struct fdt_property *map, uint16_t ignored)
{
    if (map->length % ENTRY_SIZE) {
        report(reader, 0, "the size", map->length, "a multiple of 16 (map left out)");
        return false;
    }
    if (map->length / ENTRY_SIZE > ENTRIES_MAX) {
        report(reader, 0, "the size", map->length, "1024 entries at most (map left out)");
        return false;
    }
    for (uint32_t at = 0; at < fdt_cell_count(map); at += ENTRY_CELLS) {
        uint64_t rid = fdt_cells(map, at, 1), id = fdt_cells(map, at + 2, 1);
        uint64_t length = fdt_cells(map, at + 3, 1);

        if (rid & (ignored | ~(RID_END - 1))) {
            report(reader, at, "rid-base", rid, "no bit outside iommu-map-mask (map left out)");
            return false;
        }
        if (rid + length > ID_END || id + length > ID_END) {
            report(reader, at + 3, "length", length, "ids that fit in 32 bits (map left out)");
            return false;
        }
    }
    return true;
}

/* The functions of one entry that the host bridge has; false: none. */
static bool clip(struct topology_range *range, uint64_t rid, uint64_t length, uint32_t bus_first,
                 uint32_t bus_last)
{
    uint64_t first = rid, end = rid + length < RID_END ? rid + length : RID_END;

    if (!range->bdf_ignored) {
        first = first < bus_first << 8 ? bus_first << 8 : first;
        end = end > (bus_last + 1) << 8 ? (bus_last + 1) << 8 : end;
    }
    if (first >= end)
        return false;
    range->bdf_first = (uint16_t)first;
    range->bdf_last = (uint16_t)(end - 1);
    range->id_first += (uint32_t)(first - rid);
    return true;
}

static void read_entry(const struct reader *reader, uint32_t node, const struct fdt_property *map,
                       uint32_t at, uint16_t ignored)
{
    const struct fdt *fdt = reader->fdt;
    uint16_t segment = (uint16_t)fdt_u32(fdt, node, "linux,pci-domain", 0);
    uint32_t bus_first = 0, bus_last = UINT8_MAX;
    struct fdt_property buses;
    struct topology_range range = {
        .source = TOPOLOGY_DEVICE_TREE,
        .bus = TOPOLOGY_PCI,
        .segment_first = segment,
        .segment_last = segment,
        .bdf_ignored = ignored,
        .id_first = (uint32_t)fdt_cells(map, at + 2, 1),
    };

    if (fdt_find_property(fdt, node, "bus-range", &buses) && fdt_cell_count(&buses) == 2) {
        bus_first = (uint32_t)fdt_cells(&buses, 0, 1) & UINT8_MAX;
        bus_last = (uint32_t)fdt_cells(&buses, 1, 1) & UINT8_MAX;
    }
    if (clip(&range, fdt_cells(map, at, 1), fdt_cells(map, at + 3, 1), bus_first, bus_last) &&
        find_iommu(reader, at + 1, (uint32_t)fdt_cells(map, at + 1, 1), &range.iommu))
        add_range(reader, at, &range);
}

static void read_map(struct reader *reader, uint32_t node, const struct fdt_property *map)
{
    uint32_t mask = fdt_u32(reader->fdt, node, "iommu-map-mask", UINT32_MAX);
    uint16_t ignored = (uint16_t)~mask;

    name_property(reader, node, "iommu-map");
    if (!check_map(reader, map, ignored))
        return;
    for (uint32_t at = fdt_cell_count(map); at; at -= ENTRY_CELLS)
        read_entry(reader, node, map, at - ENTRY_CELLS, ignored);
}

/* Of several pairs the first counts, as of a map's entries. */
static void read_iommus(struct reader *reader, uint32_t node, const struct fdt_property *iommus)
{
    struct topology_range range = {.source = TOPOLOGY_DEVICE_TREE, .bus = TOPOLOGY_MMIO};
    struct fdt_range reg;

    name_property(reader, node, "iommus");
    if (iommus->length < 8 || iommus->length % 8) {
        report(reader, 0, "the size", iommus->length, "a multiple of 8, and not 0 (left out)");
        return;
    }
    if (!fdt_reg(reader->fdt, node, 0, &reg))
        return;
    range.base = reg.base;
    range.id_first = (uint32_t)fdt_cells(iommus, 1, 1);
    if (find_iommu(reader, 0, (uint32_t)fdt_cells(iommus, 0, 1), &range.iommu))
        add_range(reader, 0, &range);
}

/* A PCI function may have a node, but it is its host bridge that tells what manages it. */
static bool is_function(const struct fdt *fdt, uint32_t node)
{
    uint32_t parent = fdt_parent(fdt, node);
    const char *type = parent == FDT_NONE ? NULL : fdt_text(fdt, parent, "device_type");

    return type && !strcmp(type, "pci");
}

static void refuse_iommus(struct reader *reader, uint32_t node, const struct fdt_property *iommus)
{
    name_property(reader, node, "iommus");
    report(reader, 0, "the size", iommus->length, "iommu-map of the host bridge (left out)");
}

void devicetree_topology(const struct fdt *fdt, struct topology *out, const struct sink *sink)
{
    struct reader reader = {.fdt = fdt, .out = out, .sink = sink};
    struct fdt_property property;

    for (uint32_t node = fdt_root(fdt); node != FDT_NONE; node = fdt_next(fdt, node)) {
        if (!fdt_is_enabled(fdt, node))
            continue;
        if (fdt_find_property(fdt, node, "iommu-map", &property))
            read_map(&reader, node, &property);
        if (!fdt_find_property(fdt, node, "iommus", &property))
            continue;
        if (fdt_is_compatible(fdt, node, "virtio,mmio"))
            read_iommus(&reader, node, &property);
        else if (is_function(fdt, node))
            refuse_iommus(&reader, node, &property);
    }
}
