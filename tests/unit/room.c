// SPDX-License-Identifier: BSD-2-Clause
/*
 * As many IOMMUs and ranges as there is room for, and one more of either, by each source: all of it
 * stays, or none, as the one record that finds no room may be the one that decides.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/dmar.h"
#include "lib/acpi/iort_topology.h"
#include "lib/acpi/viot.h"
#include "lib/array/array.h"
#include "lib/topology/devicetree.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/table_iort.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

/* Reads a source of so many IOMMUs, with so many ranges in all. */
typedef void (*source)(unsigned iommus, unsigned ranges, struct topology *out,
                       const struct sink *sink);

/* Every other function, so that no two ranges become one. */
static uint32_t bdf_of(unsigned range)
{
    return 0x100 + 2 * range;
}

static void read_viot(unsigned iommus, unsigned ranges, struct topology *out,
                      const struct sink *sink)
{
    struct table table;

    table_begin(&table, "VIOT", 0, 48);
    table_put(&table, 36, 2, iommus + ranges);
    table_put(&table, 38, 2, 48);
    for (unsigned i = 0; i < iommus; i++) {
        uint32_t node = table_add(&table, 16);

        table_put(&table, node, 4, 3 | 16 << 16);
        table_put(&table, node + 6, 2, 8 * i);
    }
    for (unsigned i = 0; i < ranges; i++) {
        uint32_t node = table_add(&table, 24);

        table_put(&table, node, 4, 1 | 24 << 16);
        table_put(&table, node + 4, 4, i);
        table_put(&table, node + 12, 2, bdf_of(i));
        table_put(&table, node + 14, 2, bdf_of(i));
        table_put(&table, node + 16, 2, 48);
    }
    table_seal(&table);
    CHECK_EQ(viot_read(table.bytes, table.size, out, sink), VIOT_ACCEPTED);
}

static void read_iort(unsigned iommus, unsigned ranges, struct topology *out,
                      const struct sink *sink)
{
    static struct table_mapping maps[TOPOLOGY_MAX_RANGES + 1];
    static struct iort iort;
    struct table table;

    table_iort_begin(&table, 3, 0);
    for (unsigned i = 0; i < iommus; i++)
        table_iort_viommu(&table, 0xa000000 + 0x1000 * i, 0);
    for (unsigned i = 0; i < ranges; i++)
        maps[i] = (struct table_mapping){bdf_of(i), 0, i, 48, 0};
    table_iort_root(&table, 0, maps, ranges);
    table_seal(&table);
    CHECK(iort_open(&iort, table.bytes, table.size, sink));
    iort_topology(&iort, out, NULL, sink);
}

static void read_dmar(unsigned iommus, unsigned ranges, struct topology *out,
                      const struct sink *sink)
{
    struct table table;

    table_begin(&table, "DMAR", 1, 48);
    for (unsigned i = 0; i < iommus; i++) {
        unsigned scopes = i ? 0 : ranges;
        uint32_t unit = table_add(&table, 16 + 8 * scopes);

        table_put(&table, unit + 2, 2, 16 + 8 * scopes);
        table_put(&table, unit + 8, 8, 0xfed90000 + 0x1000 * i);
        for (unsigned n = 0; n < scopes; n++) {
            uint32_t scope = unit + 16 + 8 * n;

            table_put(&table, scope, 2, 1 | 8 << 8);
            table_put(&table, scope + 5, 1, bdf_of(n) >> 8);
            table_put(&table, scope + 6, 2, (bdf_of(n) >> 3 & 31) | (bdf_of(n) & 7) << 8);
        }
    }
    table_seal(&table);
    CHECK(dmar_read(table.bytes, table.size, out, sink));
}

static void read_ivrs(unsigned iommus, unsigned ranges, struct topology *out,
                      const struct sink *sink)
{
    struct table table;

    table_begin(&table, "IVRS", 1, 48);
    for (unsigned i = 0; i < iommus; i++) {
        unsigned entries = i ? 0 : ranges;
        uint32_t block = table_add(&table, 24 + 4 * entries);

        table_put(&table, block, 1, 0x10);
        table_put(&table, block + 2, 2, 24 + 4 * entries);
        table_put(&table, block + 8, 8, 0xfed80000 + 0x1000 * i);
        for (unsigned n = 0; n < entries; n++)
            table_put(&table, block + 24 + 4 * n, 4, 2 | bdf_of(n) << 8);
    }
    table_seal(&table);
    CHECK(ivrs_read(table.bytes, table.size, out, sink));
}

static void read_tree(unsigned iommus, unsigned ranges, struct topology *out,
                      const struct sink *sink)
{
    static uint32_t map[4 * (TOPOLOGY_MAX_RANGES + 1)];
    struct topology others = {0};
    struct tree tree = {0};
    struct fdt fdt;
    size_t size;

    tree_begin(&tree, "");
    for (uint32_t i = 0; i < iommus; i++) {
        tree_begin(&tree, "iommu");
        tree_text(&tree, "compatible", "virtio,mmio");
        tree_cells(&tree, "reg", (uint32_t[]){0, 0x200 * i, 0x200}, 3);
        tree_cell(&tree, "#iommu-cells", 1);
        tree_cell(&tree, "phandle", i + 1);
        tree_end(&tree);
    }
    for (uint32_t i = 0; i < ranges; i++)
        memcpy(map + 4 * i, (uint32_t[]){bdf_of(i), i % iommus + 1, i, 1}, 16);
    tree_begin(&tree, "pcie");
    tree_text(&tree, "compatible", "pci-host-ecam-generic");
    tree_cells(&tree, "reg", (uint32_t[]){0x40, 0, 0x10000000}, 3);
    tree_cells(&tree, "iommu-map", map, 4 * ranges);
    tree_end(&tree);
    tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, out, &others, sink);
    free(blob);
}

static const struct {
    const char *name;
    source read;
} sources[] = {{"VIOT", read_viot},
               {"IORT", read_iort},
               {"DMAR", read_dmar},
               {"IVRS", read_ivrs},
               {"device tree", read_tree}};

static void expect(unsigned i, unsigned iommus, unsigned ranges, bool has_room)
{
    static struct topology topology;
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};

    topology = (struct topology){0};
    sources[i].read(iommus, ranges, &topology, &sink);
    report_check(&report, has_room ? NULL : "records more than room is for", sources[i].name);
    if (topology.iommu_count != (has_room ? iommus : 0) ||
        topology.range_count != (has_room ? ranges : 0))
        unit_fail(__FILE__, __LINE__, "%s: %u of %u IOMMUs, %u of %u ranges", sources[i].name,
                  topology.iommu_count, iommus, topology.range_count, ranges);
}

static void both_boundaries(void)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(sources); i++) {
        expect(i, TOPOLOGY_MAX_IOMMUS, TOPOLOGY_MAX_RANGES, true);
        expect(i, TOPOLOGY_MAX_IOMMUS + 1, TOPOLOGY_MAX_RANGES, false);
        expect(i, TOPOLOGY_MAX_IOMMUS, TOPOLOGY_MAX_RANGES + 1, false);
    }
}

int main(void)
{
    static const struct unit units[] = {{"both_boundaries", both_boundaries}};

    return unit_main("room", units, ARRAY_LENGTH(units));
}
