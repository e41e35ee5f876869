// SPDX-License-Identifier: BSD-2-Clause
/*
 * Device trees of a MiB that ask for as much work as they can: what their readers do is bounded by the
 * steps that they count, and never by how long an input is times how long it is.
 */
#include <string.h>

#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "lib/topology/devicetree.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

#define TREE_ADDRESS 0x1000
#define ABSENT       9
#define CELLS(...)   (uint32_t[]){__VA_ARGS__}, ARRAY_LENGTH(((uint32_t[]){__VA_ARGS__}))

static const char large[900000]; /* zeroes, each the end of a string */

static void begin(struct tree *tree)
{
    tree_begin(tree, "");
    tree_cell(tree, "#address-cells", 2);
    tree_cell(tree, "#size-cells", 2);
}

static void add_block(struct tree *tree, uint32_t i, uint32_t iommu)
{
    tree_begin(tree, "v");
    tree_text(tree, "compatible", "virtio,mmio");
    tree_cells(tree, "reg", CELLS(0, 0x200 * i, 0, 0x200));
    tree_cells(tree, "iommus", CELLS(iommu, i));
    tree_cell(tree, "interrupt-parent", iommu);
    tree_end(tree);
}

static void nodes_with_iommus(struct tree *tree)
{
    for (uint32_t i = 0; i < 8000; i++)
        add_block(tree, i, ABSENT);
}

static void many_phandles(struct tree *tree)
{
    for (uint32_t i = 1; i < 4000; i++) {
        tree_begin(tree, "iommu");
        tree_text(tree, "compatible", "virtio,mmio");
        tree_cells(tree, "reg", CELLS(1, 0x200 * i, 0, 0x200));
        tree_cell(tree, "#iommu-cells", 1);
        tree_cell(tree, "phandle", i);
        tree_end(tree);
    }
    for (uint32_t i = 1; i < 4000; i++)
        add_block(tree, i, 4000 - i);
}

/* Every entry of a map asks the IOMMU that it names what it is compatible with. */
static void long_compatible(struct tree *tree)
{
    static uint32_t map[4 * 1024];

    tree_begin(tree, "iommu");
    tree_bytes(tree, "compatible", large, sizeof(large));
    tree_cell(tree, "#iommu-cells", 1);
    tree_cell(tree, "phandle", ABSENT);
    tree_end(tree);
    for (uint32_t i = 0; i < 1024; i++)
        memcpy(map + 4 * i, (uint32_t[]){8 * i, ABSENT, i, 1}, 16);
    tree_begin(tree, "pci");
    tree_text(tree, "compatible", "pci-host-ecam-generic");
    tree_cells(tree, "reg", CELLS(0x40, 0, 0, 0x10000000));
    tree_cells(tree, "iommu-map", map, ARRAY_LENGTH(map));
    tree_end(tree);
}

static void long_status(struct tree *tree)
{
    tree_begin(tree, "odd");
    tree_bytes(tree, "status", large, sizeof(large));
    tree_end(tree);
    for (uint32_t i = 0; i < 1000; i++)
        add_block(tree, i, ABSENT);
}

static void long_names(struct tree *tree)
{
    static char name[251];

    memset(name, 'n', sizeof(name) - 1);
    for (unsigned i = 0; i < 3000; i++) {
        tree_begin(tree, name);
        tree_end(tree);
    }
    for (uint32_t i = 0; i < 1000; i++)
        add_block(tree, i, ABSENT);
}

static void properties_and_nops(struct tree *tree)
{
    for (unsigned i = 0; i < 40000; i++) {
        tree_bytes(tree, "p", NULL, 0);
        tree_token(tree, 4);
    }
    for (uint32_t i = 0; i < 1000; i++)
        add_block(tree, i, ABSENT);
}

