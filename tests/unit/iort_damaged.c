// SPDX-License-Identifier: BSD-2-Clause
/* IORTs that are damaged, cut short or changed at random. */
#include <stdlib.h>

#include "lib/array/array.h"
#include "tests/unit/fixtures/iorts.h"
#include "tests/unit/fixtures/unit.h"

#define MUTATIONS 20000

/* Overwrites fields of a good table; the size is the table's by default. */
static const struct damage {
    const char *name;
    void (*build)(struct table *table);
    struct table_edit edits[2];
    bool is_open;
    unsigned viommu_ranges, other_ranges;
    const char *report;
} damages[] = {
    {"node count 513",
     iort_build_its,
     {{36, 4, 513}},
     0,
     0,
     0,
     "byte 36: 513 nodes, and room is for 512"},
    {"node count 3", iort_build_its, {{36, 4, 3}}, 0, 0, 0, "byte 36: node count is 0x3"},
    {"node count 0", iort_build_smmu, {{36, 4, 0}, {40, 4, 0}}, 1, 0, 0, NULL},
    {"node offset 47", iort_build_its, {{40, 4, 47}}, 0, 0, 0, "byte 40: node offset"},
    {"node offset past", iort_build_its, {{40, 4, 129}}, 0, 0, 0, "byte 40: node offset"},
    {"node offset at end", iort_build_its, {{40, 4, 128}}, 0, 0, 0, "byte 36: node count"},
    {"node length 0", iort_build_its, {{49, 2, 0}}, 0, 0, 0, "byte 49: node length is 0x0"},
    {"node length 15", iort_build_its, {{49, 2, 15}}, 0, 0, 0, "byte 49: node length is 0xf"},
    {"node length past", iort_build_its, {{73, 2, 57}}, 0, 0, 0, "byte 73: node length is 0x39"},
    {"revision 9", iort_build_smmu, {{8, 1, 9}}, 1, 0, 1, NULL},
    {"type 8", iort_build_paravirt, {{48, 1, 8}}, 1, 0, 0, "byte 48: node type 0x8 is unknown"},
    {"type 7", iort_build_paravirt, {{48, 1, 7}}, 1, 0, 0, "byte 152: output"},
    {"type 0x81",
     iort_build_paravirt,
     {{48, 1, 0x81}},
     1,
     0,
     0,
     "byte 48: node type 0x81 is unknown"},
    {"model 2", iort_build_paravirt, {{80, 4, 2}}, 1, 0, 0, "byte 80: model is 0x2"},
    {"model MMIO", iort_build_paravirt, {{80, 4, 0}}, 1, 1, 0, NULL},
    {"base 0", iort_build_paravirt, {{80, 4, 0}, {64, 8, 0}}, 1, 0, 0, "byte 64: base is 0x0"},
    {"segment", iort_build_smmu, {{160 + 28, 4, 0x10000}}, 1, 0, 0, "byte 188: segment"},
    {"mappings past the end", iort_build_smmu, {{168, 4, 3}}, 1, 0, 0, "byte 168: mapping count"},
    {"mappings, huge", iort_build_smmu, {{168, 4, -1}}, 1, 0, 0, "byte 168: mapping count"},
    {"mappings in header", iort_build_smmu, {{172, 4, 15}}, 1, 0, 0, "byte 168: mapping count"},
    {"mapping offset", iort_build_smmu, {{172, 4, -1}}, 1, 0, 0, "byte 168: mapping count"},
    {"no mapping", iort_build_smmu, {{168, 4, 0}, {172, 4, -1}}, 1, 0, 0, NULL},
    {"ids in past 2^32", iort_build_smmu, {{196, 4, -1}}, 1, 0, 0, "byte 200: id count is 0x100"},
    {"ids out past 2^32", iort_build_smmu, {{204, 4, -1}}, 1, 0, 0, "byte 200: id count is 0x100"},
    {"0xffffffff and 1 more", iort_build_smmu, {{196, 8, 0x1ffffffff}}, 1, 0, 0, "byte 200: id"},
    {"count up to 2^32", iort_build_smmu, {{200, 4, -1}}, 1, 0, 1, NULL},
    {"first reference 0", iort_build_smmu, {{208, 4, 0}}, 1, 0, 0, "byte 208: output reference"},
    {"second reference 0", iort_build_smmu, {{228, 4, 0}}, 1, 0, 1, "byte 228: output reference"},
    {"reference 47", iort_build_smmu, {{208, 4, 47}}, 1, 0, 0, "byte 208: output reference"},
    {"reference inside", iort_build_smmu, {{208, 4, 73}}, 1, 0, 0, "byte 208: output reference"},
    {"reference past", iort_build_smmu, {{208, 4, -1}}, 1, 0, 0, "byte 208: output reference"},
    {"reference to itself", iort_build_smmu, {{208, 4, 160}}, 1, 0, 0, "byte 160: requester id"},
    {"single, on a SMMU", iort_build_smmu, {{156, 4, 1}}, 1, 0, 1, NULL},
    {"single, on a root", iort_build_smmu, {{212, 4, 1}}, 1, 0, 1, NULL},
    {"ITS count", iort_build_its, {{64, 4, 2}}, 1, 0, 0, "byte 64: ITS count is 0x2"},
    {"ITS count, huge", iort_build_its, {{64, 4, -1}}, 1, 0, 0, "byte 64: ITS count"},
    {"ITS count 0", iort_build_its, {{64, 4, 0}}, 1, 0, 0, NULL},
    {"zoo", iort_build_zoo, {{0}}, 1, 4, 1, "component"},
    {"name without end", iort_build_zoo, {{402, 2, 0x4141}}, 1, 4, 1, "byte 403: the last byte"},
    {"SMMU, context list",
     iort_build_zoo,
     {{72 + 44, 4, 3}},
     1,
     4,
     0,
     "byte 116: context interrupt"},
    {"SMMU, PMU list", iort_build_zoo, {{72 + 56, 4, 69}}, 1, 4, 0, "byte 124: PMU interrupt"},
    {"SMMU, list in header", iort_build_zoo, {{72 + 48, 4, 15}}, 1, 4, 0, "byte 116: context"},
    {"RMR, list", iort_build_zoo, {{208 + 20, 4, 3}}, 1, 4, 1, "byte 228: memory range count"},
    {"RMR, offset", iort_build_zoo, {{208 + 24, 4, -1}}, 1, 4, 1, "byte 228: memory range count"},
    {"PMCG, its own line", iort_build_zoo, {{148 + 24, 4, 5}}, 1, 4, 1, "component"},
    {"root of 32 bytes",
     iort_build_smmu,
     {{161, 2, 32}, {168, 4, 0}},
     1,
     0,
     0,
     "byte 161: node length is 0x20"},
    {"SMMUv3, revision 0", iort_build_smmu, {{72 + 3, 1, 0}}, 1, 0, 1, NULL},
    {"SMMUv3, revision 5", iort_build_smmu, {{72 + 3, 1, 5}}, 1, 0, 1, NULL},
};

