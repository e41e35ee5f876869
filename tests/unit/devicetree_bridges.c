// SPDX-License-Identifier: BSD-2-Clause
/*
 * Trees with host bridges as machines may have them: lib/machine and lib/topology must take the same
 * ones, with the same domain and the same buses.
 */
#include <string.h>

#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "lib/topology/devicetree.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

#define TREE_ADDRESS 0x1000
#define CELLS(...)   (uint32_t[]){__VA_ARGS__}, ARRAY_LENGTH(((uint32_t[]){__VA_ARGS__}))

enum { IOMMU = 1, GIC = 2 };

#define NOTHING 0xffffffffu /* property absent; function not described */

static struct machine machine; /* too large for a frame */
static struct topology topology, others;
static struct report report;

/* Every case begins with an IOMMU on virtio-mmio at 0x4000. */
static void begin(struct tree *tree)
{
    *tree = (struct tree){0};
    tree_begin(tree, "");
    tree_cell(tree, "#address-cells", 2);
    tree_cell(tree, "#size-cells", 2);
    tree_begin(tree, "iommu@4000");
    tree_text(tree, "compatible", "virtio,mmio");
    tree_cells(tree, "reg", CELLS(0, 0x4000, 0, 0x200));
    tree_cell(tree, "#iommu-cells", 1);
    tree_cell(tree, "phandle", IOMMU);
    tree_end(tree);
}

static void read_tree(struct tree *tree)
{
    static const struct machine_roots roots = {.dtb = TREE_ADDRESS};
    const struct sink sink = {.line = report_line, .context = &report};
    struct memory memory = {0};
    const struct mem_view view = {memory_map, &memory};
    size_t size;

    tree_end(tree);
    uint8_t *blob = tree_finish(tree, &size);

    memory_take(&memory, TREE_ADDRESS, blob, size);
    memset(&machine, 0, sizeof(machine));
    memset(&topology, 0, sizeof(topology));
    memset(&report, 0, sizeof(report));
    machine_read(&machine, &roots, &view, &sink);
    report = (struct report){0}; /* both readers say the same; once is enough */
    devicetree_topology(&machine.fdt, &topology, &others, &sink);
    memory_release(&memory);
}

/* A host bridge whose ids are its functions', from `id` on. */
struct bridge {
    uint32_t domain; /* NOTHING: none */
    uint32_t first, last;
    uint32_t id;
    const char *status;
};

static void add_bridge(struct tree *tree, uint32_t index, const struct bridge *bridge)
{
    tree_begin(tree, "pcie");
    tree_text(tree, "compatible", "pci-host-ecam-generic");
    tree_cells(tree, "reg", CELLS(0x40 + index, 0, 0, 0x10000000));
    if (bridge->domain != NOTHING)
        tree_cell(tree, "linux,pci-domain", bridge->domain);
    if (bridge->last)
        tree_cells(tree, "bus-range", CELLS(bridge->first, bridge->last));
    if (bridge->status)
        tree_bytes(tree, "status", bridge->status, (uint32_t)strlen(bridge->status) + 1);
    tree_cells(tree, "iommu-map", CELLS(bridge->first << 8, IOMMU, bridge->id, 0x10000));
    tree_end(tree);
}

