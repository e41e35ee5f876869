// SPDX-License-Identifier: BSD-2-Clause
/* The table of statements: whole and without doubles. */
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

        if (!isdigit((unsigned char)row->section[0]) || !closed || row->text[0] == '.' ||
            strlen(row->id) >= ID_MAX)
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

static void no_clause_is_a_note_without_id(void)
{
    CHECK_EQ(strlen(clause_row(CLAUSE_NONE)->id), 0);
    CHECK_EQ(clause_severity(CLAUSE_NONE), CLAUSE_NOTE);
}

static void levels_are_those_of_the_text(void)
{
    static const unsigned expected[] = {
        [CLAUSE_MUST] = 109,      [CLAUSE_MUST_NOT] = 27, [CLAUSE_SHOULD] = 58,
        [CLAUSE_SHOULD_NOT] = 18, [CLAUSE_MAY] = 23,      [CLAUSE_PROSE] = 126,
    };
    unsigned counts[CLAUSE_PROSE + 1] = {0};

    /* What descriptions owe to each other is this project's own statement. */
    for (unsigned i = CLAUSE_NONE + 1; i < CLAUSE_COUNT; i++)
        if (strncmp(clause_row((enum clause)i)->id, "TOPO_", 5))
            counts[clause_row((enum clause)i)->level]++;
    for (unsigned level = 0; level <= CLAUSE_PROSE; level++)
        CHECK_EQ(counts[level], expected[level]);
}

static void severity_follows_the_level(void)
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
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        CHECK_EQ(clause_row(cases[i].clause)->level, cases[i].level);
        CHECK_EQ(clause_severity(cases[i].clause), cases[i].severity);
        CHECK(!strcmp(clause_row(cases[i].clause)->section, cases[i].section));
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"rows_are_complete", rows_are_complete},
        {"ids_and_texts_are_unique", ids_and_texts_are_unique},
        {"no_clause_is_a_note_without_id", no_clause_is_a_note_without_id},
        {"levels_are_those_of_the_text", levels_are_those_of_the_text},
        {"severity_follows_the_level", severity_follows_the_level},
    };

    return unit_main("clause", units, ARRAY_LENGTH(units));
}
