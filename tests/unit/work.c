// SPDX-License-Identifier: BSD-2-Clause
/*
 * Inputs of a MiB that ask for as much work as they can: what the readers do is bounded by what is
 * counted, steps of a tree or a table, and never by how long an input is times how long it is.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/iort_topology.h"
#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "lib/topology/builtin.h"
#include "lib/topology/devicetree.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

#define TREE_ADDRESS 0x1000
#define XSDT_ADDRESS 0x2000
#define LIST_ADDRESS 0x100000
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

/* Memory that counts how much is asked for. */
struct counted {
    struct memory memory;
    uint64_t bytes;
};

static const void *map_counted(void *context, uint64_t address, uint64_t size)
{
    struct counted *counted = context;

    counted->bytes += size;
    return memory_map(&counted->memory, address, size);
}

/* Tables that begin side by side and end together: of each the checksum would have to be taken. */
static void overlapping_tables(void)
{
    enum { COUNT = ACPI_MAX_TABLES, SIZE = 1u << 20 };
    static uint8_t bytes[SIZE];
    static struct acpi acpi;
    const struct acpi_rsdp rsdp = {2, 0, XSDT_ADDRESS};
    struct counted counted = {0};
    const struct mem_view view = {map_counted, &counted};
    uint8_t entries[8 * COUNT];
    struct table xsdt;

    for (unsigned i = COUNT; i--;) {
        uint8_t *table = bytes + i * ACPI_HEADER_SIZE, sum = 0;

        memcpy(table, "AAAA", 4);
        table[0] = (uint8_t)('A' + i % 26);
        table_store(table + 4, 4, SIZE - i * ACPI_HEADER_SIZE);
        for (unsigned at = 0; at < SIZE - i * ACPI_HEADER_SIZE; at++)
            sum = (uint8_t)(sum + table[at]);
        table[9] = (uint8_t)-sum;
        table_store(entries + 8 * i, 8, LIST_ADDRESS + i * ACPI_HEADER_SIZE);
    }
    table_build(&xsdt, "XSDT", entries, sizeof(entries));
    memory_copy(&counted.memory, XSDT_ADDRESS, xsdt.bytes, xsdt.size);
    memory_copy(&counted.memory, LIST_ADDRESS, bytes, sizeof(bytes));
    CHECK(acpi_open(&acpi, &view, &rsdp, NULL));
    CHECK(acpi.table_count && acpi.table_count < COUNT);
    CHECK(counted.bytes <= ACPI_BYTES_MAX + COUNT * ACPI_HEADER_SIZE + 2 * xsdt.size);
    memory_release(&counted.memory);
}

/* A table that is listed as often as there is room for is one table. */
static void one_table_many_times(void)
{
    static struct acpi acpi;
    const struct acpi_rsdp rsdp = {2, 0, XSDT_ADDRESS};
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct memory memory = {0};
    const struct mem_view view = {memory_map, &memory};
    uint8_t entries[8 * 3];
    struct table table;

    for (unsigned i = 0; i < 3; i++)
        table_store(entries + 8 * i, 8, LIST_ADDRESS);
    table_build(&table, "XSDT", entries, sizeof(entries));
    memory_copy(&memory, XSDT_ADDRESS, table.bytes, table.size);
    table_build(&table, "AAAA", NULL, 0);
    memory_copy(&memory, LIST_ADDRESS, table.bytes, table.size);
    CHECK(acpi_open(&acpi, &view, &rsdp, &sink));
    CHECK_EQ(acpi.table_count, 1);
    CHECK_EQ(report.lines, 2);
    report_check(&report, "AAAA at 0x100000: listed twice", "one table");
    memory_release(&memory);
}

static uint8_t *iort_begin(uint32_t nodes, uint32_t size)
{
    uint8_t *table = calloc(1, size);

    memcpy(table, "IORT", 4);
    table_store(table + 4, 4, size);
    table_store(table + 36, 4, nodes);
    table_store(table + 40, 4, 48);
    return table;
}

static void iort_node(uint8_t *node, uint8_t type, uint32_t size, uint32_t mappings,
                      uint32_t mapping_at)
{
    node[0] = type;
    table_store(node + 1, 2, size);
    table_store(node + 8, 4, mappings);
    table_store(node + 12, 4, mapping_at);
}

/* Reads a table, of which `said` is said, and nothing is kept. */
static void read_iort(uint8_t *table, uint32_t size, const char *said)
{
    static struct iort iort;
    struct topology viommus = {0}, others = {0};
    struct report report = {0};
    struct sink_share share;
    const struct sink sink = {.line = report_line, .context = &report};
    const struct sink *own = sink_begin(&share, &sink, "IORT");
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)-sum;
    if (iort_open(&iort, table, size, own))
        iort_topology(&iort, &viommus, &others, own);
    report_check(&report, said, "IORT");
    CHECK(!viommus.range_count && !others.range_count);
    free(table);
}

