// SPDX-License-Identifier: BSD-2-Clause
#include "lib/spec/clause.h"

static const struct clause_row rows[CLAUSE_COUNT] = {
    [CLAUSE_NONE] = {"", CLAUSE_MAY, IMPACT_FORM, "", ""},
#define CLAUSE(id, level, impact, section, text)                                                   \
    [id] = {#id, CLAUSE_##level, IMPACT_##impact, section, text},
#include "lib/spec/clauses.def"
#undef CLAUSE
};

const struct clause_row *clause_row(enum clause clause)
{
    return &rows[clause];
}

enum clause_severity clause_severity(enum clause clause, enum impact impact)
{
    static const enum clause_severity severities[] = {
        [CLAUSE_MUST] = CLAUSE_FAIL,   [CLAUSE_MUST_NOT] = CLAUSE_FAIL,
        [CLAUSE_SHOULD] = CLAUSE_WARN, [CLAUSE_SHOULD_NOT] = CLAUSE_WARN,
        [CLAUSE_MAY] = CLAUSE_NOTE,    [CLAUSE_PROSE] = CLAUSE_FAIL,
    };

    return impact <= IMPACT_LIVENESS ? CLAUSE_FAIL : severities[rows[clause].level];
}

const char *clause_level_text(enum clause_level level)
{
    static const char *const texts[] = {
        [CLAUSE_MUST] = "MUST",     [CLAUSE_MUST_NOT] = "MUST NOT",
        [CLAUSE_SHOULD] = "SHOULD", [CLAUSE_SHOULD_NOT] = "SHOULD NOT",
        [CLAUSE_MAY] = "MAY",       [CLAUSE_PROSE] = "prose",
    };

    return texts[level];
}

const char *impact_text(enum impact impact)
{
    static const char *const texts[IMPACT_COUNT] = {
        [IMPACT_ISOLATION] = "isolation", [IMPACT_DATA] = "data",
        [IMPACT_LIVENESS] = "liveness",   [IMPACT_STATUS] = "status",
        [IMPACT_REPORT] = "report",       [IMPACT_FORM] = "form",
    };

    return texts[impact];
}
