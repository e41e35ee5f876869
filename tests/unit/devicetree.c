// SPDX-License-Identifier: BSD-2-Clause
/* iommu-map and iommus, good, odd and malformed, as a topology. */
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/tree_topology.h"
#include "tests/unit/fixtures/unit.h"

/*
 * A host bridge of segment 3, an IOMMU at 01:02.0 of it, tree_others over MMIO, an endpoint at 0x5000.
 */
static uint8_t *build(size_t *size, const uint32_t *map, unsigned cells, uint32_t mask,
                      const uint32_t *iommus, unsigned iommus_cells)
{
    struct tree tree = {0};

    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 2);
    tree_cell(&tree, "#size-cells", 2);
    tree_begin(&tree, "pcie@10000000");
    tree_text(&tree, "compatible", "pci-host-ecam-generic");
    tree_cells(&tree, "reg", (uint32_t[]){0, 0x10000000, 0, 0x400000}, 4);
    tree_cells(&tree, "bus-range", (uint32_t[]){1, 4}, 2);
    tree_cell(&tree, "linux,pci-domain", 3);
    if (map)
        tree_cells(&tree, "iommu-map", map, cells);
    if (mask != UINT32_MAX)
        tree_cell(&tree, "iommu-map-mask", mask);
    tree_begin(&tree, "iommu@1,2,0");
    tree_text(&tree, "compatible", "virtio,pci-iommu\0pci1af4,1057");
    tree_cells(&tree, "reg", (uint32_t[]){0x11000, 0, 0, 0, 0}, 5);
    tree_cell(&tree, "#iommu-cells", 1);
    tree_cell(&tree, "phandle", PCI_IOMMU);
    tree_end(&tree);
    tree_end(&tree);
    tree_add_iommu(&tree, "virtio@4000", 0x4000, MMIO_IOMMU);
    tree_add_iommu(&tree, "virtio@4200", 0x4200, NO_CELLS);
    tree_add_iommu(&tree, "virtio@4400", 0x4400, DISABLED);
    tree_begin(&tree, "smmu@6000");
    tree_text(&tree, "compatible", "arm,mmu-500\0arm,smmu-v2");
    tree_cells(&tree, "reg", (uint32_t[]){0, 0x6000, 0, 0x1000}, 4);
    tree_cell(&tree, "#iommu-cells", 2);
    tree_cell(&tree, "phandle", OTHER_IOMMU);
    tree_end(&tree);
    tree_begin(&tree, "virtio@5000");
    tree_text(&tree, "compatible", "virtio,mmio");
    tree_cells(&tree, "reg", (uint32_t[]){0, 0x5000, 0, 0x200}, 4);
    if (iommus)
        tree_cells(&tree, "iommus", iommus, iommus_cells);
    tree_end(&tree);
    tree_end(&tree);
    return tree_finish(&tree, size);
}

struct map_case {
    const char *name;
    uint32_t map[12];
    unsigned cells;
    uint32_t mask;
    uint16_t bdf;
    uint32_t id; /* UINT32_MAX: the function is not described */
    const char *report;
};

#define ALL  UINT32_MAX
#define NONE UINT32_MAX

