// SPDX-License-Identifier: BSD-2-Clause
/*
 * The VIOT reader on good, damaged and foreign tables. Every table is an allocation of exactly its
 * size, so that AddressSanitizer sees a read outside it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/viot.h"
#include "lib/array/array.h"
#include "lib/bytes/bytes.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

#define MUTATIONS 20000

static void seal(uint8_t *table, size_t size)
{
    table[9] = (uint8_t)(table[9] - bytes_sum(table, size));
}

/* As QEMU emits it: the IOMMU 00:03.0, then bus 0 with the IOMMU in it. */
static const uint8_t viot_a[88] = {
    0x56, 0x49, 0x4f, 0x54, 0x58, 0x00, 0x00, 0x00, 0x00, 0x56, 0x42, 0x4f, 0x43, 0x48, 0x53,
    0x20, 0x42, 0x58, 0x50, 0x43, 0x20, 0x20, 0x20, 0x20, 0x01, 0x00, 0x00, 0x00, 0x42, 0x58,
    0x50, 0x43, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xff, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* Forward references: 00:04.0, the MMIO endpoint at 0xa000000, then the MMIO IOMMU at byte 0x60. */
static const uint8_t viot_b[112] = {
    0x56, 0x49, 0x4f, 0x54, 0x70, 0x00, 0x00, 0x00, 0x00, 0xf6, 0x42, 0x4f, 0x43, 0x48, 0x53, 0x20,
    0x42, 0x58, 0x50, 0x43, 0x20, 0x20, 0x20, 0x20, 0x01, 0x00, 0x00, 0x00, 0x42, 0x58, 0x50, 0x43,
    0x01, 0x00, 0x00, 0x00, 0x03, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x18, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00, 0x20, 0x00,
    0x60, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x18, 0x00, 0x00, 0x00, 0x01, 0x00,
    0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x60, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x04, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x3e, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00,
};

/* The draft of November 2019 as far as it is looked at: a blank header, then an IORT's header. */
static const uint8_t viot_2019[84] = {
    'V', 'I', 'O', 'T', 84, 0, 0, 0, 0, 0, [48] = 'I', 'O', 'R', 'T', 48, 0, 0, 0,
};

static enum viot_verdict read_exact(const uint8_t *table, size_t size, struct topology *out,
                                    struct report *report)
{
    const struct sink sink = {.line = report_line, .context = report};
    uint8_t *exact = malloc(size);

    if (size != 0)
        memcpy(exact, table, size);
    enum viot_verdict verdict = viot_read(exact, size, out, &sink);
    free(exact);
    return verdict;
}

static bool finds_pci(const struct topology *topology, uint16_t segment, uint16_t bdf, uint32_t id)
{
    struct topology_match match;

    return find_function(topology, segment, bdf, &match) && match.id == id;
}

static void good_a(void)
{
    struct topology topology = {0};
    struct topology_match match;
    struct report report = {0};

    CHECK_EQ(read_exact(viot_a, sizeof(viot_a), &topology, &report), VIOT_ACCEPTED);
    report_check(&report, NULL, "VIOT-A");
    CHECK_EQ(topology.iommu_count, 1);
    CHECK(topology.iommus[0].device.bus == TOPOLOGY_PCI && topology.iommus[0].device.bdf == 0x18);
    CHECK_EQ(topology.range_count, 1);
    CHECK(finds_pci(&topology, 0, 0, 0));
    CHECK(finds_pci(&topology, 0, 0xff, 0xff));
    CHECK(find_function(&topology, 0, 0x20, &match) && match.iommu == 0);
    CHECK(strcmp(topology_source_name(match.source), "VIOT") == 0);
    CHECK(!find_function(&topology, 0, 0x18, &match));
    CHECK(!find_function(&topology, 0, 0x100, &match));
    CHECK(!find_function(&topology, 1, 0x20, &match));
    CHECK(!find_block(&topology, 0, &match));
}

/* Added to a topology that has an IOMMU already: indices shift. */
static void good_b(void)
{
    struct topology topology = {0};
    struct topology_match match;
    struct report report = {0};

    CHECK_EQ(read_exact(viot_a, sizeof(viot_a), &topology, &report), VIOT_ACCEPTED);
    CHECK_EQ(read_exact(viot_b, sizeof(viot_b), &topology, &report), VIOT_ACCEPTED);
    report_check(&report, NULL, "VIOT-B");
    CHECK_EQ(topology.iommu_count, 2);
    CHECK(topology.iommus[1].device.bus == TOPOLOGY_MMIO &&
          topology.iommus[1].device.base == 0x0a003e00);
    CHECK_EQ(topology.range_count, 3);
    CHECK(find_function(&topology, 0, 0x20, &match));
    CHECK(match.id == 0x20 && match.iommu == 1);
    CHECK(find_block(&topology, 0x0a000000, &match));
    CHECK(match.id == 0x10000 && match.iommu == 1);
    CHECK(!find_block(&topology, 0x0a000001, &match));
    CHECK(!find_block(&topology, 0x0a003e00, &match));
    CHECK_EQ(topology_check(&topology, NULL), 1);
}

/* Overwrites fields of a good table; the header's length rules what is read and what is sealed. */
static const struct damage {
    const char *name;
    const uint8_t *table;
    size_t size; /* of the buffer */
    struct {
        unsigned offset, size;
        uint64_t value;
    } puts[2];
    enum viot_verdict verdict;
    unsigned iommus, ranges;
    const char *report;
} damages[] = {
    {"length 47", viot_a, 88, {{4, 4, 47}}, VIOT_REJECTED, 0, 0, "byte 4: length"},
    {"length beyond the buffer", viot_a, 88, {{4, 4, 89}}, VIOT_REJECTED, 0, 0, "byte 4: length"},
    {"signature", viot_a, 88, {{3, 1, 'X'}}, VIOT_REJECTED, 0, 0, "byte 0: signature"},
    {"node_offset 47", viot_a, 88, {{38, 2, 47}}, VIOT_REJECTED, 0, 0, "byte 38: node"},
    {"node_offset past", viot_a, 88, {{38, 2, 89}}, VIOT_REJECTED, 0, 0, "byte 38: node"},
    {"node_offset at end", viot_a, 88, {{38, 2, 88}}, VIOT_REJECTED, 0, 0, "byte 36: node"},
    {"node header at length - 3", viot_a, 88, {{38, 2, 85}}, VIOT_REJECTED, 0, 0, "byte 36: node"},
    {"node length 0", viot_a, 88, {{50, 2, 0}}, VIOT_REJECTED, 0, 0, "byte 50: node"},
    {"node length 3", viot_a, 88, {{50, 2, 3}}, VIOT_REJECTED, 0, 0, "byte 50: node"},
    {"range length 23", viot_a, 88, {{66, 2, 23}}, VIOT_REJECTED, 0, 0, "byte 66: node"},
    {"IOMMU length 15", viot_a, 88, {{50, 2, 15}}, VIOT_REJECTED, 0, 0, "byte 50: node"},
    {"body past the end", viot_a, 88, {{66, 2, 25}}, VIOT_REJECTED, 0, 0, "byte 66: node"},
    {"body cut", viot_a, 87, {{4, 4, 87}}, VIOT_REJECTED, 0, 0, "byte 66: node"},
    {"node_count 65535", viot_a, 88, {{36, 2, 0xffff}}, VIOT_REJECTED, 0, 0, "byte 36: node"},
    {"node_count 0", viot_a, 88, {{36, 2, 0}}, VIOT_ACCEPTED, 0, 0, NULL},
    {"node_count and offset 0", viot_a, 88, {{36, 4, 0}}, VIOT_ACCEPTED, 0, 0, NULL},
    {"bytes left over", viot_a, 88, {{36, 2, 1}}, VIOT_ACCEPTED, 1, 0, "the end of the last node"},
    {"revision 1", viot_a, 88, {{8, 1, 1}}, VIOT_ACCEPTED, 1, 1, NULL},
    {"unknown type", viot_a, 88, {{64, 1, 5}}, VIOT_ACCEPTED, 1, 0, "byte 64: node"},
    {"type 0", viot_a, 88, {{64, 1, 0}}, VIOT_ACCEPTED, 1, 0, "byte 64: node"},
    {"output_node itself", viot_a, 88, {{80, 2, 64}}, VIOT_ACCEPTED, 1, 0, "byte 80: output"},
    {"output_node a range", viot_b, 112, {{64, 2, 72}}, VIOT_ACCEPTED, 1, 1, "byte 64: output"},
    {"output_node mid-node", viot_a, 88, {{80, 2, 52}}, VIOT_ACCEPTED, 1, 0, "byte 80: output"},
    {"output_node 47", viot_a, 88, {{80, 2, 47}}, VIOT_ACCEPTED, 1, 0, "byte 80: output"},
    {"output_node 0xffff", viot_a, 88, {{80, 2, -1}}, VIOT_ACCEPTED, 1, 0, "output_node is 0xffff"},
    {"segments inverted", viot_a, 88, {{72, 2, 1}}, VIOT_ACCEPTED, 1, 0, "byte 74: segment_end"},
    {"bdf_end below", viot_a, 88, {{76, 4, 0xf00100}}, VIOT_ACCEPTED, 1, 0, "byte 78: bdf_end"},
    {"ids past 2^32", viot_a, 88, {{68, 4, -1}}, VIOT_ACCEPTED, 1, 0, "byte 68: "},
    {"ids up to 2^32 - 1", viot_a, 88, {{68, 4, 0xffffff00}}, VIOT_ACCEPTED, 1, 1, NULL},
    {"segments, up to", viot_a, 88, {{68, 4, 0xff00}, {74, 2, 0xffff}}, VIOT_ACCEPTED, 1, 1, NULL},
    {"past, segments",
     viot_a,
     88,
     {{68, 4, 0xff01}, {74, 2, 0xffff}},
     VIOT_ACCEPTED,
     1,
     0,
     "byte 68: "},
    {"type 4 base 0", viot_b, 112, {{104, 8, 0}}, VIOT_ACCEPTED, 0, 0, "byte 104: base"},
    {"reserved, header", viot_a, 88, {{47, 1, 9}}, VIOT_ACCEPTED, 1, 1, "byte 47: reserved"},
    {"reserved, node", viot_a, 88, {{65, 1, 1}}, VIOT_ACCEPTED, 1, 1, "byte 65: reserved"},
    {"reserved, range", viot_a, 88, {{87, 1, 1}}, VIOT_ACCEPTED, 1, 1, "byte 87: reserved"},
    {"reserved, IOMMU", viot_b, 112, {{103, 1, 1}}, VIOT_ACCEPTED, 1, 2, "byte 103: reserved"},
    {"v8", viot_a, 88, {{76, 4, 0xff}}, VIOT_ACCEPTED, 1, 0, "document revision v8"},
    {"draft 2019", viot_2019, 84, {{0}}, VIOT_IS_DRAFT_2019, 0, 0, "byte 48: an"},
    {"draft, long IORT", viot_2019, 84, {{52, 4, 37}}, VIOT_IS_DRAFT_2019, 0, 0, "embedded IORT"},
    {"draft of 83 bytes", viot_2019, 83, {{4, 4, 83}}, VIOT_REJECTED, 0, 0, "of length is 0x53"},
    {"draft, reserved", viot_2019, 84, {{40, 1, 1}}, VIOT_REJECTED, 0, 0, "of length is 0x54"},
    {"draft, DMAR", viot_2019, 84, {{48, 4, 0x52414d44}}, VIOT_REJECTED, 0, 0, "embedded DMAR"},
    {"draft, IVRS", viot_2019, 84, {{48, 4, 0x53525649}}, VIOT_REJECTED, 0, 0, "embedded IVRS"},
    {"bare header", viot_2019, 48, {{4, 4, 48}}, VIOT_ACCEPTED, 0, 0, NULL},
    {"neither", viot_2019, 84, {{48, 4, 0x54535543}}, VIOT_ACCEPTED, 0, 0, NULL},
};

static void damaged(void)
{
    for (const struct damage *c = damages; c < damages + ARRAY_LENGTH(damages); c++) {
        struct topology topology = {0};
        struct report report = {0};
        uint8_t table[sizeof(viot_b)];

        memcpy(table, c->table, c->size);
        for (unsigned i = 0; i < 2; i++)
            table_store(table + c->puts[i].offset, c->puts[i].size, c->puts[i].value);
        uint32_t length = bytes_le32(table + 4);
        seal(table, length < c->size ? length : c->size);
        enum viot_verdict verdict = read_exact(table, c->size, &topology, &report);
        if (verdict != c->verdict || topology.iommu_count != c->iommus ||
            topology.range_count != c->ranges)
            unit_fail(__FILE__, __LINE__, "%s: verdict %d, %u IOMMUs, %u ranges", c->name, verdict,
                      topology.iommu_count, topology.range_count);
        report_check(&report, c->report, c->name);
    }
}

static void checksum(void)
{
    for (size_t i = 0; i < sizeof(viot_a); i++) {
        struct topology topology = {0};
        struct report report = {0};
        uint8_t table[sizeof(viot_a)];

        memcpy(table, viot_a, sizeof(table));
        table[i]++;
        CHECK_EQ(read_exact(table, sizeof(table), &topology, &report), VIOT_REJECTED);
        CHECK_EQ(report.lines, 1);
        CHECK_EQ(topology.iommu_count, 0);
    }
}

static const struct {
    const uint8_t *table;
    size_t size;
} sources[] = {
    {viot_a, sizeof(viot_a)},
    {viot_b, sizeof(viot_b)},
    {viot_2019, sizeof(viot_2019)},
};

/* Cut after every byte, with the header's length as it was and adjusted to the cut. */
static void truncated(void)
{
    for (size_t source = 0; source < 2; source++) {
        for (size_t size = 0; size <= sources[source].size; size++) {
            struct topology topology = {0};
            struct report report = {0};
            uint8_t table[sizeof(viot_b)];
            bool is_whole = size == sources[source].size;

            memcpy(table, sources[source].table, size);
            CHECK_EQ(read_exact(table, size, &topology, &report) == VIOT_ACCEPTED, is_whole);
            if (size < ACPI_HEADER_SIZE)
                continue;
            table_store(table + 4, 4, size);
            seal(table, size);
            CHECK_EQ(read_exact(table, size, &topology, &report) == VIOT_ACCEPTED, is_whole);
        }
    }
}

static void check_bounds(const struct topology *topology)
{
    CHECK(topology->iommu_count <= TOPOLOGY_MAX_IOMMUS);
    CHECK(topology->range_count <= TOPOLOGY_MAX_RANGES);
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];
        CHECK(range->iommu < topology->iommu_count);
        CHECK(range->segment_first <= range->segment_last && range->bdf_first <= range->bdf_last);
        CHECK(topology_last_id(range) <= UINT32_MAX);
    }
}