/* What two or three bridges are: in which segment which function has which id. */
static void several_bridges(void)
{
    static const struct {
        const char *name;
        struct bridge bridges[3];
        unsigned count, hosts;
        struct {
            uint16_t segment, bdf;
            uint32_t id;
        } answers[3];
        const char *report;
    } cases[] = {
        {"domains",
         {{0, 0, 0, 0, 0}, {1, 0, 0, 0x10000, 0}},
         2,
         2,
         {{0, 8, 8}, {1, 8, 0x10008}, {1, 0xffff, 0x1ffff}},
         NULL},
        {"domains that are not in order",
         {{5, 0, 0, 0, 0}, {2, 0, 0, 0x10000, 0}},
         2,
         2,
         {{5, 8, 8}, {2, 8, 0x10008}, {0, 8, NOTHING}},
         NULL},
        {"buses of one domain",
         {{3, 0, 0x7f, 0, 0}, {3, 0x80, 0xff, 0x8000, 0}},
         2,
         2,
         {{3, 0x7f08, 0x7f08}, {3, 0x8008, 0x8008}, {0, 8, NOTHING}},
         NULL},
        {"the same buses of one domain",
         {{3, 0, 0x7f, 0, 0}, {3, 0x7f, 0xff, 0x100, 0}},
         2,
         1,
         {{3, 0x7f08, 0x7f08}, {3, 0x8008, NOTHING}, {0, 8, NOTHING}},
         "expected buses that no earlier host bridge of its domain has"},
        {"no domains",
         {{NOTHING, 0, 0, 0, 0}, {NOTHING, 0, 0, 0x10000, 0}},
         2,
         2,
         {{0, 8, 8}, {1, 8, 0x10008}, {2, 8, NOTHING}},
         NULL},
        {"no domain beside others",
         {{NOTHING, 0, 0, 0x20000, 0}, {0, 0, 0, 0, 0}, {NOTHING, 0, 0, 0x30000, 0}},
         3,
         3,
         {{0, 8, 8}, {1, 8, 0x20008}, {2, 8, 0x30008}},
         NULL},
        {"a disabled one takes nothing",
         {{0, 0, 0, 7, "disabled"}, {NOTHING, 0, 0, 0, 0}},
         2,
         1,
         {{0, 8, 8}, {1, 8, NOTHING}, {2, 8, NOTHING}},
         NULL},
        {"ok", {{0, 0, 0, 7, "ok"}}, 1, 1, {{0, 8, 15}, {1, 8, NOTHING}, {2, 8, NOTHING}}, NULL},
        {"reserved",
         {{0, 0, 0, 7, "reserved"}},
         1,
         0,
         {{0, 8, NOTHING}, {1, 8, NOTHING}, {2, 8, NOTHING}},
         NULL},
        {"fail",
         {{0, 0, 0, 7, "fail-17"}},
         1,
         0,
         {{0, 8, NOTHING}, {1, 8, NOTHING}, {2, 8, NOTHING}},
         NULL},
        {"an empty status",
         {{0, 0, 0, 7, ""}},
         1,
         0,
         {{0, 8, NOTHING}, {1, 8, NOTHING}, {2, 8, NOTHING}},
         NULL},
        {"buses that fall",
         {{0, 9, 8, 7, 0}},
         1,
         0,
         {{0, 8, NOTHING}, {1, 8, NOTHING}, {2, 8, NOTHING}},
         "expected a bus-range"},
        {"a domain of 17 bits",
         {{0x10000, 0, 0, 7, 0}, {0, 0, 0, 8, 0}},
         2,
         1,
         {{0, 8, 16}, {1, 8, NOTHING}, {2, 8, NOTHING}},
         "expected a linux,pci-domain"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree tree;

        begin(&tree);
        for (unsigned n = 0; n < cases[i].count; n++)
            add_bridge(&tree, n, &cases[i].bridges[n]);
        read_tree(&tree);
        report_check(&report, cases[i].report, cases[i].name);
        if (machine.host_count != cases[i].hosts)
            unit_fail(__FILE__, __LINE__, "%s: %u hosts", cases[i].name, machine.host_count);
        for (unsigned n = 0; n < 3; n++) {
            struct topology_match match = {.id = NOTHING};

            find_function(&topology, cases[i].answers[n].segment, cases[i].answers[n].bdf, &match);
            if (match.id != cases[i].answers[n].id)
                unit_fail(__FILE__, __LINE__, "%s: answer %u is 0x%x", cases[i].name, n, match.id);
        }
    }
}

/* A bus above the bridge: what it is, and whether the bridge's registers are reached through it. */
static void buses_above(void)
{
    static const struct {
        const char *name;
        uint32_t address_cells, size_cells; /* NOTHING: not said */
        uint32_t ranges[8];
        unsigned count; /* of ranges; NOTHING: no property */
        uint32_t reg[6];
        unsigned reg_count;
        const char *status;
        uint64_t ecam; /* 0: refused */
    } cases[] = {
        {"as it is", 2, 2, {0}, 0, {0x40, 0, 0, 0x10000000}, 4, NULL, 0x4000000000},
        {"moved",
         2,
         2,
         {0, 0, 0x50, 0, 0, 0x20000000},
         6,
         {0, 0, 0, 0x10000000},
         4,
         NULL,
         0x5000000000},
        {"of one cell",
         1,
         1,
         {0, 0x50, 0, 0x20000000},
         4,
         {0x1000000, 0x10000000},
         2,
         NULL,
         0x5001000000},
        {"by default two and one",
         NOTHING,
         NOTHING,
         {0, 0, 0x50, 0, 0x20000000},
         5,
         {0, 0, 0x10000000},
         3,
         NULL,
         0x5000000000},
        {"past its end", 2, 2, {0, 0, 0x50, 0, 0, 0x8000000}, 6, {0, 0, 0, 0x10000000}, 4, NULL, 0},
        {"part of a range", 2, 2, {0, 0, 0x50, 0, 0}, 5, {0, 0, 0, 0x10000000}, 4, NULL, 0},
        {"without ranges", 2, 2, {0}, NOTHING, {0, 0, 0, 0x10000000}, 4, NULL, 0},
        {"of three cells", 3, 2, {0}, 0, {0, 0, 0, 0, 0x10000000}, 5, NULL, 0},
        {"no address cells", 0, 2, {0}, 0, {0, 0x10000000}, 2, NULL, 0},
        {"part of a reg", 2, 2, {0}, 0, {0x40, 0, 0}, 3, NULL, 0},
        {"disabled", 2, 2, {0}, 0, {0x40, 0, 0, 0x10000000}, 4, "disabled", 0},
        {"okay", 2, 2, {0}, 0, {0x40, 0, 0, 0x10000000}, 4, "okay", 0x4000000000},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct topology_match match;
        struct tree tree;

        begin(&tree);
        tree_begin(&tree, "soc");
        tree_text(&tree, "compatible", "simple-bus");
        if (cases[i].address_cells != NOTHING) {
            tree_cell(&tree, "#address-cells", cases[i].address_cells);
            tree_cell(&tree, "#size-cells", cases[i].size_cells);
        }
        if (cases[i].count != NOTHING)
            tree_cells(&tree, "ranges", cases[i].ranges, cases[i].count);
        if (cases[i].status)
            tree_bytes(&tree, "status", cases[i].status, (uint32_t)strlen(cases[i].status) + 1);
        tree_begin(&tree, "pcie");
        tree_text(&tree, "compatible", "pci-host-ecam-generic");
        tree_cells(&tree, "reg", cases[i].reg, cases[i].reg_count);
        tree_cells(&tree, "iommu-map", CELLS(0, IOMMU, 0, 0x10000));
        tree_end(&tree);
        tree_end(&tree);
        read_tree(&tree);
        if (machine.host_count != (cases[i].ecam != 0) ||
            (cases[i].ecam && machine.hosts[0].ecam != cases[i].ecam))
            unit_fail(__FILE__, __LINE__, "%s: %u hosts, ecam 0x%llx", cases[i].name,
                      machine.host_count, (unsigned long long)machine.hosts[0].ecam);
        CHECK_EQ(find_function(&topology, 0, 8, &match), cases[i].ecam != 0);
    }
}

/* By which name an IOMMU has its number, and what is no number. */
static void phandles(void)
{
    static const struct {
        const char *property;
        uint32_t phandle, named;
        bool is_found;
    } cases[] = {
        {"phandle", 0x20, 0x20, true},       {"linux,phandle", 0x20, 0x20, true},
        {"phandle", 0x20, 0x21, false},      {"phandle", 0, 0, false},
        {"phandle", NOTHING, NOTHING, true}, {"phandles", 0x20, 0x20, false},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct topology_match match;
        struct tree tree;

        begin(&tree);
        tree_begin(&tree, "iommu@5000");
        tree_text(&tree, "compatible", "virtio,mmio");
        tree_cells(&tree, "reg", CELLS(0, 0x5000, 0, 0x200));
        tree_cell(&tree, "#iommu-cells", 1);
        tree_cell(&tree, cases[i].property, cases[i].phandle);
        tree_end(&tree);
        tree_begin(&tree, "pcie");
        tree_text(&tree, "compatible", "pci-host-ecam-generic");
        tree_cells(&tree, "reg", CELLS(0x40, 0, 0, 0x10000000));
        tree_cells(&tree, "iommu-map", CELLS(0, cases[i].named, 0, 0x10000));
        tree_end(&tree);
        read_tree(&tree);
        CHECK_EQ(find_function(&topology, 0, 8, &match), cases[i].is_found);
        report_check(&report, cases[i].is_found ? NULL : "iommu-map byte 4: phandle is", "phandle");
    }
}

/* Messages: whose ids go where, under a mask and without. */
static void messages(void)
{
    static const struct {
        uint32_t mask; /* NOTHING: none */
        uint32_t map[8];
        unsigned count;
        uint16_t rid;
        uint32_t id;
    } cases[] = {
        {NOTHING, {0, GIC, 0x1000, 0x10000}, 4, 0xffff, 0x10fff},
        {NOTHING, {0, GIC, 0x1000, 0x10001}, 4, 8, NOTHING - 1}, /* left out: as without a map */
        {NOTHING, {0x100, GIC, 0, 0x100}, 4, 0x108, 8},
        {NOTHING, {0x100, GIC, 0, 0x100}, 4, 0x208, NOTHING},
        {0xff, {0, GIC, 0x40, 0x100}, 4, 0x708, 0x48},
        {0xfff8, {0, GIC, 0, 0x10000}, 4, 0xf, 8},
        {0, {0, GIC, 0x77, 1}, 4, 0x1234, 0x77},
        {NOTHING, {0, GIC, 0, 8, 8, GIC, 0xffffffff, 1}, 8, 8, 0xffffffff},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree tree;

        begin(&tree);
        tree_begin(&tree, "its");
        tree_cell(&tree, "phandle", GIC);
        tree_end(&tree);
        tree_begin(&tree, "pcie");
        tree_text(&tree, "compatible", "pci-host-ecam-generic");
        tree_cells(&tree, "reg", CELLS(0x40, 0, 0, 0x10000000));
        tree_cells(&tree, "msi-map", cases[i].map, cases[i].count);
        if (cases[i].mask != NOTHING)
            tree_cell(&tree, "msi-map-mask", cases[i].mask);
        tree_end(&tree);
        read_tree(&tree);
        CHECK_EQ(machine.host_count, 1);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], cases[i].rid),
                 cases[i].id == NOTHING - 1 ? cases[i].rid : cases[i].id);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"several_bridges", several_bridges},
        {"buses_above", buses_above},
        {"phandles", phandles},
        {"messages", messages},
    };

    return unit_main("devicetree_bridges", units, ARRAY_LENGTH(units));
}
