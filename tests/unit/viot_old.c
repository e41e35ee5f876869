// SPDX-License-Identifier: BSD-2-Clause
/* VIOT before ACPI 6.5: document revision v8, and the draft of November 2019 around an IORT. */
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/viot.h"
#include "lib/array/array.h"
#include "lib/bytes/bytes.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table_iort.h"
#include "tests/unit/fixtures/unit.h"

static struct iort iort; /* too large for a frame */

#define MUTATIONS 20000

/* QEMU's table, but for the range: 00:00.0 to 00:1f.7 in the layout of v8. */
static void build_v8(struct table *table)
{
    table_hex(table,
              "56 49 4f 54 58 00 00 00 00 56 42 4f 43 48 53 20 42 58 50 43 20 20 20 20 01 00 00 00 "
              "42 58 50 43 01 00 00 00 02 00 30 00 00 00 00 00 00 00 00 00 03 00 10 00 00 00 18 00 "
              "00 00 00 00 00 00 00 00 01 00 18 00 00 00 00 00 00 00 00 00 ff 00 00 00 30 00 00 00 "
              "00 00 00 00");
}

/* The same in the layout of ACPI 6.5. */
static void build_final(struct table *table)
{
    build_v8(table);
    table_put(table, 0x4c, 4, 0xff0000);
}

/* The IOMMU 00:03.0, which the two mappings of the root complex at 116 leave out. */
static void build_draft(struct table *table)
{
    table_hex(
        table,
        "56 49 4f 54 c0 00 00 00 00 93 42 4f 43 48 53 20 42 58 50 43 20 20 20 20 01 00 00 00 42 58 "
        "50 43 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 49 4f 52 54 90 00 00 00 00 8f 42 4f "
        "43 48 53 20 42 58 50 43 20 20 20 20 01 00 00 00 42 58 50 43 01 00 00 00 02 00 00 00 30 00 "
        "00 00 00 00 00 00 80 14 00 00 00 00 00 00 00 00 00 00 14 00 00 00 18 00 00 00 02 4c 00 00 "
        "00 00 00 00 02 00 00 00 24 00 00 00 01 00 00 00 00 00 00 03 00 00 00 00 00 00 00 00 40 00 "
        "00 00 00 00 00 00 17 00 00 00 00 00 00 00 30 00 00 00 00 00 00 00 19 00 00 00 e6 ff 00 00 "
        "19 00 00 00 30 00 00 00 00 00 00 00");
}

/*
 * cloud-hypervisor of January 2020: a node of 56 bytes, one mapping a device, each one id too long.
 */
static void build_long_nodes(struct table *table)
{
    const struct table_mapping maps[] = {
        {0x08, 1, 0x08, 48, 0}, {0x10, 1, 0x10, 48, 0}, {0x11, 1, 0x11, 48, 0}};

    table_iort_begin(table, 0, 1);
    uint32_t iommu = table_iort_node(table, 0x80, 0, 56, NULL, 0);
    table_iort_put(table, iommu, 12, 4, 56);
    table_iort_put(table, iommu, 16, 4, 0x18);
    table_iort_put(table, iommu, 32, 4, 1);
    table_iort_root(table, 0, maps, ARRAY_LENGTH(maps));
}

/* An IOMMU at 0x10000000, with 48 bytes, for a part of segment 2; an ITS behind it. */
static void build_mmio(struct table *table)
{
    table_iort_begin(table, 0, 1);
    uint32_t iommu = table_iort_viommu(table, 0x10000000, 0);
    table_iort_root(table, 2, &(struct table_mapping){0x100, 0xff, 0x5000, iommu, 0}, 1);
    table_iort_its(table);
}