static void mutated(void)
{
    uint32_t state = 1;

    for (size_t source = 0; source < ARRAY_LENGTH(sources); source++) {
        size_t size = sources[source].size;

        for (unsigned i = 0; i < MUTATIONS; i++) {
            struct topology topology = {0};
            struct topology_match match;
            struct report report = {0};
            uint8_t table[sizeof(viot_b)];

            memcpy(table, sources[source].table, size);
            for (unsigned n = 0; n <= i % 2; n++)
                table[4 + table_random(&state) % (size - 4)] = (uint8_t)table_random(&state);
            uint32_t length = bytes_le32(table + 4);
            seal(table, length < size ? length : size);
            if (read_exact(table, size, &topology, &report) != VIOT_ACCEPTED)
                CHECK_EQ(topology.iommu_count + topology.range_count, 0);
            check_bounds(&topology);
            find_function(&topology, (uint16_t)(i & 1), (uint16_t)i, &match);
            topology_check(&topology, NULL);
        }
    }
}

/* IOMMUs, then ranges of one function each, spread over them. */
static void build_many(struct table *table, unsigned iommus, unsigned ranges)
{
    table_begin(table, "VIOT", 1, 48);
    table_put(table, 36, 4, 0x300000 | (iommus + ranges));
    for (unsigned i = 0; i < iommus; i++) {
        uint32_t node = table_add(table, 16);

        table_put(table, node, 4, 0x100003);
        table_put(table, node + 6, 2, i);
    }
    for (unsigned i = 0; i < ranges; i++) {
        uint32_t node = table_add(table, 24);

        table_put(table, node, 4, 0x180001);
        table_put(table, node + 4, 4, 0x100000 + i);
        table_put(table, node + 12, 4, (0x100 + i) * 0x10001);
        table_put(table, node + 16, 2, 48 + (i % iommus) * 16);
    }
    table_seal(table);
}

