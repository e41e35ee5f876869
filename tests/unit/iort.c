// SPDX-License-Identifier: BSD-2-Clause
/*
 * The IORT reader on tables as machines have them, on odd and on damaged ones. Every table is read
 * from an allocation of exactly its size, so that AddressSanitizer sees a read outside it.
 */
#include "lib/acpi/iort_topology.h"
#include "lib/array/array.h"

#include <stdlib.h>
#include <string.h>

#include "lib/bytes/bytes.h"
#include "lib/machine/machine.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table_iort.h"
#include "tests/unit/fixtures/unit.h"

#define MUTATIONS 20000
#define REST      0xffff

typedef struct table_mapping M;

/* An ITS at 48, and a root complex at 72 that leads to it. */
static void build_its(struct table *table)
{
    table_iort_begin(table, 3, 0);
    uint32_t its = table_iort_its(table);
    table_iort_root(table, 0, &(M){0, REST, 0, its, 0}, 1);
    table_seal(table);
}

/*
 * QEMU's, off by one: an ITS at 48, a SMMUv3 at 72, at 160 a root complex with a bus that bypasses.
 */
static void build_smmu(struct table *table)
{
    table_iort_begin(table, 3, 0);
    uint32_t its = table_iort_its(table);
    uint32_t smmu = table_iort_smmu_v3(table, 0x9050000, &(M){0, REST, 0, its, 0}, 1);
    const M maps[] = {{0, 0x100, 0, smmu, 0}, {0x100, 0xfeff, 0x100, its, 0}};
    table_iort_root(table, 0, maps, 2);
    table_seal(table);
}

/*
 * Before VIOT: the IOMMU 00:03.0 at 48, and at 104 a root complex whose maps are both one too long.
 */
static void build_paravirt(struct table *table)
{
    table_iort_begin(table, 0, 0);
    uint32_t iommu = table_iort_viommu(table, 0, 0x18);
    const M maps[] = {{0, 0x18, 0, iommu, 0}, {0x19, 0xffe7, 0x19, iommu, 0}};
    table_iort_root(table, 0, maps, 2);
    table_seal(table);
}

/*
 * One of everything: ITS 48, SMMU 72, PMCG, RMR, component, IWB, MMIO virtio-iommu, two segments.
 */
static void build_zoo(struct table *table)
{
    table_iort_begin(table, 5, 0);
    uint32_t its = table_iort_its(table);
    uint32_t smmu = table_iort_node(table, 3, 0, 76, NULL, 0);
    table_iort_put(table, smmu, 16, 8, 0x2b400000);
    table_iort_put(table, smmu, 44, 4, 1);
    table_iort_put(table, smmu, 48, 4, 60);
    table_iort_put(table, smmu, 52, 4, 1);
    table_iort_put(table, smmu, 56, 4, 68);
    table_iort_node(table, 5, 1, 40, &(M){0, 0, 7, its, IORT_SINGLE}, 1);
    uint32_t rmr = table_iort_node(table, 6, 1, 48, &(M){0, 0, 9, smmu, 0}, 1);
    table_iort_put(table, rmr, 20, 4, 1);
    table_iort_put(table, rmr, 24, 4, 28);
    uint32_t viommu = table_iort_viommu(table, 0xa003e00, 0);
    table_iort_node(table, 7, 0, 32, NULL, 0);
    table_iort_component(table, "\\_SB.VR01", &(M){0, 0, 0x10001, viommu, IORT_SINGLE}, 1);
    table_iort_component(table, "\\_SB.DMA0", &(M){0, 3, 0x40, smmu, 0}, 1);
    const M maps[] = {
        {0x8, 0, 0x100, viommu, 0}, {0x10, 0xef, 0x110, viommu, 0}, {0x100, 0xff, 0, smmu, 0}};
    table_iort_root(table, 0, maps, 3);
    table_iort_root(table, 1, &(M){0, 0, 0x77, viommu, IORT_SINGLE}, 1);
    table_iort_root(table, 0, &(M){0x200, 0xff, 0x200, viommu, 0}, 1);
    table_seal(table);
}

