// SPDX-License-Identifier: BSD-2-Clause
/* Questions to topologies that no reader made: equality, ranges that ignore bits, names. */
#include <string.h>

#include "lib/array/array.h"
#include "lib/topology/topology.h"
#include "lib/topology/view.h"
#include "tests/unit/fixtures/unit.h"

static struct topology sample(void)
{
    return (struct topology){
        .iommus = {{.source = TOPOLOGY_VIOT, .bdf = 0x18}},
        .ranges = {{.source = TOPOLOGY_VIOT, .bdf_last = 0xff, .id_first = 0x100}},
        .iommu_count = 1,
        .range_count = 1,
    };
}

static void equality(void)
{
    const struct topology a = sample();
    struct topology b = a;

    CHECK(topology_equal(&a, &b));
    b.iommus[0].kind = TOPOLOGY_SMMU;
    CHECK(!topology_equal(&a, &b));
    b = a;
    b.iommus[0].bdf++;
    CHECK(!topology_equal(&a, &b));
    b = a;
    b.ranges[0].id_first++;
    CHECK(!topology_equal(&a, &b));
    b = a;
    b.ranges[0].has_below = true;
    CHECK(!topology_equal(&a, &b));
    b = a;
    b.range_count++;
    CHECK(!topology_equal(&a, &b));
}

/* Every eighth function from 0 on, and a range that has one of them or none. */
static void overlaps_of_ignored_bits(void)
{
    static const struct {
        uint16_t first, last;
        unsigned overlaps;
    } cases[] = {{0, 7, 1}, {0x10, 0x17, 0}, {0x0f, 0x10, 0}, {0x07, 0x20, 1}, {0xffff, 0xffff, 0}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct topology topology = sample();

        topology.ranges[0].bdf_last = 0;
        topology.ranges[0].bdf_ignored = 7;
        topology.ranges[1] = topology.ranges[0];
        topology.ranges[1].bdf_ignored = 0;
        topology.ranges[1].bdf_first = cases[i].first;
        topology.ranges[1].bdf_last = cases[i].last;
        topology.range_count = 2;
        CHECK_EQ(topology_check(&topology, NULL), cases[i].overlaps);
    }
}

static void names(void)
{
    for (int kind = 0; kind < TOPOLOGY_KINDS; kind++)
        CHECK(strlen(topology_kind_name((enum topology_kind)kind)) > 0);
    for (int source = 0; source < TOPOLOGY_SOURCES; source++)
        CHECK(strlen(topology_source_name((enum topology_source)source)) > 0);
    CHECK(!strcmp(topology_kind_name(TOPOLOGY_SMMU_V3), "SMMUv3"));
}

static void views(void)
{
    struct topology all = sample(), view;

    all.ranges[1] = all.ranges[0];
    all.ranges[1].source = TOPOLOGY_IORT;
    all.range_count = 2;
    CHECK(topology_view(&all, TOPOLOGY_IORT, &view));
    CHECK(view.range_count == 1 && view.iommu_count == 1);
    CHECK_EQ(view.ranges[0].source, TOPOLOGY_IORT);
    CHECK(!topology_view(&all, TOPOLOGY_DMAR, &view));
}

static void places(void)
{
    struct topology_iommu a = {.bdf = 0x18}, b = a;

    CHECK(topology_same_iommu(&a, &b));
    b.segment = 1;
    CHECK(!topology_same_iommu(&a, &b));
    b.bus = TOPOLOGY_MMIO;
    CHECK(!topology_same_iommu(&a, &b));
    a = b;
    a.bdf = 0x20; /* of no meaning there */
    CHECK(topology_same_iommu(&a, &b));
    b.base = 0x1000;
    CHECK(!topology_same_iommu(&a, &b));
}

static void wrapping(void)
{
    struct topology_range range = {.bdf_last = 0xff, .id_first = UINT32_MAX - 0xff};

    CHECK(!topology_wraps(&range));
    range.id_first++;
    CHECK(topology_wraps(&range));
    range.bus = TOPOLOGY_MMIO;
    CHECK(!topology_wraps(&range));
}

int main(void)
{
    static const struct unit units[] = {
        {"equality", equality}, {"overlaps_of_ignored_bits", overlaps_of_ignored_bits},
        {"names", names},       {"views", views},
        {"places", places},     {"wrapping", wrapping},
    };

    return unit_main("topology_records", units, ARRAY_LENGTH(units));
}
