// SPDX-License-Identifier: BSD-2-Clause
/* Where requesters and components arrive, and the records that an IORT makes, from tables as machines
 * have them. */
#include <stdlib.h>

#include "lib/array/array.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/iorts.h"
#include "tests/unit/fixtures/table_iort.h"
#include "tests/unit/fixtures/unit.h"

typedef struct table_mapping M;

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

    struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);

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
    {iort_build_its, 0, 0, IORT_ITS_GROUP, IORT_MAPPED, 48, 0},
    {iort_build_its, 0, 0xffff, IORT_ITS_GROUP, IORT_MAPPED, 48, 0xffff},
    {iort_build_its, 1, 0, IORT_ITS_GROUP, IORT_UNMAPPED, 0, 0},
    {iort_build_its, 0, 0, IORT_IOMMU, IORT_UNMAPPED, 0, 0},
    {iort_build_smmu, 0, 0xff, IORT_IOMMU, IORT_MAPPED, 72, 0xff},
    {iort_build_smmu, 0, 0xff, IORT_ITS_GROUP, IORT_MAPPED, 48, 0xff},
    {iort_build_smmu, 0, 0x100, IORT_IOMMU, IORT_UNMAPPED, 0, 0},
    {iort_build_smmu, 0, 0x100, IORT_ITS_GROUP, IORT_MAPPED, 48, 0x100},
    {iort_build_smmu, 0, 0xffff, IORT_ITS_GROUP, IORT_MAPPED, 48, 0xffff},
    {iort_build_paravirt, 0, 0x17, IORT_IOMMU, IORT_MAPPED, 48, 0x17},
    {iort_build_paravirt, 0, 0x18, IORT_IOMMU, IORT_MAPPED, 48, 0x18},
    {iort_build_paravirt, 0, 0xffff, IORT_IOMMU, IORT_MAPPED, 48, 0xffff},
    {iort_build_paravirt, 0, 0, IORT_ITS_GROUP, IORT_UNMAPPED, 0, 0},
    {iort_build_zoo, 0, 0x8, IORT_IOMMU, IORT_MAPPED, 276, 0x100},
    {iort_build_zoo, 0, 0x9, IORT_IOMMU, IORT_UNMAPPED, 0, 0},
    {iort_build_zoo, 0, 0xff, IORT_IOMMU, IORT_MAPPED, 276, 0x1ff},
    {iort_build_zoo, 0, 0x1ff, IORT_IOMMU, IORT_MAPPED, 72, 0xff},
    {iort_build_zoo, 0, 0x200, IORT_IOMMU, IORT_MAPPED, 276, 0x200},
    {iort_build_zoo, 1, 0, IORT_IOMMU, IORT_MAPPED, 276, 0x77},
    {iort_build_zoo, 1, 0xffff, IORT_IOMMU, IORT_MAPPED, 276, 0x77},
    {iort_build_zoo, 0, 0x8, IORT_ITS_GROUP, IORT_UNMAPPED, 0, 0},
    {iort_build_chain, 0, 0x5, IORT_IOMMU, IORT_MAPPED, 48, 5},
    {iort_build_chain, 0, 0x5, IORT_ITS_GROUP, IORT_TOO_DEEP, 0, 0},
    {iort_build_chain, 0, 0x105, IORT_ITS_GROUP, IORT_TOO_DEEP, 0, 0},
    {iort_build_chain, 0, 0x205, IORT_ITS_GROUP, IORT_MAPPED, 928, 12},
    {iort_build_chain, 0, 0x305, IORT_ITS_GROUP, IORT_MAPPED, 928, 5},
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
        struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);
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

    iort_build_zoo(&bytes);
    struct iort_reading outcome = iort_read_exact(&bytes, &iort, &exact);
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

static void topologies(void)
{
    struct topology_match match;
    struct table table;
    struct iort iort;
    uint8_t *exact;

    iort_build_zoo(&table);
    struct iort_reading zoo = iort_read_exact(&table, &iort, &exact);
    free(exact);
    CHECK_EQ(zoo.report.lines, 1);
    CHECK_EQ(zoo.viommus.iommu_count, 1);
    CHECK(zoo.viommus.iommus[0].device.bus == TOPOLOGY_MMIO &&
          zoo.viommus.iommus[0].device.base == 0xa003e00);
    CHECK_EQ(zoo.viommus.iommus[0].source, TOPOLOGY_IORT);
    CHECK_EQ(zoo.viommus.range_count, 4);
    CHECK(iort_has_range(&zoo.viommus, 0, 0x8, 0x8, 0x100));
    CHECK(iort_has_range(&zoo.viommus, 0, 0x10, 0xff, 0x110));
    CHECK(iort_has_range(&zoo.viommus, 0, 0x200, 0x2ff, 0x200));
    CHECK(iort_has_range(&zoo.viommus, 1, 0, 0, 0x77));
    CHECK(find_function(&zoo.viommus, 1, 0xabcd, &match) && match.id == 0x77);
    CHECK_EQ(topology_check(&zoo.viommus, NULL), 0);
    CHECK_EQ(zoo.others.iommu_count, 1);
    CHECK_EQ(zoo.others.iommus[0].kind, TOPOLOGY_SMMU);
    CHECK_EQ(zoo.others.range_count, 1);
    CHECK(find_function(&zoo.others, 0, 0x123, &match) && match.id == 0x23);

    iort_build_smmu(&table);
    struct iort_reading smmu = iort_read_exact(&table, &iort, &exact);
    free(exact);
    report_check(&smmu.report, NULL, "QEMU's SMMUv3");
    CHECK_EQ(smmu.viommus.iommu_count, 0);
    CHECK_EQ(smmu.others.iommus[0].kind, TOPOLOGY_SMMU_V3);
    CHECK_EQ(smmu.others.iommus[0].device.base, 0x9050000);
    CHECK(iort_has_range(&smmu.others, 0, 0, 0xff, 0));
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
    struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);
    free(exact);
    report_check(&outcome.report, NULL, "draft");
    CHECK_EQ(outcome.viommus.iommu_count, 2);
    CHECK_EQ(outcome.viommus.iommus[0].source, TOPOLOGY_VIOT_DRAFT);
    CHECK_EQ(outcome.viommus.iommus[1].device.base, 0x10000000);
    CHECK(iort_has_range(&outcome.viommus, 0, 0, 0x17, 0));
    CHECK(iort_has_range(&outcome.viommus, 0, 0x19, 0xffff, 0x19));
    CHECK(!find_function(&outcome.viommus, 0, 0x18, &match));
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

        iort_build_smmu(&bytes);
        table_iort_put(&bytes, 72, 3, 1, table[i].revision);
        table_iort_put(&bytes, 72, 24, 4, table[i].flags);
        table_iort_put(&bytes, 72, 48, 4, table[i].line);
        table_seal(&bytes);
        CHECK(iort_open(&iort, bytes.bytes, bytes.size, NULL));
        CHECK_EQ(iort_map_pci(&iort, 0, 5, IORT_ITS_GROUP, &(uint32_t){IORT_MAX_STEPS}, &target),
                 table[i].is_own ? IORT_UNMAPPED : IORT_MAPPED);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"more_iommus_than_there_is_room_for", more_iommus_than_there_is_room_for},
        {"answers", answers},
        {"components", components},
        {"topologies", topologies},
        {"draft", draft},
        {"ranges", ranges_agree},
        {"own_mapping", own_mapping},
    };

    return unit_main("iort", units, ARRAY_LENGTH(units));
}