/* Node 48 of ten SMMUs in a row, each leading to the next, the last to an ITS; a root complex. */
static void build_chain(struct table *table)
{
    table_iort_begin(table, 3, 0);
    for (unsigned i = 0; i < 10; i++)
        table_iort_smmu_v3(table, 0x1000 * (i + 1), &(M){0, REST, 1, 48 + (i + 1) * 88, 0}, 1);
    uint32_t its = table_iort_its(table);
    const M maps[] = {{0, 0xff, 0, 48, 0},
                      {0x100, 0xff, 0, 48 + 2 * 88, 0},
                      {0x200, 0xff, 0, 48 + 3 * 88, 0},
                      {0x300, 0xff, 0, its, 0}};
    table_iort_root(table, 0, maps, 4);
    table_seal(table);
}

struct outcome {
    bool is_open;
    struct topology viommus, others;
    struct report report;
};

static struct outcome read_exact(const struct table *table, struct iort *iort, uint8_t **exact)
{
    struct outcome outcome = {0};
    const struct sink sink = {.line = report_line, .context = &outcome.report};

    *exact = table_exact(table);
    outcome.is_open = (*exact)[0] == 'V' ? iort_open_in_viot(iort, *exact, table->size, &sink)
                                         : iort_open(iort, *exact, table->size, &sink);
    if (outcome.is_open)
        iort_topology(iort, &outcome.viommus, &outcome.others, &sink);
    return outcome;
}

/* Virtio-iommus and SMMUs, one each more than there is room for, and a root complex behind each kind. */
static void build_crowd(struct table *table)
{
    uint32_t viommu = 0, smmu = 0;

    table_iort_begin(table, 3, 0);
    for (unsigned i = 0; i <= TOPOLOGY_MAX_IOMMUS; i++) {
        viommu = table_iort_viommu(table, 0xa000000 + 0x1000 * i, 0);
        smmu = table_iort_smmu_v3(table, 0xb000000 + 0x20000 * i, NULL, 0);
    }
    table_iort_root(table, 0, &(M){0, 0xff, 0, viommu, 0}, 1);
    table_iort_root(table, 1, &(M){0, 0xff, 0, smmu, 0}, 1);
    table_seal(table);
}

/* Without the last ones their endpoints would seem to be behind no IOMMU: all of it is left out. */
static void more_iommus_than_there_is_room_for(void)
{
    static struct iort iort; /* too large for a frame */
    struct table table;
    uint8_t *exact;

    build_crowd(&table);

    struct outcome outcome = read_exact(&table, &iort, &exact);

    CHECK(outcome.is_open);
    CHECK(!outcome.viommus.iommu_count && !outcome.viommus.range_count);
    CHECK(!outcome.others.iommu_count && !outcome.others.range_count);
    CHECK_EQ(outcome.report.lines, 2);
    report_check(&outcome.report, "16 IOMMUs", "room");
    free(exact);
}

/* Where single requesters arrive. */
static const struct question {
    void (*build)(struct table *table);
    uint16_t segment, rid;
    enum iort_wanted wanted;
    enum iort_outcome outcome;
    uint32_t node, id;
} questions[] = {
    {build_its, 0, 0, IORT_ITS_GROUP, IORT_MAPPED, 48, 0},
    {build_its, 0, 0xffff, IORT_ITS_GROUP, IORT_MAPPED, 48, 0xffff},
    {build_its, 1, 0, IORT_ITS_GROUP, IORT_UNMAPPED, 0, 0},
    {build_its, 0, 0, IORT_IOMMU, IORT_UNMAPPED, 0, 0},
    {build_smmu, 0, 0xff, IORT_IOMMU, IORT_MAPPED, 72, 0xff},
    {build_smmu, 0, 0xff, IORT_ITS_GROUP, IORT_MAPPED, 48, 0xff},
    {build_smmu, 0, 0x100, IORT_IOMMU, IORT_UNMAPPED, 0, 0},
    {build_smmu, 0, 0x100, IORT_ITS_GROUP, IORT_MAPPED, 48, 0x100},
    {build_smmu, 0, 0xffff, IORT_ITS_GROUP, IORT_MAPPED, 48, 0xffff},
    {build_paravirt, 0, 0x17, IORT_IOMMU, IORT_MAPPED, 48, 0x17},
    {build_paravirt, 0, 0x18, IORT_IOMMU, IORT_MAPPED, 48, 0x18},
    {build_paravirt, 0, 0xffff, IORT_IOMMU, IORT_MAPPED, 48, 0xffff},
    {build_paravirt, 0, 0, IORT_ITS_GROUP, IORT_UNMAPPED, 0, 0},
    {build_zoo, 0, 0x8, IORT_IOMMU, IORT_MAPPED, 276, 0x100},
    {build_zoo, 0, 0x9, IORT_IOMMU, IORT_UNMAPPED, 0, 0},
    {build_zoo, 0, 0xff, IORT_IOMMU, IORT_MAPPED, 276, 0x1ff},
    {build_zoo, 0, 0x1ff, IORT_IOMMU, IORT_MAPPED, 72, 0xff},
    {build_zoo, 0, 0x200, IORT_IOMMU, IORT_MAPPED, 276, 0x200},
    {build_zoo, 1, 0, IORT_IOMMU, IORT_MAPPED, 276, 0x77},
    {build_zoo, 1, 0xffff, IORT_IOMMU, IORT_MAPPED, 276, 0x77},
    {build_zoo, 0, 0x8, IORT_ITS_GROUP, IORT_UNMAPPED, 0, 0},
    {build_chain, 0, 0x5, IORT_IOMMU, IORT_MAPPED, 48, 5},
    {build_chain, 0, 0x5, IORT_ITS_GROUP, IORT_TOO_DEEP, 0, 0},
    {build_chain, 0, 0x105, IORT_ITS_GROUP, IORT_TOO_DEEP, 0, 0},
    {build_chain, 0, 0x205, IORT_ITS_GROUP, IORT_MAPPED, 928, 12},
    {build_chain, 0, 0x305, IORT_ITS_GROUP, IORT_MAPPED, 928, 5},
};

