// SPDX-License-Identifier: BSD-2-Clause
#include "lib/topology/devicetree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/fdt/pci_host.h"

#define ENTRY_CELLS 4 /* rid-base, phandle, iommu-base, length */
#define ENTRY_SIZE  (4 * ENTRY_CELLS)
#define RID_END     0x10000ull
#define ID_END      0x100000000ull
#define BDF_SHIFT   8 /* in the first cell of a PCI function's reg */
#define BUS_BITS    0xff00u
#define LABEL_SIZE  64
#define ENTRIES_MAX 1024 /* of a map: more than any machine has, and soon read */
#define CELLS_MAX   4    /* #iommu-cells */

struct reader {
    struct fdt fdt;
    struct topology *out;
    const struct sink *sink;
    unsigned left_out;
    char label[LABEL_SIZE]; /* of the property that is being read */
};

/* The IOMMU that a phandle names. */
struct named_iommu {
    unsigned index; /* in out->iommus[] */
    uint32_t cells; /* of a specifier */
};

static void name_property(struct reader *reader, uint32_t node, const char *property)
{
    snprintf(reader->label, sizeof(reader->label), "device tree %.30s %s",
             fdt_name(&reader->fdt, node), property);
}

static void report(const struct reader *reader, uint32_t cell, const char *field, uint64_t value,
                   const char *expected)
{
    sink_field(reader->sink, reader->label, 4 * cell, field, value, "%s", expected);
}

/* The host bridge above a function's node. False: there is none that can be used. */
static bool host_above(const struct fdt *fdt, uint32_t node, struct fdt_pci_host *host)
{
    while ((node = fdt_parent(fdt, node)) != FDT_NONE)
        if (fdt_is_pci_host(fdt, node))
            return fdt_read_pci_host(fdt, node, host, NULL);
    return false;
}

static bool is_virtio(const struct fdt *fdt, uint32_t node)
{
    return fdt_is_compatible(fdt, node, "virtio,mmio") ||
           fdt_is_compatible(fdt, node, "virtio,pci-iommu") ||
           fdt_is_compatible(fdt, node, "pci1af4,1057");
}

/* What the node of a virtio-iommu is: a block or a function below a PCI host bridge. */
static bool read_virtio_iommu(const struct fdt *fdt, uint32_t node, struct topology_device *device)
{
    struct fdt_pci_host host;
    struct fdt_property reg;
    struct fdt_range range;

    if (fdt_is_compatible(fdt, node, "virtio,mmio")) {
        if (!fdt_reg(fdt, node, 0, &range))
            return false;
        *device = topology_block(range.base);
        return true;
    }
    if (!host_above(fdt, node, &host) || !fdt_find_property(fdt, node, "reg", &reg) ||
        !fdt_cell_count(&reg))
        return false;
    *device = topology_function(host.segment, (uint16_t)(fdt_cells(&reg, 0, 1) >> BDF_SHIFT));
    return true;
}

static enum topology_kind kind_of(const struct fdt *fdt, uint32_t node)
{
    static const struct {
        const char *compatible;
        enum topology_kind kind;
    } kinds[] = {
        {"arm,smmu-v3", TOPOLOGY_SMMU_V3}, {"arm,smmu-v1", TOPOLOGY_SMMU},
        {"arm,smmu-v2", TOPOLOGY_SMMU},    {"arm,mmu-400", TOPOLOGY_SMMU},
        {"arm,mmu-401", TOPOLOGY_SMMU},    {"arm,mmu-500", TOPOLOGY_SMMU},
        {"riscv,iommu", TOPOLOGY_RISCV},   {"riscv,pci-iommu", TOPOLOGY_RISCV},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (fdt_is_compatible(fdt, node, kinds[i].compatible))
            return kinds[i].kind;
    return TOPOLOGY_UNKNOWN_IOMMU;
}

/* Whether the node is an IOMMU of any kind that can be identified by where it is. */
static bool read_iommu(const struct fdt *fdt, uint32_t node, struct topology_iommu *iommu,
                       uint32_t *cells)
{
    struct fdt_property property;
    struct fdt_range range = {0};

    *iommu = (struct topology_iommu){.source = TOPOLOGY_DEVICE_TREE};
    if (!fdt_find_property(fdt, node, "#iommu-cells", &property))
        return false;
    *cells = fdt_u32(fdt, node, "#iommu-cells", UINT32_MAX);
    if (is_virtio(fdt, node))
        return *cells == 1 && read_virtio_iommu(fdt, node, &iommu->device);
    fdt_reg(fdt, node, 0, &range);
    iommu->kind = kind_of(fdt, node);
    iommu->device = topology_block(range.base);
    return *cells <= CELLS_MAX;
}

/* Finds it among the records, or adds it. False: there is no room. */
static bool record(struct reader *reader, const struct topology_iommu *iommu, unsigned *index)
{
    struct topology *out = reader->out;

    for (*index = 0; *index < out->iommu_count; ++*index)
        if (out->iommus[*index].source == iommu->source &&
            out->iommus[*index].kind == iommu->kind &&
            topology_same_device(&out->iommus[*index].device, &iommu->device))
            return true;
    reader->left_out += !topology_add_iommu(out, iommu);
    return *index < out->iommu_count;
}

/* Finds or adds the IOMMU that the phandle at `cell` names. False: reported, or no room. */
static bool find_iommu(struct reader *reader, uint32_t cell, uint32_t phandle,
                       struct named_iommu *named)
{
    uint32_t node = fdt_find_phandle(&reader->fdt, phandle);
    struct topology_iommu iommu;

