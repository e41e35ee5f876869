// SPDX-License-Identifier: BSD-2-Clause
/* What the nodes around an iommu-map are, and which of them have one. */
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/tree_topology.h"
#include "tests/unit/fixtures/unit.h"

/* A function of PCI gets what its host bridge says, whatever its own node does. */
static void functions_have_no_iommus(void)
{
    static const char *const types[] = {"pci", "soc", NULL};

    for (unsigned i = 0; i < ARRAY_LENGTH(types); i++) {
        struct topology topology = {0};
        struct tree tree = {0};
        struct fdt fdt;
        size_t size;

        tree_begin(&tree, "");
        tree_begin(&tree, "pcie@0");
        if (types[i])
            tree_bytes(&tree, "device_type", types[i], 4);
        tree_begin(&tree, "edu@2");
        tree_cells(&tree, "iommus", (uint32_t[]){PCI_IOMMU, 7}, 2);
        tree_end(&tree);
        tree_end(&tree);
        tree_end(&tree);

        uint8_t *blob = tree_finish(&tree, &size);

        tree_said[0] = 0;
        CHECK(fdt_open(&fdt, blob, size, NULL));
        devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
        CHECK(!topology.iommu_count && !topology.range_count);
        CHECK(i ? !tree_said[0]
                : strstr(tree_said, "edu@2 iommus byte 0: the size is 0x8") != NULL);
        free(blob);
    }
}

/* What names the root as an IOMMU names no function, but nothing outside the tree is looked at. */
static void the_root_is_an_iommu(void)
{
    struct topology topology = {0};
    struct tree tree = {0};
    struct fdt fdt;
    size_t size;

    tree_begin(&tree, "");
    tree_text(&tree, "compatible", "pci1af4,1057");
    tree_cells(&tree, "reg", (uint32_t[]){0x1000, 0, 0, 0, 0}, 5);
    tree_cell(&tree, "#iommu-cells", 1);
    tree_cell(&tree, "phandle", PCI_IOMMU);
    tree_cells(&tree, "iommu-map", (uint32_t[]){0, PCI_IOMMU, 0, 0x100}, 4);
    tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    tree_said[0] = 0;
    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    CHECK(topology.iommu_count == 0 &&
          strstr(tree_said, "not of a PCI host bridge that is driven"));
    free(blob);
}

/* A tree with one host bridge, whose node `edit` completes, and its IOMMU 00:02.0 at 2. */
static struct topology read_bridge(void (*edit)(struct tree *tree), const char *status)
{
    static struct tree tree; /* too large for a frame */
    struct topology topology = {0};
    struct fdt fdt;
    size_t size;

    tree = (struct tree){0};
    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 2);
    tree_cell(&tree, "#size-cells", 2);
    tree_begin(&tree, "bus");
    if (status)
        tree_bytes(&tree, "status", status, (uint32_t)strlen(status) + 1);
    tree_cell(&tree, "#address-cells", 2);
    tree_cell(&tree, "#size-cells", 2);
    tree_bytes(&tree, "ranges", "", 0);
    tree_begin(&tree, "pcie@10000000");
    tree_text(&tree, "compatible", "pci-host-ecam-generic");
    tree_cells(&tree, "iommu-map", (uint32_t[]){0, PCI_IOMMU, 0, 0x10000}, 4);
    edit(&tree);
    tree_begin(&tree, "iommu@2,0");
    tree_text(&tree, "compatible", "virtio,pci-iommu");
    tree_cells(&tree, "reg", (uint32_t[]){0x1000, 0, 0, 0, 0}, 5);
    tree_cell(&tree, "#iommu-cells", 1);
    tree_cell(&tree, "phandle", PCI_IOMMU);
    tree_end(&tree);
    tree_end(&tree);
    tree_end(&tree);
    tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    tree_said[0] = 0;
    tree_others = (struct topology){0};
    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    free(blob);
    return topology;
}

static void whole(struct tree *tree)
{
    tree_cells(tree, "reg", (uint32_t[]){0x40, 0x10000000, 0, 0x10000000}, 4);
}

static void buses_too_high(struct tree *tree)
{
    whole(tree);
    tree_cells(tree, "bus-range", (uint32_t[]){0x100, 0x1ff}, 2);
}

static void odd_buses(struct tree *tree)
{
    whole(tree);
    tree_cells(tree, "bus-range", (uint32_t[]){0, 1, 2}, 3);
}

static void high_domain(struct tree *tree)
{
    whole(tree);
    tree_cell(tree, "linux,pci-domain", 0x10000);
}

static void no_space(struct tree *tree)
{
    tree_cells(tree, "reg", (uint32_t[]){0x40, 0x10000000, 0, 0}, 4);
}