static void answers(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(questions); i++) {
        const struct question *q = &questions[i];
        struct table table;
        struct iort_target target;
        struct iort iort;
        uint8_t *exact;

        q->build(&table);
        struct outcome outcome = read_exact(&table, &iort, &exact);
        enum iort_outcome got = iort_map_pci(&iort, q->segment, q->rid, q->wanted,
                                             &(uint32_t){IORT_MAX_STEPS}, &target);
        if (!outcome.is_open || got != q->outcome ||
            (got == IORT_MAPPED && (target.node->offset != q->node || target.id != q->id)))
            unit_fail(__FILE__, __LINE__, "question %zu: outcome %d, node %u, id 0x%x", i, got,
                      target.node ? target.node->offset : 0, target.id);
        free(exact);
    }
}

static void components(void)
{
    static const struct {
        const char *path;
        uint32_t id;
        enum iort_outcome outcome;
        uint32_t node, arrives;
    } table[] = {
        {"\\_SB.VR01", 0, IORT_MAPPED, 276, 0x10001}, {"\\_SB.VR01", 9, IORT_MAPPED, 276, 0x10001},
        {"\\_SB.DMA0", 3, IORT_MAPPED, 72, 0x43},     {"\\_SB.DMA0", 4, IORT_UNMAPPED, 0, 0},
        {"\\_SB.VR0", 0, IORT_UNMAPPED, 0, 0},
    };
    struct table bytes;
    struct iort iort;
    uint8_t *exact;

    build_zoo(&bytes);
    struct outcome outcome = read_exact(&bytes, &iort, &exact);
    report_check(&outcome.report, "component '\\_SB.VR01' has endpoint id 65537", "component");
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        struct iort_target target;

        CHECK_EQ(iort_map_component(&iort, table[i].path, table[i].id, IORT_IOMMU,
                                    &(uint32_t){IORT_MAX_STEPS}, &target),
                 table[i].outcome);
        if (table[i].outcome == IORT_MAPPED) {
            CHECK_EQ(target.node->offset, table[i].node);
            CHECK_EQ(target.id, table[i].arrives);
        }
    }
    free(exact);
}

static bool has_range(const struct topology *topology, uint16_t segment, uint16_t first,
                      uint16_t last, uint32_t id)
{
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];

        if (range->segment_first == segment && range->segment_last == segment &&
            range->bdf_first == first && range->bdf_last == last && range->id_first == id)
            return true;
    }
    return false;
}

