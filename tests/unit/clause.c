// SPDX-License-Identifier: BSD-2-Clause
/* lib/spec/clauses.def: every row complete, no row twice, level as the id says, severity by level and impact. */
#include "lib/array/array.h"
#include "tests/unit/fixtures/unit.h"

#include <ctype.h>
#include <string.h>

#include "lib/spec/clause.h"

#define ID_MAX 32

static void rows_are_complete(void)
{
    for (unsigned i = CLAUSE_NONE + 1; i < CLAUSE_COUNT; i++) {
        const struct clause_row *row = clause_row((enum clause)i);
        size_t length = strlen(row->text);
        bool closed = length > 10 && (row->text[length - 1] == '.' || row->text[length - 1] == ')');

        bool is_ours = !strncmp(row->id, "TOPO_", 5);
        bool has_place =
            is_ours ? !strcmp(row->section, CLAUSE_HOUSE) : isdigit((unsigned char)row->section[0]);

        if (!has_place || !closed || row->text[0] == '.' || strlen(row->id) >= ID_MAX)
            unit_fail(__FILE__, __LINE__, "%s, section '%s': '%s'", row->id, row->section,
                      row->text);
    }
}

static void ids_and_texts_are_unique(void)
{
    for (unsigned i = CLAUSE_NONE + 1; i < CLAUSE_COUNT; i++)
        for (unsigned j = i + 1; j < CLAUSE_COUNT; j++) {
            const struct clause_row *a = clause_row((enum clause)i);
            const struct clause_row *b = clause_row((enum clause)j);

            if (!strcmp(a->id, b->id))
                unit_fail(__FILE__, __LINE__, "%s twice", a->id);
            if (!strcmp(a->text, b->text) && !strcmp(a->section, b->section))
                unit_fail(__FILE__, __LINE__, "%s and %s say the same", a->id, b->id);
        }
}

static void the_row_of_no_clause_is_empty(void)
{
    CHECK_EQ(strlen(clause_row(CLAUSE_NONE)->id), 0);
    CHECK_EQ(clause_severity(CLAUSE_NONE, IMPACT_FORM), CLAUSE_NOTE);
}

/* The number at the end of an id, and the letter before it: D device, P prose, E example. */
static char letter_of(const struct clause_row *row)
{
    const char *digits = row->id + strlen(row->id) - 1;

    while (isdigit((unsigned char)*digits))
        digits--;
    return *digits;
}

/* The letter says where a statement stands, so it decides whether it has one of the capital words. */
static void levels_agree_with_the_ids(void)
{
    for (unsigned i = CLAUSE_NONE + 1; i < CLAUSE_COUNT; i++) {
        const struct clause_row *row = clause_row((enum clause)i);
        char letter = letter_of(row);

        if (!strchr("DPE", letter) || (letter == 'D') == (row->level == CLAUSE_PROSE))
            unit_fail(__FILE__, __LINE__, "%s has level %u", row->id, row->level);
    }
}

static void severity_follows_from_level_and_impact(void)
{
    static const struct {
        enum clause clause;
        enum clause_level level;
        enum clause_severity severity;
        const char *section;
    } cases[] = {
        {IOMMU_ATTACH_D01, CLAUSE_MUST, CLAUSE_FAIL, "5.13.6.3.2"},
        {IOMMU_MAP_D15, CLAUSE_MUST_NOT, CLAUSE_FAIL, "5.13.6.5.2"},
        {IOMMU_MAP_P03, CLAUSE_PROSE, CLAUSE_FAIL, "5.13.6.5"},
        {IOMMU_MAP_D07, CLAUSE_SHOULD, CLAUSE_WARN, "5.13.6.5.2"},
        {IOMMU_UNMAP_D07, CLAUSE_SHOULD_NOT, CLAUSE_WARN, "5.13.6.6.2"},
        {IOMMU_DETACH_D05, CLAUSE_MAY, CLAUSE_NOTE, "5.13.6.4.2"},
        {TOPO_FORM_D01, CLAUSE_SHOULD, CLAUSE_WARN, "house"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        CHECK_EQ(clause_row(cases[i].clause)->level, cases[i].level);
        CHECK_EQ(clause_severity(cases[i].clause, IMPACT_STATUS), cases[i].severity);
        CHECK_EQ(clause_severity(cases[i].clause, IMPACT_REPORT), cases[i].severity);
        CHECK_EQ(clause_severity(cases[i].clause, IMPACT_FORM), cases[i].severity);
        CHECK_EQ(clause_severity(cases[i].clause, IMPACT_ISOLATION), CLAUSE_FAIL);
        CHECK_EQ(clause_severity(cases[i].clause, IMPACT_DATA), CLAUSE_FAIL);
        CHECK_EQ(clause_severity(cases[i].clause, IMPACT_LIVENESS), CLAUSE_FAIL);
        CHECK(!strcmp(clause_row(cases[i].clause)->section, cases[i].section));
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"rows_are_complete", rows_are_complete},
        {"ids_and_texts_are_unique", ids_and_texts_are_unique},
        {"the_row_of_no_clause_is_empty", the_row_of_no_clause_is_empty},
        {"levels_agree_with_the_ids", levels_agree_with_the_ids},
        {"severity_follows_from_level_and_impact", severity_follows_from_level_and_impact},
    };

    return unit_main("clause", units, ARRAY_LENGTH(units));
}
