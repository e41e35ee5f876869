// SPDX-License-Identifier: BSD-2-Clause
#include "lib/spec/clause.h"

static const struct clause_row rows[CLAUSE_COUNT] = {
    [CLAUSE_NONE] = {"", CLAUSE_MAY, "", ""},
#define CLAUSE(id, level, section, text) [id] = {#id, CLAUSE_##level, section, text},
#include "lib/spec/clauses.def"
#undef CLAUSE
};

const struct clause_row *clause_row(enum clause clause)
{
    return &rows[clause];
}

enum clause_severity clause_severity(enum clause clause)
{
    static const enum clause_severity severities[] = {
        [CLAUSE_MUST] = CLAUSE_FAIL,   [CLAUSE_MUST_NOT] = CLAUSE_FAIL,
        [CLAUSE_SHOULD] = CLAUSE_WARN, [CLAUSE_SHOULD_NOT] = CLAUSE_WARN,
        [CLAUSE_MAY] = CLAUSE_NOTE,    [CLAUSE_PROSE] = CLAUSE_FAIL,
    };

    return severities[rows[clause].level];
}