static void topologies(void)
{
    struct topology_match match;
    struct table table;
    struct iort iort;
    uint8_t *exact;

    build_zoo(&table);
    struct outcome zoo = read_exact(&table, &iort, &exact);
    free(exact);
    CHECK_EQ(zoo.report.lines, 1);
    CHECK_EQ(zoo.viommus.iommu_count, 1);
    CHECK(zoo.viommus.iommus[0].device.bus == TOPOLOGY_MMIO &&
          zoo.viommus.iommus[0].device.base == 0xa003e00);
    CHECK_EQ(zoo.viommus.iommus[0].source, TOPOLOGY_IORT);
    CHECK_EQ(zoo.viommus.range_count, 4);
    CHECK(has_range(&zoo.viommus, 0, 0x8, 0x8, 0x100));
    CHECK(has_range(&zoo.viommus, 0, 0x10, 0xff, 0x110));
    CHECK(has_range(&zoo.viommus, 0, 0x200, 0x2ff, 0x200));
    CHECK(has_range(&zoo.viommus, 1, 0, 0, 0x77));
    CHECK(find_function(&zoo.viommus, 1, 0xabcd, &match) && match.id == 0x77);
    CHECK_EQ(topology_check(&zoo.viommus, NULL), 0);
    CHECK_EQ(zoo.others.iommu_count, 1);
    CHECK_EQ(zoo.others.iommus[0].kind, TOPOLOGY_SMMU);
    CHECK_EQ(zoo.others.range_count, 1);
    CHECK(find_function(&zoo.others, 0, 0x123, &match) && match.id == 0x23);

    build_smmu(&table);
    struct outcome smmu = read_exact(&table, &iort, &exact);
    free(exact);
    report_check(&smmu.report, NULL, "QEMU's SMMUv3");
    CHECK_EQ(smmu.viommus.iommu_count, 0);
    CHECK_EQ(smmu.others.iommus[0].kind, TOPOLOGY_SMMU_V3);
    CHECK_EQ(smmu.others.iommus[0].device.base, 0x9050000);
    CHECK(has_range(&smmu.others, 0, 0, 0xff, 0));
}