static const struct map_case map_cases[] = {
    {"one", {0x100, PCI_IOMMU, 0x500, 0x80}, 4, ALL, 0x120, 0x520, NULL},
    {"first of a range", {0x100, PCI_IOMMU, 0x500, 0x80}, 4, ALL, 0x100, 0x500, NULL},
    {"length is a count", {0x100, PCI_IOMMU, 0x500, 0x80}, 4, ALL, 0x17f, 0x57f, NULL},
    {"behind the last", {0x100, PCI_IOMMU, 0x500, 0x80}, 4, ALL, 0x180, NONE, NULL},
    {"before the first", {0x200, PCI_IOMMU, 0x500, 0x80}, 4, ALL, 0x1ff, NONE, NULL},
    {"the IOMMU itself", {0x100, PCI_IOMMU, 0x100, 0x80}, 4, ALL, 0x110, NONE, NULL},
    {"beside the IOMMU", {0x100, PCI_IOMMU, 0x100, 0x80}, 4, ALL, 0x111, 0x111, NULL},
    {"over MMIO", {0x100, MMIO_IOMMU, 0, 0x80}, 4, ALL, 0x110, 0x10, NULL},
    {"everything", {0, MMIO_IOMMU, 0, 0x10000}, 4, ALL, 0x4ff, 0x4ff, NULL},
    {"clipped to the buses", {0, MMIO_IOMMU, 0x7000, 0x10000}, 4, ALL, 0x100, 0x7100, NULL},
    {"outside the buses", {0, MMIO_IOMMU, 0, 0x10000}, 4, ALL, 0x0ff, NONE, NULL},
    {"the first entry counts",
     {0x100, PCI_IOMMU, 0, 0x80, 0x100, MMIO_IOMMU, 0x900, 0x100},
     8,
     ALL,
     0x120,
     0x20,
     NULL},
    {"the second where the first ends",
     {0x100, PCI_IOMMU, 0, 0x80, 0x100, MMIO_IOMMU, 0x900, 0x100},
     8,
     ALL,
     0x180,
     0x980,
     NULL},
    {"split around the IOMMU",
     {0x100, PCI_IOMMU, 0x100, 0x10, 0x111, PCI_IOMMU, 0x111, 0xef},
     8,
     ALL,
     0x111,
     0x111,
     NULL},
    {"length 0", {0x100, PCI_IOMMU, 0, 0, 0x100, PCI_IOMMU, 7, 1}, 8, ALL, 0x100, 7, NULL},
    {"highest id", {0x100, PCI_IOMMU, 0xffffffff, 1}, 4, ALL, 0x100, 0xffffffff, NULL},
    {"id wraps",
     {0x100, PCI_IOMMU, 0xffffffff, 2},
     4,
     ALL,
     0x100,
     NONE,
     "pcie@10000000 iommu-map byte 12: length is 0x2"},
    {"rid wraps", {0x100, PCI_IOMMU, 0, 0xffffff01}, 4, ALL, 0x100, NONE, "byte 12: length"},
    {"rid of 17 bits", {0x10000, PCI_IOMMU, 0, 1}, 4, ALL, 0x100, NONE, "byte 0: rid-base"},
    {"longer than all functions", {0x100, PCI_IOMMU, 0, 0x20000}, 4, ALL, 0x4ff, 0x3ff, NULL},
    {"not whole entries", {0x100, PCI_IOMMU, 0}, 3, ALL, 0x100, NONE, "byte 0: the size is 0xc"},
    {"empty", {0}, 0, ALL, 0x100, NONE, NULL},
    {"one bad entry spoils the map",
     {0x100, PCI_IOMMU, 0, 0x80, 0x20000, PCI_IOMMU, 0, 1},
     8,
     ALL,
     0x100,
     NONE,
     "byte 16: rid"},
    {"no such phandle", {0x100, ABSENT, 0, 1}, 4, ALL, 0x100, NONE, "byte 4: phandle is 0x9"},
    {"phandle 0", {0x100, 0, 0, 1}, 4, ALL, 0x100, NONE, "byte 4: phandle is 0x0"},
    {"without #iommu-cells", {0x100, NO_CELLS, 0, 1}, 4, ALL, 0x100, NONE, "byte 4: phandle"},
    {"disabled",
     {0x100, DISABLED, 0, 1},
     4,
     ALL,
     0x100,
     NONE,
     "byte 4: phandle 0x4 is that of a node which is not enabled"},
    {"another IOMMU", {0x100, OTHER_IOMMU, 7, 1}, 4, ALL, 0x100, 7, NULL},
    {"skips a bad phandle",
     {0x100, ABSENT, 0, 1, 0x100, MMIO_IOMMU, 8, 1},
     8,
     ALL,
     0x100,
     8,
     "byte 4: phandle is 0x9"},
    {"mask without function bits", {0x100, MMIO_IOMMU, 0, 0x100}, 4, 0xfff8, 0x105, 0, NULL},
    {"mask of the device alone", {0x10, MMIO_IOMMU, 0x70, 8}, 4, 0xf8, 0x313, 0x70, NULL},
    {"rid-base outside the mask",
     {0x101, MMIO_IOMMU, 0, 1},
     4,
     0xfff8,
     0x100,
     NONE,
     "byte 0: rid-base is 0x101"},
};

