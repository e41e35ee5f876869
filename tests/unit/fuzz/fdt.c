// SPDX-License-Identifier: BSD-2-Clause
/* A tree that is accepted answers every question within its bytes. */
#include "lib/fdt/fdt.h"
#include "tests/unit/fixtures/properties.h"
#include "tests/unit/fuzz/fuzz.h"

static bool is_in(const struct fdt *fdt, const void *at, uint32_t length)
{
    const uint8_t *byte = at;

    return byte >= fdt->bytes && length <= fdt->size &&
           byte - fdt->bytes <= (ptrdiff_t)(fdt->size - length);
}

static void check_properties(const struct fdt *fdt, uint32_t node)
{
    struct fdt_property property, found;

    for (unsigned i = 0; property_at(fdt, node, i, &property); i++) {
        FUZZ_CHECK(is_in(fdt, property.value, property.length));
        FUZZ_CHECK(is_in(fdt, property.name, (uint32_t)strlen(property.name) + 1));
        FUZZ_CHECK(strlen(property.name) <= FDT_NAME_MAX);
        FUZZ_CHECK(fdt_find_property(fdt, node, property.name, &found));
        if (i > 8)
            break; /* each costs a walk over those before it */
    }
}

/* The questions whose answer is a number or a text. */
static void ask(const struct fdt *fdt, uint32_t node)
{
    struct fdt_range range;
    uint32_t count = fdt_reg_count(fdt, node);

    for (uint32_t i = 0; i < count && i < 8; i++)
        if (fdt_reg(fdt, node, i, &range))
            FUZZ_CHECK(!range.size || range.size - 1 <= UINT64_MAX - range.base);
    FUZZ_CHECK(!fdt_reg(fdt, node, count, &range));
    fdt_text(fdt, node, "status");
    fdt_is_compatible(fdt, node, "virtio,mmio");
    fdt_is_enabled(fdt, node);
    fdt_is_named(fdt, node, "memory");
    fdt_address_cells(fdt, node);
    fdt_size_cells(fdt, node);
}

static void check_node(const struct fdt *fdt, uint32_t node)
{
    uint32_t parent = fdt_parent(fdt, node), child = fdt_first_child(fdt, node);
    uint32_t sibling = fdt_next_sibling(fdt, node);
    uint32_t phandle = fdt_phandle(fdt, node);
    const char *name = fdt_name(fdt, node);

    FUZZ_CHECK(is_in(fdt, name, (uint32_t)strlen(name) + 1) && strlen(name) <= FDT_NAME_MAX);
    FUZZ_CHECK((parent == FDT_NONE) == (node == fdt_root(fdt)));
    FUZZ_CHECK(child == FDT_NONE || fdt_parent(fdt, child) == node);
    FUZZ_CHECK(sibling == FDT_NONE || fdt_parent(fdt, sibling) == parent);
    FUZZ_CHECK(!phandle || fdt_has_phandle(fdt, phandle));
    FUZZ_CHECK(!phandle || !fdt_is_enabled(fdt, node) ||
               fdt_find_phandle(fdt, phandle) != FDT_NONE);
    check_properties(fdt, node);
    ask(fdt, node);
}

static void ask_all(const struct fdt *fdt_of_tree)
{
    struct fdt_work work = {.steps = UINT32_MAX};
    struct fdt asked = *fdt_of_tree, *fdt = &asked;
    struct fdt_range range;
    unsigned nodes = 0, found = 0;

    asked.work = fdt_of_tree->size & 1 ? NULL : &work; /* with and without what it remembers */
    for (uint32_t node = fdt_root(fdt); node != FDT_NONE; node = fdt_next(fdt, node)) {
        FUZZ_CHECK(++nodes <= FDT_NODES_MAX);
        if (nodes <= 16)
            check_node(fdt, node);
    }
    for (unsigned i = 0; fdt_reservation(fdt, i, &range);)
        i++;
    fdt_find_path(fdt, "/soc/uart", 9);
    for (uint32_t node = FDT_NONE; found < 4; found++) { /* each costs a walk to where it is */
        node = fdt_find_compatible(fdt, node, "virtio,mmio");
        if (node == FDT_NONE)
            break;
        FUZZ_CHECK(fdt_is_enabled(fdt, node));
    }
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    static const struct fdt none;
    struct fdt fdt;

    fuzz_forget_lines();
    if (!FUZZ_READ(fdt_open(&fdt, bytes, size, &fuzz_sink))) {
        FUZZ_CHECK(!memcmp(&fdt, &none, sizeof(fdt)) && fuzz_lines_of_bytes);
        return;
    }
    FUZZ_CHECK(fdt.size <= size);
    FUZZ_READ_VOID(ask_all(&fdt));
}
