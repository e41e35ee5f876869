// SPDX-License-Identifier: BSD-2-Clause
/* Questions to topologies that no reader made: equality, ranges that ignore bits, names. */
#include <string.h>

#include "lib/array/array.h"
#include "lib/topology/topology.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

static struct topology sample(void)
{
    return (struct topology){
        .iommus = {{.source = TOPOLOGY_VIOT, .device.bdf = 0x18}},
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
    b.iommus[0].device.bdf++;
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

/* A block is named by its base alone, a function by all but that. */
static void devices(void)
{
    struct topology_device a = topology_function(0, 0x18), b = a;

    b.base = 0x1000;
    CHECK(topology_same_device(&a, &b));
    b.segment = 1;
    CHECK(!topology_same_device(&a, &b));
    b = topology_block(0x1000);
    CHECK(!topology_same_device(&a, &b));
    a = b;
    a.bdf = 0x20;
    CHECK(topology_same_device(&a, &b));
    b.base = 0x2000;
    CHECK(!topology_same_device(&a, &b));
}

static void last_ids(void)
{
    struct topology_range range = {.bdf_last = 0xff, .id_first = UINT32_MAX - 0xff};

    CHECK_EQ(topology_last_id(&range), UINT32_MAX);
    range.id_first++;
    CHECK_EQ(topology_last_id(&range), 1ull << 32);
    range.bus = TOPOLOGY_MMIO;
    CHECK_EQ(topology_last_id(&range), range.id_first);
    range = (struct topology_range){.segment_last = 0xffff, .bdf_last = 0xffff};
    CHECK_EQ(topology_last_id(&range), UINT32_MAX);
    range.id_first = 1;
    CHECK_EQ(topology_last_id(&range), 1ull << 32);
    range = (struct topology_range){
        .segment_last = 1, .bdf_first = 0x20, .bdf_last = 0x2f, .id_first = 7};
    CHECK_EQ(topology_last_id(&range), 7 + 0x1000f);
}

/* Two ranges with bits that they ignore share a function if any of all functions is in both. */
static void overlaps_by_every_function(void)
{
    uint32_t state = 3;

    for (unsigned i = 0; i < 200; i++) {
        struct topology topology = sample();
        bool is_shared = false;

        topology.range_count = 2;
        for (unsigned n = 0; n < 2; n++) {
            uint16_t a = (uint16_t)table_random(&state), b = (uint16_t)table_random(&state);
            uint16_t ignored = (uint16_t)(table_random(&state) & table_random(&state));

            topology.ranges[n] = topology.ranges[0];
            topology.ranges[n].bdf_ignored = ignored;
            topology.ranges[n].bdf_first = a < b ? a : b;
            topology.ranges[n].bdf_last = a < b ? b : a;
        }
        for (uint32_t bdf = 0; bdf <= UINT16_MAX && !is_shared; bdf++) {
            const struct topology_device device = topology_function(0, (uint16_t)bdf);

            is_shared = topology_covers(&topology.ranges[0], &device) &&
                        topology_covers(&topology.ranges[1], &device);
        }
        CHECK_EQ(topology_check(&topology, NULL), is_shared);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"equality", equality},
        {"overlaps_of_ignored_bits", overlaps_of_ignored_bits},
        {"overlaps_by_every_function", overlaps_by_every_function},
        {"names", names},
        {"devices", devices},
        {"last_ids", last_ids},
    };

    return unit_main("topology_records", units, ARRAY_LENGTH(units));
}
