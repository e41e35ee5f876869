// SPDX-License-Identifier: BSD-2-Clause
/* DMAR and IVRS: what Intel's and AMD's IOMMUs manage. */
#include "lib/acpi/dmar.h"
#include "lib/array/array.h"

#include <stdlib.h>

#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

#define MUTATIONS 20000

/*
 * A unit for 00:02.0 at 48, a unit for all the rest of segment 0 at 72 with an I/O APIC, one of
 * segment 1 for a bridge and for what is two steps below another, at 96, an RMRR at 128, an ATSR.
 */
static void build_dmar(struct table *table)
{
    table_begin(table, "DMAR", 1, 48);
    uint32_t at = table_add(table, 24);
    table_put(table, at + 2, 2, 24);
    table_put(table, at + 8, 8, 0xfed90000);
    table_put(table, at + 16, 8, 0x0002000000000801);
    at = table_add(table, 24);
    table_put(table, at + 2, 2, 24);
    table_put(table, at + 4, 1, 1);
    table_put(table, at + 8, 8, 0xfed91000);
    table_put(table, at + 16, 8, 0x071ff00200000803);
    at = table_add(table, 34);
    table_put(table, at + 2, 2, 34);
    table_put(table, at + 6, 2, 1);
    table_put(table, at + 8, 8, 0xfed92000);
    table_put(table, at + 16, 8, 0x0003400000000802);
    table_put(table, at + 24, 8, 0x0004800000000a01);
    at = table_add(table, 32);
    table_put(table, at, 4, 32 << 16 | 1);
    table_put(table, at + 8, 8, 0x7b800000);
    table_put(table, at + 16, 8, 0x7b81ffff);
    table_put(table, at + 24, 8, 0x0014000000000801);
    at = table_add(table, 8);
    table_put(table, at, 4, 8 << 16 | 2);
}

/* What is not known ends the table, smaller than any structure that is. */
static void build_dmar_with_a_header(struct table *table)
{
    table_begin(table, "DMAR", 1, 48);
    table_put(table, table_add(table, 4), 4, 4 << 16 | 7);
}

/* The same IOMMU by a block of type 0x10 and one of 0x11, and an IVMD. */
static void build_ivrs(struct table *table)
{
    table_begin(table, "IVRS", 2, 48);
    uint32_t at = table_add(table, 28);
    table_put(table, at, 4, 28 << 16 | 0x10);
    table_put(table, at + 4, 2, 2);
    table_put(table, at + 8, 8, 0xfd000000);
    table_put(table, at + 24, 4, 1);
    at = table_add(table, 106);
    table_put(table, at, 4, 106 << 16 | 0x11);
    table_put(table, at + 4, 2, 2);
    table_put(table, at + 8, 8, 0xfd000000);
    table_put(table, at + 40, 4, 0x000802);           /* select 00:01.0 */
    table_put(table, at + 44, 4, 0x010003);           /* from 01:00.0 */
    table_put(table, at + 48, 4, 0x01ff04);           /* to 01:1f.7 */
    table_put(table, at + 52, 8, 0x0000a0000000a442); /* 0xa4 is 0xa0 to the IOMMU */
    table_put(table, at + 60, 8, 0x0100000000a00048); /* an I/O APIC */
    table_put(table, at + 68, 8, 0x00000000030046);   /* extended select 03:00.0 */
    table_put(table, at + 76, 4, 0);                  /* padding */
    table_put(table, at + 80, 1, 0xf0);               /* a device of ACPI, without a name */
    table_put(table, at + 102, 4, 0x000002);
    at = table_add(table, 32);
    table_put(table, at, 4, 32 << 16 | 0x20);
}