/* The vector VIOT-2019 of the facts: its IORT, whose IOMMU 00:03.0 is in no mapping. */
static void draft(void)
{
    struct topology_match match;
    struct table table;
    struct iort iort;
    uint8_t *exact;

    table_iort_begin(&table, 0, 1);
    uint32_t iommu = table_iort_viommu(&table, 0, 0x18);
    const M maps[] = {{0, 0x17, 0, iommu, 0}, {0x19, 0xffe6, 0x19, iommu, 0}};
    table_iort_root(&table, 0, maps, 2);
    table_iort_viommu(&table, 0x10000000, 0);
    table_seal(&table);
    struct outcome outcome = read_exact(&table, &iort, &exact);
    free(exact);
    report_check(&outcome.report, NULL, "draft");
    CHECK_EQ(outcome.viommus.iommu_count, 2);
    CHECK_EQ(outcome.viommus.iommus[0].source, TOPOLOGY_VIOT_DRAFT);
    CHECK_EQ(outcome.viommus.iommus[1].device.base, 0x10000000);
    CHECK(has_range(&outcome.viommus, 0, 0, 0x17, 0));
    CHECK(has_range(&outcome.viommus, 0, 0x19, 0xffff, 0x19));
    CHECK(!find_function(&outcome.viommus, 0, 0x18, &match));
}

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
     build_its,
     {{36, 4, 513}},
     0,
     0,
     0,
     "byte 36: 513 nodes, and room is for 512"},
    {"node count 3", build_its, {{36, 4, 3}}, 0, 0, 0, "byte 36: node count is 0x3"},
    {"node count 0", build_smmu, {{36, 4, 0}, {40, 4, 0}}, 1, 0, 0, NULL},
    {"node offset 47", build_its, {{40, 4, 47}}, 0, 0, 0, "byte 40: node offset"},
    {"node offset past", build_its, {{40, 4, 129}}, 0, 0, 0, "byte 40: node offset"},
    {"node offset at end", build_its, {{40, 4, 128}}, 0, 0, 0, "byte 36: node count"},
    {"node length 0", build_its, {{49, 2, 0}}, 0, 0, 0, "byte 49: node length is 0x0"},
    {"node length 15", build_its, {{49, 2, 15}}, 0, 0, 0, "byte 49: node length is 0xf"},
    {"node length past", build_its, {{73, 2, 57}}, 0, 0, 0, "byte 73: node length is 0x39"},
    {"revision 9", build_smmu, {{8, 1, 9}}, 1, 0, 1, NULL},
    {"type 8", build_paravirt, {{48, 1, 8}}, 1, 0, 0, "byte 48: node type 0x8 is unknown"},
    {"type 7", build_paravirt, {{48, 1, 7}}, 1, 0, 0, "byte 152: output"},
    {"type 0x81", build_paravirt, {{48, 1, 0x81}}, 1, 0, 0, "byte 48: node type 0x81 is unknown"},
    {"model 2", build_paravirt, {{80, 4, 2}}, 1, 0, 0, "byte 80: model is 0x2"},
    {"model MMIO", build_paravirt, {{80, 4, 0}}, 1, 1, 0, NULL},
    {"base 0", build_paravirt, {{80, 4, 0}, {64, 8, 0}}, 1, 0, 0, "byte 64: base is 0x0"},
    {"segment", build_smmu, {{160 + 28, 4, 0x10000}}, 1, 0, 0, "byte 188: segment"},
    {"mappings past the end", build_smmu, {{168, 4, 3}}, 1, 0, 0, "byte 168: mapping count"},
    {"mappings, huge", build_smmu, {{168, 4, -1}}, 1, 0, 0, "byte 168: mapping count"},
    {"mappings in header", build_smmu, {{172, 4, 15}}, 1, 0, 0, "byte 168: mapping count"},
    {"mapping offset", build_smmu, {{172, 4, -1}}, 1, 0, 0, "byte 168: mapping count"},
    {"no mapping", build_smmu, {{168, 4, 0}, {172, 4, -1}}, 1, 0, 0, NULL},
    {"ids in past 2^32", build_smmu, {{196, 4, -1}}, 1, 0, 0, "byte 200: id count is 0x100"},
    {"ids out past 2^32", build_smmu, {{204, 4, -1}}, 1, 0, 0, "byte 200: id count is 0x100"},
    {"0xffffffff and 1 more", build_smmu, {{196, 8, 0x1ffffffff}}, 1, 0, 0, "byte 200: id"},
    {"count up to 2^32", build_smmu, {{200, 4, -1}}, 1, 0, 1, NULL},
    {"first reference 0", build_smmu, {{208, 4, 0}}, 1, 0, 0, "byte 208: output reference"},
    {"second reference 0", build_smmu, {{228, 4, 0}}, 1, 0, 1, "byte 228: output reference"},
    {"reference 47", build_smmu, {{208, 4, 47}}, 1, 0, 0, "byte 208: output reference"},
    {"reference inside", build_smmu, {{208, 4, 73}}, 1, 0, 0, "byte 208: output reference"},
    {"reference past", build_smmu, {{208, 4, -1}}, 1, 0, 0, "byte 208: output reference"},
    {"reference to itself", build_smmu, {{208, 4, 160}}, 1, 0, 0, "byte 160: requester id"},
    {"single, on a SMMU", build_smmu, {{156, 4, 1}}, 1, 0, 1, NULL},
    {"single, on a root", build_smmu, {{212, 4, 1}}, 1, 0, 1, NULL},
    {"ITS count", build_its, {{64, 4, 2}}, 1, 0, 0, "byte 64: ITS count is 0x2"},
    {"ITS count, huge", build_its, {{64, 4, -1}}, 1, 0, 0, "byte 64: ITS count"},
    {"ITS count 0", build_its, {{64, 4, 0}}, 1, 0, 0, NULL},
    {"zoo", build_zoo, {{0}}, 1, 4, 1, "component"},
    {"name without end", build_zoo, {{402, 2, 0x4141}}, 1, 4, 1, "byte 403: the last byte"},
    {"SMMU, context list", build_zoo, {{72 + 44, 4, 3}}, 1, 4, 0, "byte 116: context interrupt"},
    {"SMMU, PMU list", build_zoo, {{72 + 56, 4, 69}}, 1, 4, 0, "byte 124: PMU interrupt"},
    {"SMMU, list in header", build_zoo, {{72 + 48, 4, 15}}, 1, 4, 0, "byte 116: context"},
    {"RMR, list", build_zoo, {{208 + 20, 4, 3}}, 1, 4, 1, "byte 228: memory range count"},
    {"RMR, offset", build_zoo, {{208 + 24, 4, -1}}, 1, 4, 1, "byte 228: memory range count"},
    {"PMCG, its own line", build_zoo, {{148 + 24, 4, 5}}, 1, 4, 1, "component"},
    {"root of 32 bytes",
     build_smmu,
     {{161, 2, 32}, {168, 4, 0}},
     1,
     0,
     0,
     "byte 161: node length is 0x20"},
    {"SMMUv3, revision 0", build_smmu, {{72 + 3, 1, 0}}, 1, 0, 1, NULL},
    {"SMMUv3, revision 5", build_smmu, {{72 + 3, 1, 5}}, 1, 0, 1, NULL},
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
        struct outcome outcome = read_exact(&table, &iort, &exact);
        free(exact);
        if (outcome.is_open != c->is_open || outcome.viommus.range_count != c->viommu_ranges ||
            outcome.others.range_count != c->other_ranges)
            unit_fail(__FILE__, __LINE__, "%s: open %d, %u and %u ranges", c->name, outcome.is_open,
                      outcome.viommus.range_count, outcome.others.range_count);
        report_check(&outcome.report, c->report, c->name);
    }
}