/* 17 root complexes with 3000 mappings each. */
static void mappings_by_the_thousand(void)
{
    enum { ROOTS = 17, MAPPINGS = 3000, ROOT = 36 + 20 * MAPPINGS };
    uint32_t size = 48 + ROOTS * ROOT;
    uint8_t *table = iort_begin(ROOTS, size);

    for (unsigned i = 0; i < ROOTS; i++)
        iort_node(table + 48 + i * ROOT, 2, ROOT, MAPPINGS, 36);
    read_iort(table, size, "51000 mappings, and room is for 1024");
}

/* Each of the mappings splits the requesters again, and each walk looks at all of them. */
static void mappings_that_split(void)
{
    enum { ROOTS = 8, MAPPINGS = 125, ROOT = 36 + 20 * MAPPINGS, ITS = 24, SMMU = 68 };
    uint32_t size = 48 + SMMU + ITS + ROOTS * ROOT;
    uint8_t *table = iort_begin(ROOTS + 2, size), *root = table + 48 + SMMU + ITS;

    iort_node(table + 48, 4, SMMU, 0, 0);
    iort_node(table + 48 + SMMU, 0, ITS, 0, 0);
    for (unsigned i = 0; i < ROOTS; i++, root += ROOT) {
        iort_node(root, 2, ROOT, MAPPINGS, 36);
        for (uint32_t m = 0; m < MAPPINGS; m++) {
            uint8_t *mapping = root + 36 + 20 * m;

            table_store(mapping, 4, 64 * (i + ROOTS * m) + 1);
            table_store(mapping + 4, 4, 60);
            table_store(mapping + 8, 4, 0x1000 * m);
            table_store(mapping + 12, 4, 48 + SMMU); /* to the ITS: no IOMMU, but every look */
        }
    }
    read_iort(table, size, NULL);
}

/* Components of one long name, none of which leads to an IOMMU: each is compared with each. */
static void components_of_one_name(void)
{
    enum { COUNT = 510, NAME = 2000, NODE = 32 + NAME + 20, ITS = 24 };
    uint32_t size = 48 + ITS + COUNT * NODE;
    uint8_t *table = iort_begin(COUNT + 1, size);

    iort_node(table + 48, 0, ITS, 0, 0);
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t *node = table + 48 + ITS + i * NODE;

        iort_node(node, 1, NODE, 1, 32 + NAME);
        memset(node + 29, 'A', NAME);
        table_store(node + 32 + NAME + 12, 4, 48);
    }
    read_iort(table, size, "too much work");
}

/* A device's configuration, each access to which a VMM may have to answer. */
struct config {
    uint8_t bytes[0x10000];
    unsigned accesses;
};

static uint32_t read_config(void *context, uint32_t offset, unsigned width)
{
    struct config *config = context;
    uint32_t value = 0;

    config->accesses++;
    for (unsigned i = 0; i < width; i++)
        value |= (uint32_t)config->bytes[offset + i] << 8 * i;
    return value;
}

/* `count` items of a type that nobody knows, in each of the layouts. */
static void fill_config(struct config *config, unsigned version, uint32_t count)
{
    uint32_t at = version == 3 ? 40 : 48, size = version == 2 ? 12 : 4;

    memset(config, 0, sizeof(*config));
    table_store(config->bytes + 36, 4, version == 3 ? 40 << 16 | count : 48);
    if (version == 2)
        table_store(config->bytes + 40, 8, 12ull << 32 | count);
    for (uint32_t i = 0; i < count; i++, at += size) {
        table_store(config->bytes + at, 2, 9);
        if (version == 1)
            table_store(config->bytes + at + 2, 2, i + 1 < count ? at + size : 0);
        if (version == 3)
            table_store(config->bytes + at + 2, 2, size);
    }
}

static void items_by_the_thousand(void)
{
    static struct config config;
    const struct builtin_config reader = {read_config, &config, sizeof(config.bytes)};
    const struct topology_device self = {.bdf = 0x18};

    for (unsigned version = 1; version <= 3; version++)
        for (uint32_t count = 1024; count <= 5120; count += 4096) {
            struct topology topology = {0};
            struct report report = {0};
            const struct sink sink = {.line = report_line, .context = &report};

            fill_config(&config, version, count);

            struct builtin_result result = builtin_read(&reader, version, &self, &topology, &sink);

            CHECK_EQ(result.verdict, BUILTIN_TOPOLOGY);
            report_check(&report, count > 1024 ? "1 records more than room is for" : NULL,
                         "built-in items");
            CHECK(config.accesses <= 3 * 1024 + 8);
        }
}

static const struct unit units[] = {
    {"items_by_the_thousand", items_by_the_thousand},
    {"trees", trees},
    {"overlapping_tables", overlapping_tables},
    {"one_table_many_times", one_table_many_times},
    {"mappings_by_the_thousand", mappings_by_the_thousand},
    {"mappings_that_split", mappings_that_split},
    {"components_of_one_name", components_of_one_name},
};

int main(void)
{
    return unit_main("work", units, ARRAY_LENGTH(units));
}