static void maps(void)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(map_cases); i++) {
        const struct map_case *c = &map_cases[i];
        struct topology topology = {0};
        struct topology_match match = {.id = UINT32_MAX};
        struct fdt fdt;
        size_t size;
        uint8_t *blob = build(&size, c->map, c->cells, c->mask, NULL, 0);

        tree_said[0] = 0;
        CHECK(fdt_open(&fdt, blob, size, NULL));
        devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
        find_function(&topology, 3, c->bdf, &match);
        if (match.id != c->id)
            unit_fail(__FILE__, __LINE__, "%s: id 0x%x, expected 0x%x", c->name, match.id, c->id);
        if (c->report ? !strstr(tree_said, c->report) : tree_said[0] != 0)
            unit_fail(__FILE__, __LINE__, "%s: tree_said \"%s\"", c->name, tree_said);
        CHECK(!find_function(&topology, 0, c->bdf, &match));
        free(blob);
    }
}

static void endpoints_over_mmio(void)
{
    static const struct {
        uint32_t iommus[4];
        unsigned cells;
        uint32_t id;
        const char *report;
    } cases[] = {
        {{MMIO_IOMMU, 0x10000}, 2, 0x10000, NULL},
        {{PCI_IOMMU, 0xffffffff}, 2, 0xffffffff, NULL},
        {{MMIO_IOMMU, 5, PCI_IOMMU, 6}, 4, 5, "virtio@5000 iommus: id 0x6 too; the first, 0x5"},
        {{MMIO_IOMMU, 0x22, MMIO_IOMMU, 0x23}, 4, 0x22, "iommus: id 0x23 too"},
        {{MMIO_IOMMU, 5, PCI_IOMMU}, 3, NONE, "iommus byte 8: cells that are left is 0x0"},
        {{OTHER_IOMMU, 8, 0x7f}, 3, 8, NULL},
        {{OTHER_IOMMU, 8}, 2, NONE, "iommus byte 0: cells that are left is 0x1"},
        {{0}, 0, NONE, "virtio@5000 iommus byte 0: the size is 0x0"},
        {{ABSENT, 5}, 2, NONE, "virtio@5000 iommus byte 0: phandle is 0x9"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct topology topology = {0};
        struct topology_match match = {.id = UINT32_MAX};
        struct fdt fdt;
        size_t size;
        uint8_t *blob = build(&size, NULL, 0, ALL, cases[i].iommus, cases[i].cells);

        tree_said[0] = 0;
        CHECK(fdt_open(&fdt, blob, size, NULL));
        devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
        find_block(&topology, 0x5000, &match);
        CHECK_EQ(match.id, cases[i].id);
        CHECK(cases[i].report ? strstr(tree_said, cases[i].report) != NULL : !tree_said[0]);
        free(blob);
    }
}

static void iommus_are_what_the_tree_says(void)
{
    static const uint32_t map[] = {0x100, PCI_IOMMU, 0,     0x80,      0x200, MMIO_IOMMU,
                                   0,     0x80,      0x300, PCI_IOMMU, 0,     0x80};
    struct topology topology = {0};
    struct fdt fdt;
    size_t size;
    uint8_t *blob = build(&size, map, 12, ALL, NULL, 0);

    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, NULL);
    CHECK_EQ(topology.iommu_count, 2);
    CHECK_EQ(topology.range_count, 3);
    for (unsigned i = 0; i < topology.iommu_count; i++) {
        const struct topology_iommu *iommu = &topology.iommus[i];

        CHECK_EQ(iommu->source, TOPOLOGY_DEVICE_TREE);
        if (iommu->device.bus == TOPOLOGY_PCI)
            CHECK(iommu->device.segment == 3 && iommu->device.bdf == 0x110);
        else
            CHECK_EQ(iommu->device.base, 0x4000);
    }
    free(blob);
}

