// SPDX-License-Identifier: BSD-2-Clause
/* What one issue of the IORT or another permits, and what is too short for the issue it claims. */
#include <stdlib.h>

#include "lib/array/array.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/iorts.h"
#include "tests/unit/fixtures/table_iort.h"
#include "tests/unit/fixtures/unit.h"

#define REST 0xffff

typedef struct table_mapping M;

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

    struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);

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

    struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);

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

        struct iort_reading outcome = iort_read_exact(&table, &iort, &exact);

        CHECK_EQ(outcome.report.lines, 1);
        report_check(&outcome.report, nodes[i].report, nodes[i].report);
        CHECK_EQ(outcome.others.range_count, 1);
        free(exact);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"what_is_legal", what_is_legal},
        {"a_single_mapping_behind_a_range", a_single_mapping_behind_a_range},
        {"too_short_for_its_revision", too_short_for_its_revision},
    };

    return unit_main("iort_legal", units, ARRAY_LENGTH(units));
}