static const struct vector {
    const char *name;
    void (*build)(struct table *table);
    struct table_edit edits[2];
    bool is_good;
    unsigned iommus, ranges;
    const char *report;
} vectors[] = {
    {"DMAR", build_dmar, {{0}}, 1, 3, 4, NULL},
    {"DMAR, bare", build_dmar, {{4, 4, 48}}, 1, 0, 0, NULL},
    {"DMAR, no more than a header", build_dmar_with_a_header, {{0}}, 1, 0, 0, NULL},
    {"length 47", build_dmar, {{4, 4, 47}}, 0, 0, 0, "byte 4: length"},
    {"structure length 0", build_dmar, {{50, 2, 0}}, 0, 0, 0, "byte 50: structure length is 0x0"},
    {"structure length 15", build_dmar, {{50, 2, 15}}, 0, 0, 0, "byte 50: structure length"},
    {"structure past", build_dmar, {{50, 2, 0xffff}}, 0, 0, 0, "byte 50: structure length"},
    {"last structure past", build_dmar, {{164, 2, 9}}, 0, 0, 0, "byte 164: structure length"},
    {"three bytes left", build_dmar, {{4, 4, 165}}, 0, 0, 0, "byte 164: structure length"},
    {"scope length 0", build_dmar, {{65, 1, 0}}, 0, 0, 0, "byte 65: scope length"},
    {"scope length 5", build_dmar, {{65, 1, 5}}, 0, 0, 0, "byte 65: scope length"},
    {"scope length 7", build_dmar, {{65, 1, 7}}, 0, 0, 0, "byte 65: scope length"},
    {"scope past", build_dmar, {{65, 1, 10}}, 0, 0, 0, "byte 65: scope length is 0xa"},
    {"scope of RMRR past", build_dmar, {{155, 1, 10}}, 0, 0, 0, "byte 155: scope length"},
    {"four bytes of a scope", build_dmar, {{50, 2, 20}}, 0, 0, 0, "byte 65: scope length"},
    {"device 32", build_dmar, {{70, 1, 32}}, 1, 3, 3, "byte 70: path is 0x20"},
    {"function 8", build_dmar, {{71, 1, 8}}, 1, 3, 3, "byte 70: path is 0x802"},
    {"no path", build_dmar, {{113, 1, 6}, {119, 1, 12}}, 1, 3, 2, "byte 118: path is 0x0"},
    {"scope type 5", build_dmar, {{64, 1, 5}}, 1, 3, 3, NULL},
    {"base 0", build_dmar, {{56, 8, 0}}, 1, 2, 3, "byte 56: base is 0x0"},
    {"type 6", build_dmar, {{48, 2, 6}}, 1, 2, 3, NULL},
    {"RHSA", build_dmar, {{162, 2, 3}}, 1, 3, 4, NULL},
    {"ANDD", build_dmar, {{162, 2, 4}}, 1, 3, 4, NULL},
    {"SATC", build_dmar, {{162, 2, 5}}, 1, 3, 4, NULL},
    {"SIDP", build_dmar, {{162, 2, 6}}, 1, 3, 4, NULL},
    {"type 0xffff", build_dmar, {{162, 2, 0xffff}}, 1, 3, 4, NULL},
    {"scope of an I/O APIC", build_dmar, {{64, 1, 3}}, 1, 3, 3, NULL},
    {"scope of an HPET", build_dmar, {{64, 1, 4}}, 1, 3, 3, NULL},
    {"scope type 255", build_dmar, {{64, 1, 255}}, 1, 3, 3, NULL},
    {"IVRS", build_ivrs, {{0}}, 1, 1, 5, NULL},
    {"IVRS, bare", build_ivrs, {{4, 4, 48}}, 1, 0, 0, NULL},
    {"block length 23", build_ivrs, {{50, 2, 23}}, 0, 0, 0, "byte 50: block length"},
    {"block length 39", build_ivrs, {{78, 2, 39}}, 0, 0, 0, "byte 78: block length"},
    {"block past", build_ivrs, {{184, 2, 33}}, 0, 0, 0, "byte 184: block length"},
    {"only type 0x10", build_ivrs, {{76, 1, 0x20}}, 1, 1, 1, NULL},
    {"type 0x40", build_ivrs, {{76, 1, 0x40}}, 1, 1, 5, NULL},
    {"entry of 32 bytes", build_ivrs, {{116, 1, 0xc0}}, 1, 1, 1, NULL},
    {"last entry past", build_ivrs, {{178, 1, 0x42}}, 0, 0, 0, "byte 178: entry type is 0x42"},
    {"name past", build_ivrs, {{177, 1, 0xff}}, 0, 0, 0, "byte 156: entry type is 0xf0"},
    {"end without start", build_ivrs, {{120, 1, 2}}, 1, 1, 5, "byte 125: last function is 0x1ff"},
    {"end before start", build_ivrs, {{125, 2, 0xff}}, 1, 1, 4, "byte 125: last function is 0xff"},
};

static bool read_exact(const struct table *table, struct topology *out, struct report *report)
{
    const struct sink sink = {.line = report_line, .context = report};
    uint8_t *exact = table_exact(table);
    bool is_good = exact[0] == 'D' ? dmar_read(exact, table->size, out, &sink)
                                   : ivrs_read(exact, table->size, out, &sink);

    free(exact);
    return is_good;
}

static void all_vectors(void)
{
    for (const struct vector *v = vectors; v < vectors + ARRAY_LENGTH(vectors); v++) {
        struct topology topology = {0};
        struct report report = {0};
        struct table table;

        v->build(&table);
        table_seal(&table);
        table_apply(&table, v->edits, ARRAY_LENGTH(v->edits));
        if (v->edits[0].offset == 4)
            table.size = (uint32_t)v->edits[0].value;
        table_set_checksum(&table, table.size);
        bool is_good = read_exact(&table, &topology, &report);
        if (is_good != v->is_good || topology.iommu_count != v->iommus ||
            topology.range_count != v->ranges)
            unit_fail(__FILE__, __LINE__, "%s: good %d, %u IOMMUs, %u ranges", v->name, is_good,
                      topology.iommu_count, topology.range_count);
        report_check(&report, v->report, v->name);
    }
}

