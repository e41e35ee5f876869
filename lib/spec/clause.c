// SPDX-License-Identifier: BSD-2-Clause
#include "lib/spec/clause.h"

#include <stdbool.h>

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

/* `text` is `id`, or what it is with some of its underscores as dashes. */
static bool is_id(const char *text, const char *id)
{
    while (*id && (*text == *id || (*text == '-' && *id == '_'))) {
        text++;
        id++;
    }
    return !*text && !*id;
}

enum clause clause_find(const char *id)
{
    for (unsigned i = CLAUSE_NONE + 1; i < CLAUSE_COUNT; i++)
        if (is_id(id, rows[i].id))
            return (enum clause)i;
    return CLAUSE_NONE;
}
