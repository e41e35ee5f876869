// SPDX-License-Identifier: BSD-2-Clause
/* The questions to a topology, which of its sources counts, and what there is no room for. */
#include "lib/topology/topology.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

static bool finds_pci(const struct topology *topology, uint16_t segment, uint16_t bdf, uint32_t id)
{
    struct topology_match match;

    return find_function(topology, segment, bdf, &match) && match.id == id;
}

/* The stride of a segment is 0x10000 however narrow the window of functions; the later range
 * counts. */
static void questions(void)
{
    const struct topology topology = {
        .iommus = {{.device = {.segment = 1, .bdf = 0x18}},
                   {.device = {.bus = TOPOLOGY_MMIO, .base = 0x1000}}},
        .iommu_count = 2,
        .ranges = {{.source = TOPOLOGY_VIOT,
                    .segment_last = 2,
                    .bdf_first = 0x10,
                    .bdf_last = 0x20,
                    .id_first = 5},
                   {.source = TOPOLOGY_VIOT,
                    .bdf_first = 0x20,
                    .bdf_last = 0x20,
                    .id_first = 0x999,
                    .iommu = 1},
                   {.bus = TOPOLOGY_MMIO, .base = 0x1000, .iommu = 1},
                   {.bus = TOPOLOGY_MMIO, .base = 0x2000, .id_first = 7, .iommu = 1},
                   {.bus = TOPOLOGY_MMIO, .base = 0x2000, .id_first = 8, .iommu = 0}},
        .range_count = 5,
    };
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct topology_match match;

    CHECK(finds_pci(&topology, 0, 0x10, 5));
    CHECK(finds_pci(&topology, 0, 0x18, 0xd));
    CHECK(finds_pci(&topology, 2, 0x20, 0x20015));
    CHECK(finds_pci(&topology, 1, 0x20, 0x10015));
    CHECK(finds_pci(&topology, 0, 0x20, 0x999));
    CHECK(!find_function(&topology, 1, 0x18, &match));
    CHECK(!find_function(&topology, 3, 0x18, &match));
    CHECK(!find_function(&topology, 1, 0x21, &match));
    CHECK(!find_block(&topology, 0x1000, &match));
    CHECK(find_block(&topology, 0x2000, &match) && match.id == 8 && match.iommu == 0);
    CHECK_EQ(topology_check(&topology, &sink), 2);
    CHECK_EQ(report.lines, 2);
    report_check(&report, "range 0 (VIOT, functions 0x0010-0x0020) and range 1", "overlap");
}

/* The source of higher priority counts, wherever it stands, and is no overlap of the other. */
static void priorities(void)
{
    const struct topology_range everything = {.bdf_last = 0xffff};
    struct topology topology = {.iommu_count = 1, .range_count = 2};
    struct topology more = {.iommus = {{.source = TOPOLOGY_OPTIONS, .device.bdf = 0x18}},
                            .iommu_count = 1,
                            .range_count = 1};
    struct topology_match match;

    topology.ranges[0] = everything;
    topology.ranges[0].source = TOPOLOGY_DEVICE_TREE;
    topology.ranges[0].id_first = 100;
    topology.ranges[1] = everything;
    CHECK(find_function(&topology, 0, 1, &match) && match.id == 101);
    CHECK_EQ(match.source, TOPOLOGY_DEVICE_TREE);
    CHECK_EQ(topology_check(&topology, NULL), 0);
    more.ranges[0] = everything;
    more.ranges[0].source = TOPOLOGY_OPTIONS;
    topology_append(&topology, &more, NULL);
    CHECK_EQ(topology.iommu_count, 2);
    CHECK(find_function(&topology, 0, 5, &match) && match.id == 5 && match.iommu == 1);
    CHECK(!find_function(&topology, 0, 0x18, &match));
    CHECK_EQ(topology_check(&topology, NULL), 0);
}

/* A source is taken whole or not at all: the record that has no room may be the one that decides. */
static void appending(void)
{
    static const struct {
        unsigned iommus, ranges; /* room that is left */
        const char *report;
    } cases[] = {
        {2, 6, NULL},
        {1, 6, "VIOT: 1 records more than room is for, 16 IOMMUs and 256 ranges"},
        {2, 4, "VIOT: 2 records more"},
        {0, 0, "VIOT: 8 records more"},
    };
    const struct topology more = {.iommus = {{.source = TOPOLOGY_VIOT}},
                                  .ranges = {{.source = TOPOLOGY_VIOT, .iommu = 1}},
                                  .iommu_count = 2,
                                  .range_count = 6};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        unsigned iommus = TOPOLOGY_MAX_IOMMUS - cases[i].iommus;
        unsigned ranges = TOPOLOGY_MAX_RANGES - cases[i].ranges;
        struct topology topology = {.iommu_count = iommus, .range_count = ranges};
        struct report report = {0};
        const struct sink sink = {.line = report_line, .context = &report};

        topology_append(&topology, &more, &sink);
        report_check(&report, cases[i].report, "appending");
        CHECK_EQ(topology.iommu_count, cases[i].report ? iommus : TOPOLOGY_MAX_IOMMUS);
        CHECK_EQ(topology.range_count, cases[i].report ? ranges : TOPOLOGY_MAX_RANGES);
        if (!cases[i].report)
            CHECK_EQ(topology.ranges[ranges].iommu, iommus + 1);
        topology_append(&topology, &(struct topology){0}, &sink);
        CHECK(report.lines == (cases[i].report != NULL));
    }
}

static const struct unit units[] = {
    {"questions", questions},
    {"priorities", priorities},
    {"appending", appending},
};

int main(void)
{
    return unit_main("topology", units, ARRAY_LENGTH(units));
}
