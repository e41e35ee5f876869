// SPDX-License-Identifier: BSD-2-Clause
/* The tables that the roots list, and the roots themselves, good and damaged. */
#include <stdio.h>
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/malformed_table.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/unit.h"

static void place_table(struct memory *memory, uint64_t address, const char *signature,
                        const void *body, uint32_t body_size)
{
    struct table table;

    table_build(&table, signature, body, body_size);
    memory_copy(memory, address, table.bytes, table.size);
}

/* Both roots list table A at 0x3000; the XSDT also lists B above 4 GiB. */
static void place_roots(struct memory *memory)
{
    uint8_t entries[32];

    table_store(entries, 4, 0x3000);
    place_table(memory, 0x1000, "RSDT", entries, 4);
    table_store(entries, 8, 0x3000);
    table_store(entries + 8, 8, 0);
    table_store(entries + 16, 8, 0x300000000);
    table_store(entries + 24, 8, 0x4000);
    place_table(memory, 0x2000, "XSDT", entries, 32);
    place_table(memory, 0x3000, "AAAA", "body", 4);
    place_table(memory, 0x300000000, "BBBB", NULL, 0);
    place_table(memory, 0x4000, "AAAA", NULL, 0);
}

static void open_tables(void)
{
    const struct acpi_rsdp both = {2, 0x1000, 0x2000}, old = {0, 0x1000, 0};
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct memory memory = {0};
    const struct mem_view access = {memory_map, &memory};
    struct acpi acpi;

    place_roots(&memory);
    CHECK(acpi_open(&acpi, &access, &both, &sink));
    CHECK_EQ(acpi.table_count, 3);
    CHECK(acpi_find(&acpi, "AAAA") && acpi_find(&acpi, "AAAA")->address == 0x3000);
    CHECK(acpi_find(&acpi, "AAAA") && acpi_find(&acpi, "AAAA")->length == 40);
    CHECK(acpi_find(&acpi, "BBBB") && acpi_find(&acpi, "BBBB")->address == 0x300000000);
    CHECK(!acpi_find(&acpi, "VIOT"));
    CHECK(acpi_find_next(&acpi, &acpi.tables[0]) == &acpi.tables[2]);
    CHECK(!acpi_find_next(&acpi, &acpi.tables[1]) && !acpi_find_next(&acpi, &acpi.tables[2]));
    CHECK_EQ(report.lines, 1);
    report_check(&report, "AAAA at 0x4000: a second one, the one at 0x3000", "duplicate");

    CHECK(acpi_open(&acpi, &access, &old, NULL));
    CHECK_EQ(acpi.table_count, 1);

    memory.ranges[1].bytes[9]++;
    CHECK(acpi_open(&acpi, &access, &both, NULL));
    CHECK_EQ(acpi.table_count, 1);
    memory.ranges[0].bytes[0]++;
    CHECK(!acpi_open(&acpi, &access, &both, NULL));
    CHECK_EQ(acpi.table_count, 0);
    memory_release(&memory);
}

/*
 * An XSDT that lists more tables than are looked at; each is a header with a signature of its own.
 */
static void open_full(void)
{
    const struct acpi_rsdp rsdp = {2, 0, 0x2000};
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    uint8_t entries[8 * (ACPI_MAX_TABLES + 6)];
    uint8_t tables[ACPI_HEADER_SIZE * (ACPI_MAX_TABLES + 6)];
    struct table table;
    struct memory memory = {0};
    const struct mem_view access = {memory_map, &memory};
    struct acpi acpi;

    for (unsigned i = 0; i < ACPI_MAX_TABLES + 6; i++) {
        char signature[5];

        snprintf(signature, sizeof(signature), "T%03u", i);
        table_build(&table, signature, NULL, 0);
        memcpy(tables + i * ACPI_HEADER_SIZE, table.bytes, table.size);
        table_store(entries + i * 8, 8, 0x3000 + i * ACPI_HEADER_SIZE);
    }
    place_table(&memory, 0x2000, "XSDT", entries, sizeof(entries));
    memory_copy(&memory, 0x3000, tables, sizeof(tables));
    CHECK(acpi_open(&acpi, &access, &rsdp, &sink));
    CHECK_EQ(acpi.table_count, ACPI_MAX_TABLES);
    CHECK(acpi_find(&acpi, "T063") && !acpi_find(&acpi, "T064"));
    CHECK_EQ(report.lines, 1);
    report_check(&report, "XSDT: 70 entries, and room is for 64", "more than fits");
    memory_release(&memory);
}