static void functions(void)
{
    static const struct {
        void (*build)(struct table *table);
        uint16_t segment, bdf;
        bool is_found, has_below;
        uint64_t base;
        uint32_t id;
    } table[] = {
        {build_dmar, 0, 0x10, 1, 0, 0xfed90000, 0x10},
        {build_dmar, 0, 0x11, 1, 0, 0xfed91000, 0x11},
        {build_dmar, 1, 0x4018, 1, 1, 0xfed92000, 0x4018},
        {build_dmar, 1, 0x8020, 1, 1, 0xfed92000, 0x8020},
        {build_ivrs, 0, 0x8, 1, 0, 0xfd000000, 0x8},
        {build_ivrs, 0, 0x150, 1, 0, 0xfd000000, 0x150},
        {build_ivrs, 0, 0x300, 1, 0, 0xfd000000, 0x300},
        {build_ivrs, 0, 0x301, 0, 0, 0, 0},
        {build_ivrs, 0, 0xa4, 1, 0, 0xfd000000, 0xa0},
        {build_ivrs, 0, 0x2, 0, 0, 0, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        struct topology topology = {0};
        struct topology_match match = {0};
        struct report report = {0};
        struct table bytes;

        table[i].build(&bytes);
        table_seal(&bytes);
        CHECK(read_exact(&bytes, &topology, &report));
        CHECK_EQ(find_function(&topology, table[i].segment, table[i].bdf, &match),
                 table[i].is_found);
        if (!table[i].is_found)
            continue;
        CHECK_EQ(topology.iommus[match.iommu].device.base, table[i].base);
        CHECK_EQ(topology.ranges[match.range].has_below, table[i].has_below);
        CHECK_EQ(match.id, table[i].id);
    }
}

/* One unit and seven scopes, or a block, more than there is room for: nothing is kept. */
static void too_many(void)
{
    struct topology topology = {0};
    struct report report = {0};
    struct table table;

    table_begin(&table, "DMAR", 1, 48);
    uint32_t first = table.size;
    for (unsigned i = 0; i < TOPOLOGY_MAX_IOMMUS + 1; i++) {
        uint32_t at = table_add(&table, i ? 16 : 16 + 262 * 8);

        table_put(&table, at + 2, 2, table.size - at);
        table_put(&table, at + 8, 8, 0x1000 * (i + 1));
    }
    for (unsigned i = 0; i < TOPOLOGY_MAX_RANGES + 6; i++)
        table_put(&table, first + 16 + 8 * i, 8, 0x801 | (uint64_t)(i & 0xff) << 40);
    table_seal(&table);
    CHECK(read_exact(&table, &topology, &report));
    CHECK_EQ(topology.iommu_count, 0);
    CHECK_EQ(topology.range_count, 0);
    report_check(&report, "DMAR: 7 records more", "DMAR");

    topology = (struct topology){0};
    table_begin(&table, "IVRS", 2, 48);
    for (unsigned i = 0; i < TOPOLOGY_MAX_IOMMUS; i++) {
        uint32_t at = table_add(&table, 40 + 4 * 17);

        table_put(&table, at, 4, (40u + 68) << 16 | 0x11);
        for (unsigned n = 0; n < 17; n++)
            table_put(&table, at + 40 + 4 * n, 4, n << 8 | 2);
    }
    table_seal(&table);
    CHECK(read_exact(&table, &topology, &report));
    CHECK_EQ(topology.iommu_count, 0);
    CHECK_EQ(topology.range_count, 0);
    report_check(&report, "IVRS: 16 records more", "IVRS");
}

static void mutated(void)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct topology topology = {0};
        struct report report = {0};
        struct table table;

        (i % 2 ? build_dmar : build_ivrs)(&table);
        if (i % 16 == 0)
            table.size = 36 + table_random(&state) % (table.size - 36);
        for (unsigned n = 0; n < i % 4; n++)
            table.bytes[table.size > 48 ? 48 + table_random(&state) % (table.size - 48) : 47] =
                (uint8_t)table_random(&state);
        table_seal(&table);
        bool is_good = read_exact(&table, &topology, &report);
        CHECK(is_good || !topology.iommu_count);
        CHECK(is_good || report.lines);
        for (unsigned n = 0; n < topology.range_count; n++)
            CHECK(topology.ranges[n].iommu < topology.iommu_count);
    }
}

static const struct unit units[] = {
    {"vectors", all_vectors},
    {"functions", functions},
    {"too_many", too_many},
    {"mutated", mutated},
};

int main(void)
{
    return unit_main("dmar", units, ARRAY_LENGTH(units));
}
