// SPDX-License-Identifier: BSD-2-Clause
/* Memory of device trees that are well-formed and say odd things. */
#include <string.h>

#include "boot/devicetree.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/machine_tree.h"
#include "tests/unit/fixtures/unit.h"

static void odd_memory(void)
{
    static struct boot_info info;
    struct tree *tree = odd_begin();

    memset(&info, 0, sizeof(info));
    tree->reservations[0][0] = 0xfffffffffffff000;
    tree->reservations[0][1] = 0x2000;
    tree->reservation_count = 1;
    tree_begin(tree, "memory@0");
    tree_cells(tree, "reg", CELLS(-1u, -1u, 0, 2, 0, 0x80000000, 0, 0x10000));
    tree_end(tree);
    tree_begin(tree, "memory@1");
    tree_end(tree);
    tree_begin(tree, "memory@2");
    tree_cells(tree, "reg", CELLS(0, 0x80000000, 0, 0x10000, 0));
    tree_end(tree);
    tree_begin(tree, "memory@2");
    tree_text(tree, "status", "disabled");
    tree_end(tree);
    tree_begin(tree, "reserved-memory");
    tree_bytes(tree, "ranges", NULL, 0);
    tree_cell(tree, "#size-cells", 2);
    tree_begin(tree, "anywhere");
    tree_cells(tree, "size", CELLS(0, 0x1000));
    tree_end(tree);
    tree_begin(tree, "fixed");
    tree_cells(tree, "reg", CELLS(0, 0x80004000, 0, 0x1000));
    tree_end(tree);
    tree_end(tree);
    odd_finish(tree);
    devicetree_read(&odd_view, TREE_ADDRESS, &info);
    CHECK_EQ(info.diagnostic_count, 4);
    CHECK(strstr(info.diagnostics[2], "reg of memory@2 has 20 bytes, expected entries of 16"));
    CHECK(strstr(info.diagnostics[0], "memory@0, entry 0"));
    CHECK(strstr(info.diagnostics[1], "memory@1 has no reg"));
    CHECK(strstr(info.diagnostics[3], "wraps from 0xfffffffffffff000"));
    CHECK_EQ(info.memory_count, 4);
    CHECK(info.memory[1].first == 0x80000000 && info.memory[1].last == 0x80003fff);
    CHECK(info.memory[2].kind == BOOT_FIRMWARE && info.memory[3].last == 0x8000ffff);
}

static void too_much_memory(void)
{
    static uint32_t reg[4 * (BOOT_MEMORY_MAX + 1)];
    static struct boot_info info;
    struct tree *tree = odd_begin();

    memset(&info, 0, sizeof(info));
    for (uint32_t i = 0; i <= BOOT_MEMORY_MAX; i++) {
        reg[4 * i + 1] = 0x80000000 + 0x1000 * i;
        reg[4 * i + 3] = 0x1000;
    }
    tree_begin(tree, "memory");
    tree_cells(tree, "reg", reg, ARRAY_LENGTH(reg));
    tree_end(tree);
    odd_finish(tree);
    devicetree_read(&odd_view, TREE_ADDRESS, &info);
    CHECK(info.diagnostic_count == 1 &&
          strstr(info.diagnostics[0], "reg of memory has 513 entries"));
    CHECK_EQ(info.memory[info.memory_count - 1].last, 0x80000000 + 0x1000 * BOOT_MEMORY_MAX - 1);
}

static void too_many_reservations(void)
{
    static struct boot_info info;
    struct tree *tree = odd_begin();

    memset(&info, 0, sizeof(info));
    tree->reservation_count = BOOT_MEMORY_MAX + 1;
    for (uint32_t i = 0; i <= BOOT_MEMORY_MAX; i++) {
        tree->reservations[i][0] = 0x80000000 + 0x1000 * i;
        tree->reservations[i][1] = 0x1000;
    }
    odd_finish(tree);
    devicetree_read(&odd_view, TREE_ADDRESS, &info);
    CHECK(info.diagnostic_count == 1 &&
          strstr(info.diagnostics[0], "more than 512 memory reservations"));
    CHECK_EQ(info.memory[info.memory_count - 1].last, 0x80000000 + 0x1000 * BOOT_MEMORY_MAX - 1);
}

int main(void)
{
    static const struct unit units[] = {
        {"odd_memory", odd_memory},
        {"too_much_memory", too_much_memory},
        {"too_many_reservations", too_many_reservations},
    };
    int status = unit_main("machine_odd_memory", units, ARRAY_LENGTH(units));

    odd_end();
    return status;
}