    if (node == FDT_NONE && fdt_has_phandle(&reader->fdt, phandle)) {
        sink_note(reader->sink,
                  "%s byte %" PRIu32 ": phandle 0x%" PRIx32 " is that of a node which is not "
                  "enabled (entry skipped)",
                  reader->label, 4 * cell, phandle);
        return false;
    }
    if (node == FDT_NONE || !read_iommu(&reader->fdt, node, &iommu, &named->cells)) {
        report(reader, cell, "phandle", phandle,
               "that of an IOMMU, with #iommu-cells 1 if it is virtio's (entry skipped)");
        return false;
    }
    return record(reader, &iommu, &named->index);
}

static void add_range(struct reader *reader, const struct topology_range *range)
{
    reader->left_out += !topology_add_range(reader->out, range);
}

static bool check_map(const struct reader *reader, const struct fdt_property *map, uint16_t ignored)
{
    if (map->length % ENTRY_SIZE) {
        report(reader, 0, "the size", map->length, "a multiple of 16 (map left out)");
        return false;
    }
    if (map->length / ENTRY_SIZE > ENTRIES_MAX) {
        sink_note(reader->sink, "%s: %" PRIu32 " entries, and %d are read (map left out)",
                  reader->label, map->length / ENTRY_SIZE, ENTRIES_MAX);
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

/*
 * The functions of one entry that the host bridge has; false: none. Where bits of the bus are
 * ignored the entry's functions are not those of the buses, which then are a bound of their own.
 */
static bool clip(struct topology_range *range, uint64_t rid, uint64_t length,
                 const struct fdt_pci_host *host)
{
    uint64_t first = rid, end = rid + length < RID_END ? rid + length : RID_END;
    uint64_t bus_first = (uint64_t)host->bus_first << 8, bus_end = (host->bus_last + 1ull) << 8;

    if (range->bdf_ignored & BUS_BITS) {
        range->has_buses = true;
        range->bus_first = host->bus_first;
        range->bus_last = host->bus_last;
    } else {
        first = first < bus_first ? bus_first : first;
        end = end > bus_end ? bus_end : end;
    }
    if (first >= end)
        return false;
    range->bdf_first = (uint16_t)first;
    range->bdf_last = (uint16_t)(end - 1);
    range->id_first += (uint32_t)(first - rid);
    return true;
}

static void read_entry(struct reader *reader, const struct fdt_pci_host *host,
                       const struct fdt_property *map, uint32_t at, uint16_t ignored)
{
    struct named_iommu iommu;
    struct topology_range range = {
        .source = TOPOLOGY_DEVICE_TREE,
        .bus = TOPOLOGY_PCI,
        .segment_first = host->segment,
        .segment_last = host->segment,
        .bdf_ignored = ignored,
        .id_first = (uint32_t)fdt_cells(map, at + 2, 1),
    };

    if (!clip(&range, fdt_cells(map, at, 1), fdt_cells(map, at + 3, 1), host) ||
        !find_iommu(reader, at + 1, (uint32_t)fdt_cells(map, at + 1, 1), &iommu))
        return;
    range.iommu = iommu.index;
    add_range(reader, &range);
}

/* Entries from the last to the first, as of a source's ranges the later one counts. */
static void read_map(struct reader *reader, uint32_t node, const struct fdt_property *map)
{
    const struct fdt *fdt = &reader->fdt;
    struct fdt_property mask_property;
    struct fdt_pci_host host;
    uint32_t mask = fdt_u32(fdt, node, "iommu-map-mask", UINT32_MAX);
    uint16_t ignored = (uint16_t)~mask;

    name_property(reader, node, "iommu-map");
    if (!fdt_is_pci_host(fdt, node)) {
        sink_note(reader->sink, "%s: not of a PCI host bridge that is driven (map left out)",
                  reader->label);
        return;
    }
    if (!fdt_read_pci_host(fdt, node, &host, reader->sink))
        return;
    if (fdt_find_property(fdt, node, "iommu-map-mask", &mask_property) &&
        mask_property.length != 4) {
        report(reader, 0, "the size of iommu-map-mask", mask_property.length, "4 (map left out)");
        return;
    }
    if (!check_map(reader, map, ignored))
        return;
    for (uint32_t at = fdt_cell_count(map); at; at -= ENTRY_CELLS)
        read_entry(reader, &host, map, at - ENTRY_CELLS, ignored);
}

/* The specifier at *at, which becomes that of the next; false: reported. */
static bool read_specifier(struct reader *reader, const struct fdt_property *iommus, uint32_t *at,
                           struct named_iommu *iommu, uint32_t *id)
{
    uint32_t end = fdt_cell_count(iommus), phandle_at = *at;

    if (!find_iommu(reader, phandle_at, (uint32_t)fdt_cells(iommus, phandle_at, 1), iommu))
        return false;
    if (iommu->cells > end - phandle_at - 1) {
        report(reader, phandle_at, "cells that are left", end - phandle_at - 1,
               "as many as #iommu-cells of the IOMMU says (left out)");
        return false;
    }
    *id = iommu->cells ? (uint32_t)fdt_cells(iommus, phandle_at + 1, 1) : 0;
    *at = phandle_at + 1 + iommu->cells;
    return true;
}

/* Of several ids the first counts, as of a map's entries; the others are named. */
static void read_iommus(struct reader *reader, uint32_t node, const struct fdt_property *iommus)
{
    struct topology_range range = {.source = TOPOLOGY_DEVICE_TREE, .bus = TOPOLOGY_MMIO};
    struct fdt_range reg;
    struct named_iommu iommu;
    uint32_t at = 0, id;

    name_property(reader, node, "iommus");
    if (iommus->length < 4 || iommus->length % 4) {
        report(reader, 0, "the size", iommus->length, "a multiple of 4, and not 0 (left out)");
        return;
    }
    if (!fdt_reg(&reader->fdt, node, 0, &reg) ||
        !read_specifier(reader, iommus, &at, &iommu, &range.id_first))
        return;
    range.base = reg.base;
    range.iommu = iommu.index;
    while (at < fdt_cell_count(iommus)) {
        if (!read_specifier(reader, iommus, &at, &iommu, &id))
            return;
        sink_note(reader->sink, "%s: id 0x%" PRIx32 " too; the first, 0x%" PRIx32 ", is tested",
                  reader->label, id, range.id_first);
    }
    add_range(reader, &range);
}

/* A PCI function may have a node, but what manages it is described at its host bridge. */
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

static void read_nodes(struct reader *reader)
{
    const struct fdt *fdt = &reader->fdt;
    struct fdt_property property;

    for (uint32_t node = fdt_first_enabled(fdt); node != FDT_NONE;
         node = fdt_next_enabled(fdt, node)) {
        if (fdt_find_property(fdt, node, "iommu-map", &property)) {
            reader->out->has_maps = true;
            read_map(reader, node, &property);
        }
        if (!fdt_find_property(fdt, node, "iommus", &property))
            continue;
        reader->out->has_maps = true;
        if (fdt_is_compatible(fdt, node, "virtio,mmio"))
            read_iommus(reader, node, &property);
        else if (is_function(fdt, node))
            refuse_iommus(reader, node, &property);
    }
}

/* A virtio-iommu that no map leads to is described, too: with nothing behind it. */
static void read_unnamed(struct reader *reader)
{
    const struct fdt *fdt = &reader->fdt;
    struct topology_iommu iommu;
    unsigned index;
    uint32_t cells;

    for (uint32_t node = fdt_first_enabled(fdt); node != FDT_NONE;
         node = fdt_next_enabled(fdt, node))
        if (read_iommu(fdt, node, &iommu, &cells) && iommu.kind == TOPOLOGY_VIRTIO_IOMMU)
            record(reader, &iommu, &index);
}

/* What is by IOMMUs of other kinds among the records of *out since `mark`. */
static void copy_others(const struct topology *out, const struct topology_mark *mark,
                        struct topology *others, const struct sink *sink)
{
    const struct topology_mark begin = topology_mark(others);
    unsigned left_out = 0;

    for (unsigned i = mark->iommu_count; i < out->iommu_count; i++) {
        if (out->iommus[i].kind == TOPOLOGY_VIRTIO_IOMMU)
            continue;
        left_out += !topology_add_iommu(others, &out->iommus[i]);
        for (unsigned n = mark->range_count; n < out->range_count; n++) {
            struct topology_range range = out->ranges[n];

            if (range.iommu != i)
                continue;
            range.iommu = others->iommu_count - 1;
            left_out += !topology_add_range(others, &range);
        }
    }
    topology_settle(others, &begin, left_out, "device tree", sink);
}

void devicetree_topology(const struct fdt *fdt, struct topology *out, struct topology *others,
                         const struct sink *sink)
{
    const struct topology_mark mark = topology_mark(out);
    struct reader reader = {.fdt = *fdt, .out = out, .sink = sink};
    struct fdt_work work = {.steps = FDT_STEPS};

    reader.fdt.work = &work;
    read_nodes(&reader);
    read_unnamed(&reader);
    if (!work.steps) {
        topology_reset(out, &mark);
        sink_note(sink, "device tree: more work than a machine asks for; its topology is left out");
    } else if (topology_settle(out, &mark, reader.left_out, "device tree", sink)) {
        copy_others(out, &mark, others, sink);
    }
}