static void too_many_entries(void)
{
    static uint32_t map[4 * 1025];
    struct topology topology = {0};
    struct fdt fdt;
    size_t size;
    uint8_t *blob = build(&size, map, 4 * 1025, ALL, NULL, 0);

    tree_said[0] = 0;
    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    CHECK(strstr(tree_said, "iommu-map: 1025 entries, and 1024 are read"));
    free(blob);
}

/* A full topology keeps what it has, and what has no room is tree_said. */
static void no_room(void)
{
    static const uint32_t map[] = {0x100, PCI_IOMMU, 0, 0x80};
    struct topology topology = {.range_count = TOPOLOGY_MAX_RANGES};
    struct fdt fdt;
    size_t size;
    uint8_t *blob = build(&size, map, 4, ALL, NULL, 0);

    tree_said[0] = 0;
    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    CHECK(topology.range_count == TOPOLOGY_MAX_RANGES &&
          strstr(tree_said, "1 records more than room is for"));
    topology = (struct topology){.iommu_count = TOPOLOGY_MAX_IOMMUS};
    tree_said[0] = 0;
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    CHECK(topology.iommu_count == TOPOLOGY_MAX_IOMMUS &&
          strstr(tree_said, "all of it is left out"));
    free(blob);
}

/* Of another kind: named, and what it manages is nobody else's, as the earlier entry counts. */
static void other_kinds(void)
{
    static const uint32_t map[] = {0x100, OTHER_IOMMU, 0, 0x80, 0x100, MMIO_IOMMU, 0, 0x100};
    struct topology topology = {0};
    struct topology_match match;
    struct fdt fdt;
    size_t size;
    uint8_t *blob = build(&size, map, 8, ALL, NULL, 0);

    tree_said[0] = 0;
    tree_others = (struct topology){0};
    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    CHECK(!tree_said[0]);
    CHECK(find_function(&topology, 3, 0x120, &match));
    CHECK_EQ(topology.iommus[match.iommu].kind, TOPOLOGY_SMMU);
    CHECK(find_function(&topology, 3, 0x190, &match) && match.id == 0x90);
    CHECK_EQ(topology.iommus[match.iommu].kind, TOPOLOGY_VIRTIO_IOMMU);
    CHECK(tree_others.iommu_count == 1 && tree_others.iommus[0].device.base == 0x6000);
    CHECK(find_function(&tree_others, 3, 0x120, &match) &&
          !find_function(&tree_others, 3, 0x190, &match));
    free(blob);
}

/* As many entries as there are functions of two buses: what counted before must go on to count. */
static void sixty_five_entries(void)
{
    static uint32_t map[4 * 65];
    struct topology topology = {0};
    struct topology_match match;
    struct fdt fdt;
    size_t size;

    for (uint32_t i = 0; i < 65; i++)
        memcpy(map + 4 * i, (uint32_t[]){0x100 + i, MMIO_IOMMU, 0x1000 + i, 1}, 16);
    memcpy(map + 4 * 64, (uint32_t[]){0x100, MMIO_IOMMU, 0, 0x100}, 16);
    uint8_t *blob = build(&size, map, 4 * 65, ALL, NULL, 0);

    tree_said[0] = 0;
    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    CHECK(!tree_said[0]);
    CHECK(find_function(&topology, 3, 0x100, &match) && match.id == 0x1000);
    CHECK(find_function(&topology, 3, 0x13f, &match) && match.id == 0x103f);
    CHECK(find_function(&topology, 3, 0x140, &match) && match.id == 0x40);
    free(blob);
}

int main(void)
{
    static const struct unit units[] = {
        {"maps", maps},
        {"endpoints_over_mmio", endpoints_over_mmio},
        {"iommus_are_what_the_tree_says", iommus_are_what_the_tree_says},
        {"too_many_entries", too_many_entries},
        {"no_room", no_room},
        {"other_kinds", other_kinds},
        {"sixty_five_entries", sixty_five_entries},
    };

    return unit_main("devicetree", units, ARRAY_LENGTH(units));
}