/* Fields, at their offset in the VIOT; the embedded IORT begins at 48. */
static const struct vector {
    const char *name;
    void (*build)(struct table *table);
    bool is_v8; /* which reader it is for */
    struct table_edit edits[2];
    enum viot_verdict verdict;
    unsigned iommus, ranges;
    const char *report;
} vectors[] = {
    {"v8", build_v8, 1, {{0}}, VIOT_ACCEPTED, 1, 1, NULL},
    {"v8, segment", build_v8, 1, {{72, 2, 5}}, VIOT_ACCEPTED, 1, 1, NULL},
    {"v8, inverted", build_v8, 1, {{74, 2, 0x100}}, VIOT_ACCEPTED, 1, 0, "byte 76: bdf_end"},
    {"v8, reserved", build_v8, 1, {{78, 2, 1}}, VIOT_ACCEPTED, 1, 1, "byte 78: reserved"},
    {"v8, ids", build_v8, 1, {{68, 4, -1}}, VIOT_ACCEPTED, 1, 0, "byte 68: endpoint_start"},
    {"v8, output", build_v8, 1, {{80, 2, 64}}, VIOT_ACCEPTED, 1, 0, "byte 80: output_node"},
    {"v8, length", build_v8, 1, {{66, 2, 23}}, VIOT_REJECTED, 0, 0, "byte 66: node length"},
    {"v8, no nodes", build_v8, 1, {{36, 2, 0}}, VIOT_ACCEPTED, 0, 0, NULL},
    {"v8, bdf_end in reserved", build_final, 1, {{0}}, VIOT_ACCEPTED, 1, 1, "byte 78: reserved"},
    {"draft as v8", build_draft, 1, {{0}}, VIOT_IS_DRAFT_2019, 0, 0, "byte 48: an embedded IORT"},
    {"draft", build_draft, 0, {{0}}, VIOT_ACCEPTED, 1, 2, NULL},
    {"v8 as draft", build_v8, 0, {{0}}, VIOT_REJECTED, 0, 0, "byte 48: signature of the"},
    {"final as draft", build_final, 0, {{0}}, VIOT_REJECTED, 0, 0, "expected IORT"},
    {"nodes of 56 bytes", build_long_nodes, 0, {{0}}, VIOT_ACCEPTED, 1, 2, NULL},
    {"MMIO", build_mmio, 0, {{0}}, VIOT_ACCEPTED, 1, 1, NULL},
    {"MMIO, base 0", build_mmio, 0, {{112, 4, 0}}, VIOT_ACCEPTED, 0, 0, "byte 112: base is 0x0"},
    {"MMIO, 47 bytes", build_mmio, 0, {{97, 2, 47}}, VIOT_REJECTED, 0, 0, "node length"},
    {"embedded length", build_draft, 0, {{52, 4, 0x91}}, VIOT_REJECTED, 0, 0, "byte 52: length"},
    {"embedded length 47", build_draft, 0, {{52, 4, 47}}, VIOT_REJECTED, 0, 0, "byte 52: length"},
    {"embedded, shorter", build_draft, 0, {{52, 4, 0x8f}}, VIOT_REJECTED, 0, 0, "byte 117: node"},
    {"embedded checksum", build_draft, 0, {{57, 1, 0x11}}, VIOT_ACCEPTED, 1, 2, "byte 57: "},
    {"embedded DMAR", build_draft, 0, {{48, 4, 0x52414d44}}, VIOT_REJECTED, 0, 0, "embedded DMAR"},
    {"embedded IVRS", build_draft, 0, {{48, 4, 0x53525649}}, VIOT_REJECTED, 0, 0, "embedded IVRS"},
    {"embedded SSDT", build_draft, 0, {{48, 4, 0x54445353}}, VIOT_REJECTED, 0, 0, "byte 48: sig"},
    {"reserved", build_draft, 0, {{40, 1, 1}}, VIOT_REJECTED, 0, 0, "bytes 40 to 47 zero"},
    {"0x80 of 19 bytes", build_draft, 0, {{97, 1, 19}}, VIOT_REJECTED, 0, 0, "node length"},
    {"reference 0", build_draft, 0, {{164, 4, 0}}, VIOT_ACCEPTED, 1, 0, "byte 164: output"},
    {"reference 47", build_draft, 0, {{164, 4, 47}}, VIOT_ACCEPTED, 1, 1, "byte 164: output"},
    {"reference from the VIOT",
     build_draft,
     0,
     {{164, 4, 96}},
     VIOT_ACCEPTED,
     1,
     1,
     "byte 164: output"},
    {"reference to itself",
     build_draft,
     0,
     {{164, 4, 68}},
     VIOT_ACCEPTED,
     1,
     1,
     "byte 116: requester"},
    {"id 0xffffffff and 1 more",
     build_draft,
     0,
     {{152, 8, 0x1ffffffff}},
     VIOT_ACCEPTED,
     1,
     1,
     "byte 156: id count"},
    {"mappings past the end",
     build_draft,
     0,
     {{124, 4, 3}},
     VIOT_ACCEPTED,
     1,
     0,
     "byte 124: mapping count"},
};

static void take_vector(const struct vector *vector)
{
    struct topology topology = {0}, others = {0};
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct table table;

    vector->build(&table);
    table_seal(&table);
    table_apply(&table, vector->edits, ARRAY_LENGTH(vector->edits));
    /* Only the outer checksum is put right: the embedded one is no reason to refuse. */
    table_set_checksum(&table, table.size);

    uint8_t *exact = table_exact(&table);
    enum viot_verdict verdict =
        vector->is_v8 ? viot_read_v8(exact, table.size, &topology, &sink)
                      : viot_read_draft(exact, table.size, &iort, &topology, &others, &sink);
    free(exact);
    if (verdict != vector->verdict || topology.iommu_count != vector->iommus ||
        topology.range_count != vector->ranges)
        unit_fail(__FILE__, __LINE__, "%s: verdict %d, %u IOMMUs, %u ranges", vector->name, verdict,
                  topology.iommu_count, topology.range_count);
    report_check(&report, vector->report, vector->name);
}