static void odd_mask(struct tree *tree)
{
    whole(tree);
    tree_cells(tree, "iommu-map-mask", (uint32_t[]){0xffff, 0}, 2);
}

/* What lib/machine refuses as a host bridge describes nothing here, and nothing is truncated. */
static void bridges(void)
{
    static const struct {
        void (*edit)(struct tree *tree);
        const char *status, *report;
        bool is_good;
    } cases[] = {
        {whole, NULL, NULL, true},
        {whole, "okay", NULL, true},
        {whole, "disabled", NULL, false},
        {buses_too_high, NULL, "expected a bus-range of two cells, rising, up to 255", false},
        {odd_buses, NULL, "expected a bus-range", false},
        {high_domain, NULL, "expected a linux,pci-domain of one cell up to 0xffff", false},
        {no_space, NULL, "expected a reg with configuration space", false},
        {odd_mask, NULL, "the size of iommu-map-mask is 0x8", false},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct topology topology = read_bridge(cases[i].edit, cases[i].status);
        struct topology_match match;

        CHECK_EQ(find_function(&topology, 0, 0x18, &match), cases[i].is_good);
        CHECK_EQ(topology.range_count != 0, cases[i].is_good);
        CHECK(cases[i].report ? strstr(tree_said, cases[i].report) != NULL : !tree_said[0]);
    }
}

/* An iommu-map speaks of the bridge's own buses, also where its mask ignores bits of them. */
static void two_bridges_with_masks(void)
{
    static struct tree tree; /* too large for a frame */
    struct topology topology = {0};
    struct topology_match match;
    struct fdt fdt;
    size_t size;

    tree = (struct tree){0};
    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 2);
    tree_cell(&tree, "#size-cells", 2);
    tree_add_iommu(&tree, "virtio@4000", 0x4000, MMIO_IOMMU);
    for (uint32_t i = 0; i < 2; i++) {
        tree_begin(&tree, i ? "pcie@1" : "pcie@0");
        tree_text(&tree, "compatible", "pci-host-ecam-generic");
        tree_cells(&tree, "reg", (uint32_t[]){0x40 + i, 0, 0, 0x10000000}, 4);
        tree_cells(&tree, "bus-range", (uint32_t[]){0x80 * i, 0x80 * i + 0x7f}, 2);
        tree_cell(&tree, "linux,pci-domain", 0);
        tree_cells(&tree, "iommu-map", (uint32_t[]){0, MMIO_IOMMU, 0x100 * i, 0x100}, 4);
        tree_cell(&tree, "iommu-map-mask", 0xff);
        tree_end(&tree);
    }
    tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    tree_said[0] = 0;
    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &tree_sink);
    CHECK(!tree_said[0] && topology.range_count == 2);
    CHECK(find_function(&topology, 0, 0x0008, &match) && match.id == 0x8);
    CHECK(find_function(&topology, 0, 0x7f08, &match) && match.id == 0x8);
    CHECK(find_function(&topology, 0, 0x8008, &match) && match.id == 0x108);
    CHECK_EQ(topology_check(&topology, &tree_sink), 0);
    free(blob);
}

/* Thousands of maps, each with a phandle that is looked for in all of the tree. */
static void work_is_bounded(void)
{
    static struct tree tree; /* too large for a frame */
    struct topology topology = {0};
    struct fdt fdt;
    size_t size;

    tree = (struct tree){0};
    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 1);
    tree_cell(&tree, "#size-cells", 1);
    for (unsigned i = 0; i < 1200; i++) {
        tree_begin(&tree, "p");
        tree_text(&tree, "compatible", "pci-host-ecam-generic");
        tree_cells(&tree, "reg", (uint32_t[]){0, 0x100000}, 2);
        tree_cells(&tree, "iommu-map", (uint32_t[]){0, ABSENT, 0, 1}, 4);
        tree_end(&tree);
    }
    tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);
    struct report report = {0};
    struct sink_limit limit = {.left = 4};
    const struct sink limited = {report_line, &report, &limit, NULL};

    CHECK(fdt_open(&fdt, blob, size, NULL));
    devicetree_topology(&fdt, &topology, &tree_others, &limited);
    CHECK(report.lines == 4 && limit.dropped && !topology.iommu_count);
    free(blob);
}

int main(void)
{
    static const struct unit units[] = {
        {"functions_have_no_iommus", functions_have_no_iommus},
        {"the_root_is_an_iommu", the_root_is_an_iommu},
        {"bridges", bridges},
        {"two_bridges_with_masks", two_bridges_with_masks},
        {"work_is_bounded", work_is_bounded},
    };

    return unit_main("devicetree_nodes", units, ARRAY_LENGTH(units));
}
