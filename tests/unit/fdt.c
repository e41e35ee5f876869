// SPDX-License-Identifier: BSD-2-Clause
/* The reader of device trees on good bytes, in allocations of exactly their size. */
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/fdt/fdt.h"
#include "tests/unit/fixtures/properties.h"
#include "tests/unit/fixtures/sample_tree.h"
#include "tests/unit/fixtures/unit.h"

static uint32_t at_path(const struct fdt *fdt, const char *path)
{
    return fdt_find_path(fdt, path, strlen(path));
}

static void navigation(void)
{
    struct tree tree;
    struct fdt fdt;
    size_t size;

    sample_tree(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    CHECK(fdt_open(&fdt, blob, size, NULL));
    uint32_t soc = at_path(&fdt, "/soc"), uart = at_path(&fdt, "/soc/uart@1010");

    CHECK(soc != FDT_NONE && uart != FDT_NONE);
    CHECK_EQ(at_path(&fdt, "/soc/uart"), uart);
    CHECK_EQ(at_path(&fdt, "//soc//uart/"), uart);
    CHECK_EQ(at_path(&fdt, "/"), fdt_root(&fdt));
    CHECK_EQ(at_path(&fdt, "/soc/uart@1011"), FDT_NONE);
    CHECK_EQ(at_path(&fdt, "/so"), FDT_NONE);
    CHECK_EQ(at_path(&fdt, "soc"), FDT_NONE);
    CHECK_EQ(at_path(&fdt, ""), FDT_NONE);
    CHECK_EQ(fdt_find_path(&fdt, "/soc:rest", 4), soc);
    CHECK_EQ(fdt_find_phandle(&fdt, 7), uart);
    CHECK_EQ(fdt_find_phandle(&fdt, 8), FDT_NONE); /* /soc/rtc is disabled */
    CHECK_EQ(fdt_find_phandle(&fdt, 0), FDT_NONE);
    CHECK_EQ(fdt_find_phandle(&fdt, 9), FDT_NONE);
    CHECK_EQ(fdt_parent(&fdt, uart), soc);
    CHECK_EQ(fdt_parent(&fdt, fdt_root(&fdt)), FDT_NONE);
    CHECK_EQ(fdt_first_child(&fdt, soc), uart);
    CHECK_EQ(fdt_next_sibling(&fdt, uart), at_path(&fdt, "/soc/rtc"));
    CHECK_EQ(fdt_next_sibling(&fdt, at_path(&fdt, "/soc/rtc")), FDT_NONE);
    CHECK_EQ(fdt_first_child(&fdt, uart), FDT_NONE);
    CHECK_EQ(fdt_next(&fdt, at_path(&fdt, "/soc/rtc")), at_path(&fdt, "/island"));
    CHECK_EQ(fdt_next(&fdt, at_path(&fdt, "/memory")), FDT_NONE);
    CHECK(fdt_is_named(&fdt, uart, "uart") && !fdt_is_named(&fdt, uart, "uar"));
    free(blob);
}

static void properties(void)
{
    struct fdt_property property;
    struct fdt_range range;
    struct tree tree;
    struct fdt fdt;
    size_t size;

    sample_tree(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    CHECK(fdt_open(&fdt, blob, size, NULL));
    uint32_t uart = at_path(&fdt, "/soc/uart"), memory = at_path(&fdt, "/memory");

    CHECK(fdt_is_compatible(&fdt, uart, "acme,uart") && fdt_is_compatible(&fdt, uart, "ns16550a"));
    CHECK(!fdt_is_compatible(&fdt, uart, "ns16550") && !fdt_is_compatible(&fdt, uart, ""));
    CHECK_EQ(fdt_find_compatible(&fdt, FDT_NONE, "ns16550a"), uart);
    CHECK_EQ(fdt_find_compatible(&fdt, uart, "ns16550a"), FDT_NONE);
    CHECK(fdt_is_enabled(&fdt, uart) && fdt_is_enabled(&fdt, at_path(&fdt, "/island/device")));
    CHECK(!fdt_is_enabled(&fdt, at_path(&fdt, "/soc/rtc")));
    CHECK_EQ(fdt_u32(&fdt, uart, "phandle", 1), 7);
    CHECK_EQ(fdt_u32(&fdt, uart, "reg", 1), 1);
    CHECK_EQ(fdt_u32(&fdt, uart, "absent", 1), 1);
    CHECK_EQ(fdt_address_cells(&fdt, uart), 2);
    CHECK_EQ(fdt_size_cells(&fdt, uart), 1);
    CHECK(property_at(&fdt, memory, 0, &property) && !strcmp(property.name, "reg"));
    CHECK(!property_at(&fdt, memory, 1, &property));
    CHECK(fdt_find_property(&fdt, memory, "reg", &property));
    CHECK_EQ(fdt_cells(&property, 0, 2), 0x80000000);
    CHECK_EQ(fdt_cells(&property, 1, 1), 0x80000000);
    CHECK(fdt_reg(&fdt, memory, 0, &range) && range.base == 0x80000000);
    CHECK_EQ(range.size, 0x10000000);
    CHECK(!fdt_reg(&fdt, memory, 1, &range));
    CHECK_EQ(fdt_reg_count(&fdt, memory), 1);
    CHECK_EQ(fdt_reg_count(&fdt, uart), 2);
    CHECK_EQ(fdt_reg_count(&fdt, at_path(&fdt, "/soc/rtc")), 0);
    CHECK_EQ(fdt_reg_count(&fdt, fdt_root(&fdt)), 0);
    CHECK_EQ(fdt_phandle(&fdt, uart), 7);
    CHECK_EQ(fdt_phandle(&fdt, at_path(&fdt, "/soc/rtc")), 8);
    CHECK_EQ(fdt_phandle(&fdt, memory), 0);
    CHECK(fdt_reg(&fdt, uart, 0, &range));
    CHECK_EQ(range.base, 0x100002010);
    CHECK(!fdt_reg(&fdt, uart, 1, &range));                            /* outside ranges */
    CHECK(!fdt_reg(&fdt, at_path(&fdt, "/island/device"), 0, &range)); /* no ranges */
    CHECK(fdt_reservation(&fdt, 0, &range) && range.base == 0x100000000 && range.size == 0x1000);
    CHECK(!fdt_reservation(&fdt, 1, &range));
    free(blob);
}

int main(void)
{
    static const struct unit units[] = {
        {"navigation", navigation},
        {"properties", properties},
    };

    return unit_main("fdt", units, ARRAY_LENGTH(units));
}
