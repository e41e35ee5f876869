// SPDX-License-Identifier: BSD-2-Clause
/*
 * ACPI tables that ask for as much work as they can, by their list or by an IORT: what is read, and the
 * steps of a table's reader, have a limit of their own, whatever the tables' length.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/iort_topology.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

#define XSDT_ADDRESS 0x2000
#define LIST_ADDRESS 0x100000

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

int main(void)
{
    static const struct unit units[] = {
        {"overlapping_tables", overlapping_tables},
        {"one_table_many_times", one_table_many_times},
        {"mappings_by_the_thousand", mappings_by_the_thousand},
        {"mappings_that_split", mappings_that_split},
        {"components_of_one_name", components_of_one_name},
    };

    return unit_main("work_acpi", units, ARRAY_LENGTH(units));
}