/* Of what does not fit nothing is kept: the record that is missing may be the one that decides. */
static void more_than_fits(void)
{
    static const struct {
        unsigned iommus, ranges;
        const char *report;
    } cases[] = {
        {TOPOLOGY_MAX_IOMMUS, TOPOLOGY_MAX_RANGES, NULL},
        {TOPOLOGY_MAX_IOMMUS, TOPOLOGY_MAX_RANGES + 3, "VIOT: 3 records more"},
        {TOPOLOGY_MAX_IOMMUS + 1, TOPOLOGY_MAX_IOMMUS + 1, "all of it is left out"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct topology topology = {0};
        struct report report = {0};
        struct table table;

        build_many(&table, cases[i].iommus, cases[i].ranges);
        CHECK_EQ(read_exact(table.bytes, table.size, &topology, &report), VIOT_ACCEPTED);
        CHECK_EQ(topology.iommu_count, cases[i].report ? 0 : cases[i].iommus);
        CHECK_EQ(topology.range_count, cases[i].report ? 0 : cases[i].ranges);
        report_check(&report, cases[i].report, "more than fits");
        check_bounds(&topology);
    }
}

/* viot-65-ranges of the field: a wide range, then one function at a time, the last of which is. */
static void sixty_five_ranges(void)
{
    struct topology topology = {0};
    struct report report = {0};
    struct table table;

    build_many(&table, 1, 65);
    table_put(&table, 64 + 4, 4, 0); /* the first has every function of bus 1 */
    table_put(&table, 64 + 12, 4, 0x1ff0100);
    table_seal(&table);
    CHECK_EQ(read_exact(table.bytes, table.size, &topology, &report), VIOT_ACCEPTED);
    report_check(&report, NULL, "65 ranges");
    CHECK(finds_pci(&topology, 0, 0x100 + 64, 0x100000 + 64));
    CHECK(finds_pci(&topology, 0, 0x100 + 65, 65));
}

static const struct unit units[] = {
    {"viot_a", good_a},       {"viot_b", good_b},
    {"damaged", damaged},     {"checksum", checksum},
    {"truncated", truncated}, {"mutated", mutated},
    {"full", more_than_fits}, {"sixty_five_ranges", sixty_five_ranges},
};

int main(void)
{
    return unit_main("viot", units, ARRAY_LENGTH(units));
}