static void (*const builders[])(struct table *) = {build_its, build_smmu, build_paravirt, build_zoo,
                                                   build_chain};

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
        struct outcome outcome = read_exact(&table, &iort, &exact);
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
            CHECK(!read_exact(&table, &iort, &exact).is_open);
            free(exact);
            table_seal(&table);
            CHECK(!read_exact(&table, &iort, &exact).is_open);
            free(exact);
        }
    }
}

/* Every answer about one requester, and the ranges that are made of such answers. */
static bool same_answers(const struct iort *iort, const struct topology *topology)
{
    for (uint32_t rid = 0; rid <= UINT16_MAX; rid++) {
        struct iort_target target;
        struct topology_match match;
        uint32_t steps = IORT_MAX_STEPS;
        bool is_mapped =
            iort_map_pci(iort, 0, (uint16_t)rid, IORT_IOMMU, &steps, &target) == IORT_MAPPED;
        bool is_found = find_function(topology, 0, (uint16_t)rid, &match);

        if (is_mapped != is_found || (is_mapped && match.id != target.id))
            return false;
    }
    return true;
}

/* Mappings at random that touch, overlap and miss each other, one in eight of them single. */
static void ranges_agree(void)
{
    uint32_t state = 7;

    for (unsigned i = 0; i < 60; i++) {
        M maps[8];
        struct table table;
        struct iort iort;
        struct topology merged = {0};

        table_iort_begin(&table, 3, 0);
        uint32_t smmu = table_iort_smmu_v3(&table, 0x1000, NULL, 0);
        for (unsigned m = 0; m < ARRAY_LENGTH(maps); m++)
            maps[m] = (M){table_random(&state) % 16 * 0x40, table_random(&state) % 4 * 0x40,
                          table_random(&state) % 0x10000, smmu,
                          (m == 7 || i % 8 == 0) && table_random(&state) % 8 == 0};
        table_iort_root(&table, 0, maps, ARRAY_LENGTH(maps));
        table_seal(&table);
        CHECK(iort_open(&iort, table.bytes, table.size, NULL));
        iort_topology(&iort, NULL, &merged, NULL);
        CHECK(same_answers(&iort, &merged));
    }
}

static void messages(void)
{
    static struct iort iort;
    static const struct {
        void (*build)(struct table *table);
        uint16_t segment, rid;
        uint32_t id;
    } table[] = {
        {build_its, 0, 0x1234, 0x1234},      {build_smmu, 0, 0xff, 0xff},
        {build_smmu, 0, 0x100, 0x100},       {build_smmu, 1, 0x100, UINT32_MAX},
        {build_chain, 0, 0x205, 12},         {build_chain, 0, 0x405, UINT32_MAX},
        {build_paravirt, 0, 0x1234, 0x1234},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        static struct machine machine;

        machine = (struct machine){.hosts = {{.segment = table[i].segment, .bus_last = 255}},
                                   .host_count = 1};
        struct table bytes;

        table[i].build(&bytes);
        machine.acpi.table_count = 1;
        machine.acpi.tables[0] =
            (struct acpi_table){.signature = "IORT", .length = bytes.size, .bytes = bytes.bytes};
        machine_read_acpi(&machine, &iort, NULL);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], table[i].rid), table[i].id);
    }
}