static void check_ranges(const struct topology *topology)
{
    CHECK(topology->iommu_count <= TOPOLOGY_MAX_IOMMUS);
    CHECK(topology->range_count <= TOPOLOGY_MAX_RANGES);
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];

        CHECK(range->iommu < topology->iommu_count);
        CHECK(range->bdf_first <= range->bdf_last);
        CHECK(range->id_first + (uint64_t)(range->bdf_last - range->bdf_first) <= UINT32_MAX);
    }
}

static void damaged(void)
{
    for (const struct damage *c = damages; c < damages + ARRAY_LENGTH(damages); c++) {
        struct table table;
        struct iort iort;
        uint8_t *exact;

        c->build(&table);
        table_apply(&table, c->edits, ARRAY_LENGTH(c->edits));
        table_seal(&table);
        struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);
        free(exact);
        if (outcome.is_open != c->is_open || outcome.viommus.range_count != c->viommu_ranges ||
            outcome.others.range_count != c->other_ranges)
            unit_fail(__FILE__, __LINE__, "%s: open %d, %u and %u ranges", c->name, outcome.is_open,
                      outcome.viommus.range_count, outcome.others.range_count);
        report_check(&outcome.report, c->report, c->name);
    }
}

static void (*const builders[])(struct table *) = {
    iort_build_its, iort_build_smmu, iort_build_paravirt, iort_build_zoo, iort_build_chain};

static void ask(const struct iort *iort)
{
    struct iort_target target;
    uint32_t steps = IORT_MAX_STEPS;

    for (uint32_t rid = 0; rid <= UINT16_MAX; rid += 0x33)
        for (unsigned wanted = IORT_IOMMU; wanted <= IORT_ITS_GROUP; wanted++)
            iort_map_pci(iort, rid & 1, (uint16_t)rid, (enum iort_wanted)wanted, &steps, &target);
    iort_map_component(iort, "\\_SB.VR01", 0, IORT_IOMMU, &steps, &target);
}

static void mutated(void)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct table table;
        struct iort iort;
        uint8_t *exact;

        builders[i % ARRAY_LENGTH(builders)](&table);
        for (unsigned n = 0; n <= i % 3; n++)
            table.bytes[36 + table_random(&state) % (table.size - 36)] =
                (uint8_t)table_random(&state);
        table_seal(&table);
        struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);
        check_ranges(&outcome.viommus);
        check_ranges(&outcome.others);
        if (outcome.is_open && i % 64 == 0)
            ask(&iort);
        free(exact);
    }
}

/* Cut after every byte; sealed, only a cut before the first node leaves a table, without nodes. */
static void truncated(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(builders); i++) {
        struct table whole;

        builders[i](&whole);
        for (uint32_t size = 36; size < whole.size; size++) {
            struct table table = whole;
            struct iort iort;
            uint8_t *exact;

            table.size = size;
            CHECK(!iort_read_exact(&table, &iort, &exact).is_open);
            free(exact);
            table_seal(&table);
            CHECK(!iort_read_exact(&table, &iort, &exact).is_open);
            free(exact);
        }
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"damaged", damaged},
        {"mutated", mutated},
        {"truncated", truncated},
    };

    return unit_main("iort_damaged", units, ARRAY_LENGTH(units));
}