/* What is wrong with the table at 0x3000 or with the RSDT that lists it. */
static const struct {
    const char *name;
    unsigned table; /* 0: the RSDT */
    struct table_edit edit;
    bool sealed, opens;
    const char *report;
} open_cases[] = {
    {"checksum", 1, {9, 1, 0}, false, true, "at 0x3000 byte 9: checksum is 0x0, expected 0x"},
    {"signature", 1, {3, 1, 0x7f}, true, true, "at 0x3000 byte 0: signature is 0x7f414141"},
    {"length 35", 1, {4, 4, 35}, true, true, "at 0x3000 byte 4: length is 0x23, expected 0x24"},
    {"length past memory", 1, {4, 4, 41}, true, true, "byte 4: length is 0x29"},
    {"length too big", 1, {4, 4, 0xffffffff}, true, true, "byte 4: length is 0xffffffff"},
    {"entry nowhere", 0, {36, 4, 0x9000}, true, true, "table at 0x9000: not in readable memory"},
    {"entry wraps", 0, {36, 4, 0xfffffff0}, true, true, "table at 0xfffffff0"},
    {"zero entry", 0, {36, 4, 0}, true, true, NULL},
    {"odd root length", 0, {4, 4, 38}, true, false, "RSDT byte 4: length is 0x26"},
    {"wrong root", 0, {0, 1, 'X'}, true, false, "RSDT at 0x1000 byte 0: signature is 0x54445358"},
};

static void open_damaged(void)
{
    const struct acpi_rsdp old = {0, 0x1000, 0};

    for (size_t i = 0; i < ARRAY_LENGTH(open_cases); i++) {
        struct report report = {0};
        const struct sink sink = {.line = report_line, .context = &report};
        struct memory memory = {0};
        const struct mem_view access = {memory_map, &memory};
        struct table tables[2], *table = &tables[open_cases[i].table];
        uint8_t entry[4];
        struct acpi acpi;

        table_store(entry, 4, 0x3000);
        table_build(&tables[0], "RSDT", entry, 4);
        table_build(&tables[1], "AAAA", "body", 4);
        table_apply(table, &open_cases[i].edit, 1);
        if (open_cases[i].sealed)
            table_set_checksum(table, table->size);
        memory_copy(&memory, 0x1000, tables[0].bytes, tables[0].size);
        memory_copy(&memory, 0x3000, tables[1].bytes, tables[1].size);
        if (acpi_open(&acpi, &access, &old, &sink) != open_cases[i].opens || acpi.table_count != 0)
            unit_fail(__FILE__, __LINE__, "%s", open_cases[i].name);
        report_check(&report, open_cases[i].report, open_cases[i].name);
        memory_release(&memory);
    }
}

static bool read_as_xsdt(const void *table, size_t size, const struct sink *sink)
{
    const struct acpi_rsdp rsdp = {2, 0x1000, 0x2000};
    struct memory memory = {0};
    const struct mem_view access = {memory_map, &memory};
    struct acpi acpi;

    memory_copy(&memory, 0x2000, table, size);
    bool good = acpi_open(&acpi, &access, &rsdp, sink);
    CHECK(acpi.table_count <= ACPI_MAX_TABLES);
    memory_release(&memory);
    return good;
}

static bool read_as_rsdt(const void *table, size_t size, const struct sink *sink)
{
    const struct acpi_rsdp rsdp = {0, 0x1000, 0};
    struct memory memory = {0};
    const struct mem_view access = {memory_map, &memory};
    struct acpi acpi;

    memory_copy(&memory, 0x1000, table, size);
    bool good = acpi_open(&acpi, &access, &rsdp, sink);
    memory_release(&memory);
    return good;
}

static const uint8_t root_body[] = {0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0};

static const struct malformed_table xsdt = {"XSDT", root_body, sizeof(root_body), read_as_xsdt};
static const struct malformed_table rsdt = {"RSDT", root_body, sizeof(root_body), read_as_rsdt};

static void damaged_roots(void)
{
    static const struct malformed_table_damage xsdts[] = {
        {"length not whole", {4, 4, 48}, false, "XSDT byte 4: length is 0x30"},
        {"length huge", {4, 4, 0xffffffff}, false, "XSDT at 0x2000 byte 4: length is 0xffffffff"},
    };
    static const struct malformed_table_damage rsdts[] = {
        {"length not whole", {4, 4, 49}, false, "RSDT byte 4: length is 0x31"},
    };

    malformed_table_check_damages(&xsdt, xsdts, ARRAY_LENGTH(xsdts));
    malformed_table_check_damages(&rsdt, rsdts, ARRAY_LENGTH(rsdts));
}

static void truncated_roots(void)
{
    malformed_table_check_cuts(&xsdt);
    malformed_table_check_cuts(&rsdt);
}

static void mutated_roots(void)
{
    malformed_table_check_mutations(&xsdt);
    malformed_table_check_mutations(&rsdt);
}

static const struct unit units[] = {
    {"open", open_tables},
    {"open_damaged", open_damaged},
    {"open_full", open_full},
    {"damaged_roots", damaged_roots},
    {"truncated_roots", truncated_roots},
    {"mutated_roots", mutated_roots},
};

int main(void)
{
    return unit_main("acpi_tables", units, ARRAY_LENGTH(units));
}