/* One id for every function of a host, and one for a part of them, which no mask can say. */
static void one_message_id(void)
{
    static struct iort iort;
    static struct machine machine; /* too large for a frame */
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct table table;

    machine.host_count = 1;
    for (unsigned is_part = 0; is_part < 2; is_part++) {
        table_iort_begin(&table, 3, 0);
        uint32_t its = table_iort_its(&table);
        const M maps[] = {{0, 0xff, 0x500, its, 0}, {0, 0, 0x42, its, IORT_SINGLE}};
        table_iort_root(&table, 0, maps + !is_part, 1 + is_part);
        table_seal(&table);
        machine.hosts[0] = (struct machine_host){.bus_last = 255};
        machine.acpi.table_count = 1;
        machine.acpi.tables[0] =
            (struct acpi_table){.signature = "IORT", .length = table.size, .bytes = table.bytes};
        machine_read_acpi(&machine, &iort, &sink);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], 0xff), is_part ? UINT32_MAX : 0x42);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], 0xfe), is_part ? 0x5fe : 0x42);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], 0xffff), is_part ? UINT32_MAX : 0x42);
        report_check(&report, is_part ? "requesters 0x00ff-0xffff left out" : NULL, "one id");
    }
}

/*
 * A SMMUv3 that sends messages has a mapping for them, which no requester may take: by revision 5
 * a flag says that its index is valid, before it any interrupt without a line.
 */
static void own_mapping(void)
{
    static const struct {
        uint8_t revision;
        uint32_t flags, line;
        bool is_own;
    } table[] = {
        {0, 0x10, 0, 0}, {1, 0, 0, 1}, {4, 0, 0, 1},    {4, 0, 7, 0},
        {4, 0x10, 7, 0}, {5, 0, 0, 0}, {5, 0x10, 7, 1}, {6, 0x10, 0, 1},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        struct iort_target target;
        struct table bytes;
        struct iort iort;

        build_smmu(&bytes);
        table_iort_put(&bytes, 72, 3, 1, table[i].revision);
        table_iort_put(&bytes, 72, 24, 4, table[i].flags);
        table_iort_put(&bytes, 72, 48, 4, table[i].line);
        table_seal(&bytes);
        CHECK(iort_open(&iort, bytes.bytes, bytes.size, NULL));
        CHECK_EQ(iort_map_pci(&iort, 0, 5, IORT_ITS_GROUP, &(uint32_t){IORT_MAX_STEPS}, &target),
                 table[i].is_own ? IORT_UNMAPPED : IORT_MAPPED);
    }
}

/* What an issue or another permits, and what firmware writes: nothing is said of it. */
static void what_is_legal(void)
{
    static struct iort iort;
    struct table table;
    uint8_t *exact;

    table_iort_begin(&table, 5, 0);
    uint32_t its = table_iort_its(&table);
    uint32_t smmu = table_iort_smmu_v3(&table, 0x9050000, &(M){0, REST, 0, its, 0}, 1);
    /* E.d: a reserved range of one id, whatever its requester. */
    uint32_t rmr = table_iort_node(&table, 6, 3, 48, &(M){0, 0, 9, smmu, IORT_SINGLE}, 1);
    table_iort_put(&table, rmr, 20, 4, 1);
    table_iort_put(&table, rmr, 24, 4, 28);
    /* Of revision 0 it ends with its segment. */
    table_iort_node(&table, 2, 0, 32, NULL, 0);
    /* Of revision 1 it has the address bits too, of revision 4 the widths of PASIDs. */
    table_iort_node(&table, 2, 1, 33, NULL, 0);
    table_iort_put(&table, table_iort_node(&table, 2, 4, 40, NULL, 0), 28, 4, 3);
    /* A PMCG of revision 0 ends with its reference, of revision 1 with its second page. */
    table_iort_node(&table, 5, 0, 32, NULL, 0);
    table_iort_node(&table, 5, 2, 40, NULL, 0);
    /* SMMUv3 before the index of its own mapping, and each later revision with it. */
    table_iort_put(&table, table_iort_node(&table, 4, 0, 60, NULL, 0), 16, 8, 0x9060000);
    for (uint8_t revision = 1; revision <= 6; revision++)
        table_iort_put(&table, table_iort_node(&table, 4, revision, 68, NULL, 0), 16, 8,
                       0x9070000 + 0x10000u * revision);
    table_iort_node(&table, 0, 0, 20, NULL, 0); /* a group of no ITS */
    table_seal(&table);

    struct outcome outcome = read_exact(&table, &iort, &exact);

    CHECK(outcome.is_open);
    report_check(&outcome.report, NULL, "legal");
    CHECK_EQ(outcome.others.iommu_count, 8);
    CHECK(!outcome.viommus.iommu_count && !outcome.others.range_count);
    free(exact);
}