static void all_vectors(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++)
        take_vector(&vectors[i]);
}

/* What the vectors of three producers say of single functions. */
static void functions(void)
{
    static const struct {
        void (*build)(struct table *table);
        bool is_v8;
        uint16_t segment, bdf;
        bool is_found;
        uint32_t id;
    } table[] = {
        {build_v8, 1, 0, 0xff, 1, 0xff},         {build_v8, 1, 0, 0x18, 0, 0},
        {build_v8, 1, 0, 0x100, 0, 0},           {build_v8, 1, 1, 0xff, 0, 0},
        {build_draft, 0, 0, 0x17, 1, 0x17},      {build_draft, 0, 0, 0x18, 0, 0},
        {build_draft, 0, 0, 0xffff, 1, -1},      {build_long_nodes, 0, 0, 0x10, 1, 0x10},
        {build_long_nodes, 0, 0, 0x12, 1, 0x12}, {build_long_nodes, 0, 0, 0x13, 0, 0},
        {build_mmio, 0, 2, 0x1ff, 1, 0x50ff},    {build_mmio, 0, 0, 0x1ff, 0, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        struct topology topology = {0};
        struct topology_match match = {0};
        struct table bytes;

        table[i].build(&bytes);
        table_seal(&bytes);
        CHECK_EQ(viot_is_draft(bytes.bytes, bytes.size), !table[i].is_v8);
        if (table[i].is_v8)
            viot_read_v8(bytes.bytes, bytes.size, &topology, NULL);
        else
            viot_read_draft(bytes.bytes, bytes.size, &iort, &topology, NULL, NULL);
        bool is_found = find_function(&topology, table[i].segment, table[i].bdf, &match);
        CHECK_EQ(is_found, table[i].is_found);
        if (is_found)
            CHECK_EQ(match.id, table[i].id & 0xffff);
    }
}

/* Which of several tables is the one that was asked for. */
static void layouts(void)
{
    static const struct {
        void (*build)(struct table *table);
        bool is_v8, is_draft;
    } kinds[] = {{build_v8, true, false}, {build_draft, false, true}, {build_final, false, false}};

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        struct table table;

        kinds[i].build(&table);
        table_seal(&table);
        CHECK_EQ(viot_is_v8(table.bytes, table.size), kinds[i].is_v8);
        CHECK_EQ(viot_is_draft(table.bytes, table.size), kinds[i].is_draft);
        table.bytes[9]++;
        CHECK(!viot_is_v8(table.bytes, table.size));
    }
}

static void truncated(void)
{
    struct table whole;

    build_draft(&whole);
    for (uint32_t size = 0; size < whole.size; size++) {
        struct topology topology = {0};
        struct table table = whole;

        table.size = size;
        if (size >= 48)
            table_seal(&table);
        uint8_t *exact = table_exact(&table);
        CHECK_EQ(viot_read_draft(exact, size, &iort, &topology, NULL, NULL), VIOT_REJECTED);
        CHECK_EQ(viot_is_draft(exact, size), size >= 84);
        free(exact);
    }
}

static void mutated(void)
{
    static void (*const builders[])(struct table *) = {build_v8, build_draft, build_long_nodes,
                                                       build_mmio};
    uint32_t state = 1;

    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct topology topology = {0}, others = {0};
        struct table table;

        builders[i % ARRAY_LENGTH(builders)](&table);
        for (unsigned n = 0; n <= i % 3; n++)
            table.bytes[36 + table_random(&state) % (table.size - 36)] =
                (uint8_t)table_random(&state);
        table_seal(&table);
        uint8_t *exact = table_exact(&table);
        viot_read_v8(exact, table.size, &topology, NULL);
        viot_read_draft(exact, table.size, &iort, &topology, &others, NULL);
        free(exact);
        CHECK(topology.range_count <= TOPOLOGY_MAX_RANGES);
        for (unsigned n = 0; n < topology.range_count; n++)
            CHECK(topology.ranges[n].iommu < topology.iommu_count);
    }
}

static const struct unit units[] = {
    {"vectors", all_vectors}, {"functions", functions}, {"layouts", layouts},
    {"truncated", truncated}, {"mutated", mutated},
};

int main(void)
{
    return unit_main("viot_old", units, ARRAY_LENGTH(units));
}
