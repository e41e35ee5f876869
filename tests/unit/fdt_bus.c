// SPDX-License-Identifier: BSD-2-Clause
/* Addresses of a device tree's buses as the CPU sees them. */
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/fdt/fdt.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

struct bus_case {
    const char *name;
    uint32_t outer_cells[2], inner_cells[2]; /* address and size */
    uint32_t outer_ranges[5], inner_ranges[5];
    unsigned outer_count, inner_count;
    uint32_t reg[4];
    unsigned reg_count;
    uint64_t base; /* of the first entry of reg; 0: there is none for the CPU */
};

/* The root has 2 and 1 cells, as every node that does not say. */
static const struct bus_case bus_cases[] = {
    {"one to one", {2, 1}, {2, 1}, {0}, {0}, 0, 0, {1, 2, 3}, 3, 0x100000002},
    {"two windows", {1, 1}, {1, 1}, {16, 1, 0, 16}, {0, 16, 16}, 4, 3, {2, 4}, 2, 0x100000002},
    {"narrower inside", {2, 2}, {1, 1}, {0}, {8, 3, 0, 8}, 0, 4, {9, 4}, 2, 0x300000001},
    {"behind the window", {1, 1}, {1, 1}, {0}, {0, 16, 16}, 0, 3, {16, 1}, 2, 0},
    {"last of the window", {1, 1}, {1, 1}, {0}, {0, 16, 16}, 0, 3, {15, 1}, 2, 31},
    {"longer than the window", {1, 1}, {1, 1}, {0}, {0, 16, 16}, 0, 3, {15, 2}, 2, 0},
    {"no cells of the outer bus", {0, 0}, {1, 1}, {1, 2}, {0}, 2, 0, {1, 4}, 2, 0},
    {"no cells at all", {0, 0}, {0, 0}, {1}, {1}, 1, 1, {1, 4}, 2, 0},
    {"three cells", {1, 1}, {3, 2}, {0}, {0}, 0, 0, {0, 0, 1, 0}, 4, 0},
    {"three cells between", {3, 2}, {1, 1}, {0}, {0, 0, 0, 0, 9}, 0, 5, {0, 1}, 2, 0},
    {"part of an entry of ranges", {1, 1}, {1, 1}, {0}, {0, 16}, 0, 2, {1, 1}, 2, 0},
    {"part of an entry of reg", {1, 1}, {1, 1}, {0}, {0}, 0, 0, {1}, 1, 0},
    {"wraps", {2, 1}, {2, 1}, {0}, {0}, 0, 0, {UINT32_MAX, UINT32_MAX, 2}, 3, 0},
    {"ends with 64 bits", {2, 1}, {2, 1}, {0}, {0}, 0, 0, {UINT32_MAX, UINT32_MAX, 1}, 3, -1ull},
    {"wraps in a window", {1, 1}, {1, 1}, {0, -1u, -1u, 4}, {0}, 4, 0, {1, 1}, 2, 0},
    {"ends in a window", {1, 1}, {1, 1}, {0, -1u, -2u, 4}, {0}, 4, 0, {1, 1}, 2, -1ull},
};

static void begin_bus(struct tree *tree, const char *name, const uint32_t cells[2],
                      const uint32_t *ranges, unsigned count)
{
    tree_begin(tree, name);
    tree_cell(tree, "#address-cells", cells[0]);
    tree_cell(tree, "#size-cells", cells[1]);
    tree_cells(tree, "ranges", ranges, count);
}

static void buses(void)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(bus_cases); i++) {
        const struct bus_case *c = &bus_cases[i];
        struct fdt_range range = {0};
        struct tree tree = {0};
        struct fdt fdt;
        size_t size;

        tree_begin(&tree, "");
        begin_bus(&tree, "outer", c->outer_cells, c->outer_ranges, c->outer_count);
        begin_bus(&tree, "inner", c->inner_cells, c->inner_ranges, c->inner_count);
        tree_begin(&tree, "device");
        tree_cells(&tree, "reg", c->reg, c->reg_count);
        for (unsigned end = 0; end < 4; end++)
            tree_end(&tree);
        uint8_t *blob = tree_finish(&tree, &size);

        CHECK(fdt_open(&fdt, blob, size, NULL));
        uint32_t device = fdt_find_path(&fdt, "/outer/inner/device", 19);
        bool is_described = fdt_reg(&fdt, device, 0, &range);

        if (is_described != (c->base != 0) || (is_described && range.base != c->base))
            unit_fail(__FILE__, __LINE__, "%s: %d, 0x%" PRIx64 ", expected 0x%" PRIx64, c->name,
                      is_described, range.base, c->base);
        free(blob);
    }
}

/* Entries of ranges that are no cells long: there is no end of them. */
static void ranges_without_cells(void)
{
    static const uint32_t none[2], one[2] = {1, 1}, words[2];
    struct fdt_range range;
    struct tree tree = {0};
    struct fdt fdt;
    size_t size;

    begin_bus(&tree, "", none, NULL, 0);
    begin_bus(&tree, "outer", none, words, 2);
    begin_bus(&tree, "inner", one, NULL, 0);
    tree_begin(&tree, "device");
    tree_cells(&tree, "reg", words, 2);
    for (unsigned end = 0; end < 4; end++)
        tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    CHECK(fdt_open(&fdt, blob, size, NULL));
    CHECK(!fdt_reg(&fdt, fdt_find_path(&fdt, "/outer/inner/device", 19), 0, &range));
    free(blob);
}

int main(void)
{
    static const struct unit units[] = {
        {"buses", buses},
        {"ranges_without_cells", ranges_without_cells},
    };

    return unit_main("fdt_bus", units, ARRAY_LENGTH(units));
}