/* A single mapping is one whatever its ids are, and comes before ranges are compared. */
static void a_single_mapping_behind_a_range(void)
{
    static struct iort iort;
    struct topology_match match;
    struct table table;
    uint8_t *exact;

    table_iort_begin(&table, 3, 0);
    uint32_t viommu = table_iort_viommu(&table, 0, 0x18);
    const M maps[] = {{0x20, 0xf, 0x20, viommu, 0}, {7, 3, 0x99, viommu, IORT_SINGLE}};
    table_iort_root(&table, 0, maps, 2);
    table_seal(&table);

    struct outcome outcome = read_exact(&table, &iort, &exact);

    report_check(&outcome.report, NULL, "single");
    CHECK(find_function(&outcome.viommus, 0, 0x2e, &match) && match.id == 0x2e);
    CHECK(find_function(&outcome.viommus, 0, 0x2f, &match) && match.id == 0x99);
    CHECK(find_function(&outcome.viommus, 0, 0x30, &match) && match.id == 0x99);
    CHECK(find_function(&outcome.viommus, 0, 0, &match) && match.id == 0x99);
    free(exact);
}

/* Too short for its revision: each loses its node alone, by name. */
static void too_short_for_its_revision(void)
{
    static const struct {
        uint8_t type, revision, size;
        const char *report;
    } nodes[] = {
        {0, 0, 19, "node length is 0x13, expected 20 or more for type 0x0"},
        {1, 0, 29, "node length is 0x1d, expected 30 or more for type 0x1"},
        {2, 0, 31, "node length is 0x1f, expected 32 or more for type 0x2"},
        {2, 1, 32, "node length is 0x20, expected 33 or more for type 0x2"},
        {3, 0, 59, "node length is 0x3b, expected 60 or more for type 0x3"},
        {4, 0, 59, "node length is 0x3b, expected 60 or more for type 0x4"},
        {4, 1, 67, "node length is 0x43, expected 68 or more for type 0x4"},
        {5, 0, 31, "node length is 0x1f, expected 32 or more for type 0x5"},
        {5, 1, 39, "node length is 0x27, expected 40 or more for type 0x5"},
        {6, 0, 27, "node length is 0x1b, expected 28 or more for type 0x6"},
        {0x80, 0, 39, "node length is 0x27, expected 40 or more for type 0x80"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(nodes); i++) {
        static struct iort iort;
        struct table table;
        uint8_t *exact;

        table_iort_begin(&table, 5, 0);
        table_iort_node(&table, nodes[i].type, nodes[i].revision, nodes[i].size, NULL, 0);
        uint32_t smmu = table_iort_smmu_v3(&table, 0x9050000, NULL, 0);
        table_iort_root(&table, 0, &(M){0, REST, 0, smmu, 0}, 1);
        table_seal(&table);

        struct outcome outcome = read_exact(&table, &iort, &exact);

        CHECK_EQ(outcome.report.lines, 1);
        report_check(&outcome.report, nodes[i].report, nodes[i].report);
        CHECK_EQ(outcome.others.range_count, 1);
        free(exact);
    }
}

static const struct unit units[] = {
    {"what_is_legal", what_is_legal},
    {"a_single_mapping_behind_a_range", a_single_mapping_behind_a_range},
    {"too_short_for_its_revision", too_short_for_its_revision},
    {"more_iommus_than_there_is_room_for", more_iommus_than_there_is_room_for},
    {"answers", answers},
    {"own_mapping", own_mapping},
    {"components", components},
    {"topologies", topologies},
    {"draft", draft},
    {"damaged", damaged},
    {"mutated", mutated},
    {"truncated", truncated},
    {"ranges", ranges_agree},
    {"messages", messages},
    {"one_message_id", one_message_id},
};

int main(void)
{
    return unit_main("iort", units, ARRAY_LENGTH(units));
}
