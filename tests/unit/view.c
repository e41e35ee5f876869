// SPDX-License-Identifier: BSD-2-Clause
#include "lib/topology/view.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/unit.h"

static const struct topology both = {
    .iommus = {{.source = TOPOLOGY_VIOT, .bdf = 8},
               {.source = TOPOLOGY_OPTIONS, .bus = TOPOLOGY_MMIO, .base = 0x1000}},
    .ranges = {{.source = TOPOLOGY_VIOT, .bdf_last = 0xffff},
               {.source = TOPOLOGY_OPTIONS,
                .bdf_first = 0x10,
                .bdf_last = 0x10,
                .id_first = 7,
                .iommu = 1}},
    .iommu_count = 2,
    .range_count = 2,
};

static void each_source_has_its_own_view(void)
{
    struct topology_match match;
    struct topology view;

    CHECK(topology_view(&both, TOPOLOGY_VIOT, &view));
    CHECK(topology_find_pci(&view, 0, 0x10, &match) && match.id == 0x10 && match.iommu == 0);
    CHECK(topology_view(&both, TOPOLOGY_OPTIONS, &view));
    CHECK(topology_find_pci(&view, 0, 0x10, &match) && match.id == 7 && match.iommu == 1);
    CHECK(!topology_find_pci(&view, 0, 0x18, &match));
    CHECK(!topology_view(&both, TOPOLOGY_DEVICE_TREE, &view) && !view.range_count);
}

static void iommus_are_the_same_by_their_place(void)
{
    struct topology_iommu other = both.iommus[0];

    other.source = TOPOLOGY_OPTIONS;
    CHECK(topology_same_iommu(&both.iommus[0], &other));
    other.segment = 1;
    CHECK(!topology_same_iommu(&both.iommus[0], &other));
    CHECK(!topology_same_iommu(&both.iommus[0], &both.iommus[1]));
    other = both.iommus[1];
    other.bdf = 8;
    CHECK(topology_same_iommu(&both.iommus[1], &other));
}

static void ids_wrap_past_the_last(void)
{
    struct topology_range range = {.bdf_last = 0xff, .id_first = 0xffffff00};

    CHECK(!topology_wraps(&range));
    range.id_first++;
    CHECK(topology_wraps(&range));
    range.bus = TOPOLOGY_MMIO;
    CHECK(!topology_wraps(&range));
    range = (struct topology_range){.segment_last = 0xffff, .bdf_last = 0xffff};
    CHECK(!topology_wraps(&range));
    range.id_first = 1;
    CHECK(topology_wraps(&range));
}
int main(void)
{
    static const struct unit units[] = {
        {"each_source_has_its_own_view", each_source_has_its_own_view},
        {"iommus_are_the_same_by_their_place", iommus_are_the_same_by_their_place},
        {"ids_wrap_past_the_last", ids_wrap_past_the_last},
    };

    return unit_main("view", units, ARRAY_LENGTH(units));
}
