// SPDX-License-Identifier: BSD-2-Clause
/* PCI host bridges of device trees that are well-formed and say odd things. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/unit/fixtures/machine_tree.h"
#include "tests/unit/fixtures/unit.h"

static void begin_host(struct tree *tree)
{
    tree_begin(tree, "pci");
    tree_text(tree, "compatible", "pci-host-ecam-generic");
    tree_cells(tree, "reg", CELLS(0, 0x10000000, 0, 0x10000000));
    tree_cell(tree, "#address-cells", 3);
}

/* A host bridge with a property more; its windows, lines and MSI ranges are counted. */
static void host_properties(void)
{
    static const struct {
        const char *name, *property;
        uint32_t cells[24];
        unsigned count, windows, lines, messages;
        const char *report;
    } cases[] = {
        {"a window", "ranges", {1u << 25, 0, 0x1000, 0, 0x2000, 0, 0x100}, 7, 1, 0, 0, NULL},
        {"configuration space",
         "ranges",
         {0, 0, 0, 0, 0, 0, 9},
         7,
         0,
         0,
         0,
         "ranges of pci, byte 0"},
        {"an empty window", "ranges", {1u << 25}, 7, 0, 0, 0, "ranges of pci, byte 0"},
        {"wraps on PCI",
         "ranges",
         {1u << 25, 0, 0, 0, 1, 0, 1, 3u << 24, -1u, -1u, 0, 0, 0, 2},
         14,
         1,
         0,
         0,
         "ranges of pci, byte 28"},
        {"wraps for the CPU", "ranges", {3u << 24, 0, 0, -1u, -1u, 0, 2}, 7, 0, 0, 0, "byte 0"},
        {"part of a window",
         "ranges",
         {1u << 25, 0, 0, 0, 1, 0},
         6,
         0,
         0,
         0,
         "ranges of pci, byte 0: left out, expected a whole window"},
        {"lines of both kinds",
         "interrupt-map",
         {0, 0, 0, 1, GIC, 0, 3, 4, 0, 0, 0, 2, PLIC, 7},
         14,
         0,
         2,
         0,
         NULL},
        {"an unknown controller ends the map",
         "interrupt-map",
         {0, 0, 0, 2, PLIC, 7, 0, 0, 0, 1, ABSENT, 0, 0, 0, 2, PLIC, 7},
         17,
         0,
         1,
         0,
         "interrupt-map of pci, byte 24"},
        {"an odd interrupt does not",
         "interrupt-map",
         {0, 0, 0, 1, GIC, 7, 3, 4, 0, 0, 0, 2, PLIC, 7},
         14,
         0,
         1,
         0,
         "interrupt-map of pci, byte 0"},
        {"no interrupt cells", "interrupt-map", {0, 0, 0, 1, WITHOUT_CELLS}, 5, 0, 0, 0, "byte 0"},
        {"part of a line", "interrupt-map", {0, 0, 0, 1, GIC, 0, 3}, 7, 0, 0, 0, "byte 0"},
        {"nothing but a unit", "interrupt-map", {0, 0, 0, 1}, 4, 0, 0, 0, "byte 0"},
        {"messages", "msi-map", {0, GIC, 0, 8, 8, GIC, 16, 8}, 8, 0, 0, 2, NULL},
        {"messages to no node",
         "msi-map",
         {0, ABSENT, 0, 8, 8, GIC, 16, 8},
         8,
         0,
         0,
         1,
         "msi-map of pci, byte 4"},
        {"17 bits",
         "msi-map",
         {0x10000, GIC, 0, 8, 8, GIC, 16, 8},
         8,
         0,
         0,
         1,
         "msi-map of pci, byte 0"},
        {"nobody",
         "msi-map",
         {0, GIC, 0, 0, 8, GIC, 16, 8},
         8,
         0,
         0,
         1,
         "msi-map of pci, byte 12: left out, expected a length"},
        {"past 16 bits",
         "msi-map",
         {1, GIC, 0, 0x10000},
         4,
         0,
         0,
         0,
         "msi-map of pci, byte 12: left out, expected a length"},
        {"part of an entry",
         "msi-map",
         {0, GIC, 0, 8, 8, GIC},
         6,
         0,
         0,
         1,
         "msi-map of pci, byte 16"},
        {"dangling", "msi-map", {0, 0x99, 0, 8}, 4, 0, 0, 0, "expected the phandle of an enabled"},
        {"ids wrap", "msi-map", {0, GIC, 0xfffffffc, 8}, 4, 0, 0, 0, "ids that fit in 32 bits"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *tree = odd_begin();

        begin_host(tree);
        tree_cell(tree, "#size-cells", 2);
        tree_cells(tree, cases[i].property, cases[i].cells, cases[i].count);
        tree_end(tree);
        const struct machine *machine = odd_read(tree);
        const struct machine_host *host = &machine->hosts[0];

        if (machine->host_count != 1 || host->window_count != cases[i].windows ||
            host->line_count != cases[i].lines || host->msi_count != cases[i].messages)
            unit_fail(__FILE__, __LINE__, "%s: %u windows, %u lines, %u msi", cases[i].name,
                      host->window_count, host->line_count, host->msi_count);
        odd_check_reports(cases[i].name, cases[i].report, NULL);
    }
}

/* One entry more than there is room for: the last is left out, and that is said. */
static void too_much_of_a_host(void)
{
    static const uint32_t window[] = {2u << 24, 0, 0x1000, 0, 0x1000, 0, 0x1000};
    static const uint32_t line[] = {0, 0, 0, 1, GIC, 0, 3, 4}, message[] = {0, GIC, 0, 8};
    static const struct {
        const char *property;
        const uint32_t *entry;
        unsigned size, room;
        const char *report;
    } cases[] = {
        {"ranges", window, ARRAY_LENGTH(window), MACHINE_MAX_WINDOWS,
         "byte 224: left out, expected 8 win"},
        {"interrupt-map", line, ARRAY_LENGTH(line), MACHINE_MAX_LINES,
         "byte 4096: left out, expected 128"},
        {"msi-map", message, ARRAY_LENGTH(message), MACHINE_MAX_MSI,
         "byte 128: left out, expected 8 ent"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint32_t cells[(MACHINE_MAX_LINES + 1) * ARRAY_LENGTH(line)];
        unsigned count = (cases[i].room + 1) * cases[i].size;
        struct tree *tree = odd_begin();

        for (unsigned c = 0; c < count; c++)
            cells[c] = cases[i].entry[c % cases[i].size];
        begin_host(tree);
        tree_cell(tree, "#size-cells", 2);
        tree_cells(tree, cases[i].property, cells, count);
        tree_end(tree);
        const struct machine_host *host = &odd_read(tree)->hosts[0];

        CHECK_EQ(host->window_count + host->line_count + host->msi_count, cases[i].room);
        odd_check_reports(cases[i].property, cases[i].report, NULL);
    }
}

static void too_many_hosts(void)
{
    struct tree *tree = odd_begin();

    for (unsigned i = 0; i <= MACHINE_MAX_HOSTS; i++) {
        begin_host(tree);
        if (i == 0) {
            tree_cell(tree, "#size-cells", 1);
            tree_cells(tree, "ranges", CELLS(2u << 24, 0, 0x1000, 0, 0x1000, 0x1000));
        }
        tree_end(tree);
    }
    CHECK_EQ(odd_read(tree)->host_count, MACHINE_MAX_HOSTS);
    odd_check_reports("hosts", "ranges of pci, byte 0: left out, expected 3 cells",
                      "more than 8 host");
}

static void bus_ranges(void)
{
    static const struct {
        uint32_t range[2], megabytes;
        int first, last; /* -1: no host */
    } cases[] = {
        {{0, 255}, 256, 0, 255}, {{0, 0}, 256, 0, 0},       {{4, 7}, 2, 4, 5},
        {{4, 7}, 4096, 4, 7},    {{255, 255}, 1, 255, 255}, {{7, 4}, 256, -1, 0},
        {{0, 256}, 512, -1, 0},  {{0, 255}, 0, -1, 0},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *tree = odd_begin();

        tree_begin(tree, "pci");
        tree_text(tree, "compatible", "pci-host-ecam-generic");
        tree_cells(tree, "bus-range", cases[i].range, 2);
        tree_cells(tree, "reg",
                   CELLS(0, 0x10000000, cases[i].megabytes >> 12, cases[i].megabytes << 20));
        tree_end(tree);
        const struct machine *machine = odd_read(tree);

        CHECK_EQ(machine->host_count, cases[i].first >= 0);
        if (machine->host_count) {
            CHECK_EQ(machine->hosts[0].bus_first, cases[i].first);
            CHECK_EQ(machine->hosts[0].bus_last, cases[i].last);
        }
        odd_check_reports("bus-range", cases[i].first < 0 ? "device tree: pci: expected a " : NULL,
                          NULL);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"host_properties", host_properties},
        {"too_much_of_a_host", too_much_of_a_host},
        {"too_many_hosts", too_many_hosts},
        {"bus_ranges", bus_ranges},
    };
    int status = unit_main("machine_odd_hosts", units, ARRAY_LENGTH(units));

    odd_end();
    return status;
}