/* As deep as it goes, and each bus translates by thousands of ranges. */
static void deep_ranges(struct tree *tree)
{
    static uint32_t ranges[6 * 2000];

    for (uint32_t i = 0; i < 2000; i++)
        memcpy(ranges + 6 * i, (uint32_t[]){1, i, 0, 0, 0, 1}, 24);
    memcpy(ranges + 6 * 1999, (uint32_t[]){0, 0, 0, 0, 1, 0}, 24);
    for (unsigned i = 0; i < 14; i++) {
        tree_begin(tree, "bus");
        tree_cell(tree, "#address-cells", 2);
        tree_cell(tree, "#size-cells", 2);
        tree_cells(tree, "ranges", ranges, ARRAY_LENGTH(ranges));
    }
    for (uint32_t i = 0; i < 1000; i++)
        add_block(tree, i, ABSENT);
    for (unsigned i = 0; i < 14; i++)
        tree_end(tree);
}

/* Each CPU is looked for among the contexts of the PLIC. */
static void contexts_of_cpus(struct tree *tree)
{
    static uint32_t contexts[200000];

    for (unsigned i = 0; i < ARRAY_LENGTH(contexts); i++)
        contexts[i] = i & 1 ? 9 : 77;
    tree_begin(tree, "plic");
    tree_text(tree, "compatible", "sifive,plic-1.0.0");
    tree_cells(tree, "reg", CELLS(0, 0xc000000, 0, 0x4000000));
    tree_cells(tree, "interrupts-extended", contexts, ARRAY_LENGTH(contexts));
    tree_end(tree);
    tree_begin(tree, "cpus");
    for (uint32_t i = 0; i < 2000; i++) {
        tree_begin(tree, "cpu");
        tree_cell(tree, "reg", i);
        tree_begin(tree, "controller");
        tree_bytes(tree, "interrupt-controller", NULL, 0);
        tree_cell(tree, "phandle", 1000 + i);
        tree_end(tree);
        tree_end(tree);
    }
    tree_end(tree);
}

static const struct {
    const char *name;
    void (*add)(struct tree *tree);
    bool machine, topology; /* asks more of the one, of the other, than is answered */
} attacks[] = {
    {"nodes with iommus", nodes_with_iommus, true, true},
    {"many phandles", many_phandles, true, true},
    {"a long compatible", long_compatible, true, true},
    {"a long status", long_status, true, true},
    {"long names", long_names, true, true},
    {"properties and NOPs", properties_and_nops, true, true},
    {"deep ranges", deep_ranges, true, true},
    {"contexts of CPUs", contexts_of_cpus, true, false},
};

/* What is said of a tree. */
struct said {
    unsigned lines;
    bool is_over;
};

static void take_line(void *context, const char *text)
{
    struct said *said = context;

    said->lines++;
    said->is_over |= strstr(text, "more work than a machine asks for") != NULL;
}

static void expect_over(const struct said *said, bool is_over, const char *name)
{
    if (said->is_over != is_over || said->lines > 2 * SINK_SHARE_LINES + 2)
        unit_fail(__FILE__, __LINE__, "%s: %u lines, over %d", name, said->lines, said->is_over);
}

/*
 * Whoever reads one of these trees is stopped, as what it looks at is counted: tokens, and the
 * bytes of names and values. Where a look is not counted, the tree is read to its end, in minutes.
 */
static void trees(void)
{
    static const struct machine_roots roots = {.dtb = TREE_ADDRESS};
    static struct machine machine; /* too large for a frame */

    for (unsigned i = 0; i < ARRAY_LENGTH(attacks); i++) {
        struct tree tree = {0};
        struct topology topology = {0}, others = {0};
        struct said said = {0};
        struct sink_share share;
        const struct sink sink = {.line = take_line, .context = &said};
        struct memory memory = {0};
        const struct mem_view view = {memory_map, &memory};
        size_t size;

        begin(&tree);
        attacks[i].add(&tree);
        tree_end(&tree);
        memory_take(&memory, TREE_ADDRESS, tree_finish(&tree, &size), size);
        memset(&machine, 0, sizeof(machine));
        machine_read(&machine, &roots, &view, &sink);
        CHECK(machine.fdt.bytes != NULL);
        expect_over(&said, attacks[i].machine, attacks[i].name);
        said = (struct said){0};
        devicetree_topology(&machine.fdt, &topology, &others, sink_begin(&share, &sink, "tree"));
        expect_over(&said, attacks[i].topology, attacks[i].name);
        CHECK(!topology.iommu_count && !topology.range_count);
        memory_release(&memory);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"trees", trees},
    };

    return unit_main("work_tree", units, ARRAY_LENGTH(units));
}
