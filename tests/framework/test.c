// SPDX-License-Identifier: BSD-2-Clause
/* Records findings, and keeps the worst one as the reason: by its verdict, then by its impact. */
#include "tests/framework/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/framework/report.h"

static bool is_worse(const struct test *test, enum verdict verdict, enum impact impact)
{
    return verdict > test->verdict || (verdict == test->verdict && impact < test->impact);
}

static void record(struct test *test, enum verdict verdict, enum impact impact, const char *text)
{
    static const char *const words[] = {[VERDICT_PASS] = "NOTE",
                                        [VERDICT_SKIP] = "SKIP",
                                        [VERDICT_WARN] = "WARN",
                                        [VERDICT_FAIL] = "FAIL",
                                        [VERDICT_ERROR] = "ERROR"};

    if (verdict != VERDICT_SKIP)
        report_diagnostic("%s %s", words[verdict], text);
    if (verdict == VERDICT_PASS || !is_worse(test, verdict, impact))
        return;
    test->verdict = verdict;
    test->impact = impact;
    snprintf(test->reason, sizeof(test->reason), "%s", text);
}

bool test_claims(const struct test *test, enum clause clause)
{
    const enum clause *claim = test->definition->clauses;

    while (claim && *claim && *claim != clause)
        claim++;
    return claim && *claim;
}

/* What a check is about. */
struct statement {
    enum clause clause;
    enum impact impact; /* of its violation */
    bool is_open;       /* the text leaves the case open */
};

static enum verdict verdict_of(const struct statement *statement)
{
    enum clause_severity severity = clause_severity(statement->clause, statement->impact);

    if (severity == CLAUSE_NOTE)
        return VERDICT_PASS;
    if (severity == CLAUSE_WARN || (statement->is_open && statement->impact >= IMPACT_STATUS))
        return VERDICT_WARN;
    return VERDICT_FAIL;
}

static void judge(struct test *test, const struct statement *statement, bool condition,
                  const char *format, va_list args)
{
    const struct clause_row *row = clause_row(statement->clause);
    char text[TEST_REASON_MAX];
    int about;

    /* A test that claims nothing judges whatever it looks at. */
    test->checks += !test->definition->clauses || test_claims(test, statement->clause);
    test->judged[statement->clause] = true;
    if (condition)
        return;
    about = snprintf(text, sizeof(text), "%s [%s, %s] ", row->id,
                     statement->is_open ? "open" : clause_level_text(row->level),
                     impact_text(statement->impact));
    vsnprintf(text + about, sizeof(text) - (size_t)about, format, args);
    record(test, verdict_of(statement), statement->impact, text);
}

/* judge() by the variable arguments of the function that it is in, which `format` precedes. */
#define JUDGE(test, condition, format, ...)                                                        \
    ({                                                                                             \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        judge(test, &(const struct statement){__VA_ARGS__}, condition, format, args);              \
        va_end(args);                                                                              \
        condition;                                                                                 \
    })

bool expect(struct test *test, enum clause clause, bool condition, const char *format, ...)
{
    return JUDGE(test, condition, format, clause, clause_row(clause)->impact, false);
}

bool expect_impact(struct test *test, enum clause clause, enum impact impact, bool condition,
                   const char *format, ...)
{
    return JUDGE(test, condition, format, clause, impact, false);
}

bool expect_should(struct test *test, enum clause clause, bool condition, const char *format, ...)
{
    enum impact impact = clause_row(clause)->impact;

    return JUDGE(test, condition, format, clause, impact < IMPACT_STATUS ? IMPACT_STATUS : impact,
                 true);
}

bool expect_survival(struct test *test, enum clause clause, bool condition, const char *format, ...)
{
    return JUDGE(test, condition, format, clause, IMPACT_LIVENESS, true);
}

void require(struct test *test, enum clause clause, bool condition, const char *format, ...)
{
    if (!JUDGE(test, condition, format, clause, clause_row(clause)->impact, false))
        longjmp(test->stop, 1);
}

/* The verdict of a test that ends here. */
static void decide(struct test *test, enum verdict verdict, const char *format, va_list args)
{
    char text[TEST_REASON_MAX];

    vsnprintf(text, sizeof(text), format, args);
    record(test, verdict, IMPACT_FORM, text);
}

void skip(struct test *test, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    decide(test, VERDICT_SKIP, format, args);
    va_end(args);
    longjmp(test->stop, 1);
}

void error(struct test *test, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    decide(test, VERDICT_ERROR, format, args);
    va_end(args);
    longjmp(test->stop, 1);
}

void waive(struct test *test, enum clause clause, const char *why)
{
    if (test->judged[clause])
        return;
    note(test, "NOTE %s is not judged: %s", clause_row(clause)->id, why);
    test->judged[clause] = true;
}

void note(struct test *test, const char *format, ...)
{
    char text[TEST_REASON_MAX];
    va_list args;

    (void)test;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    report_diagnostic("%s", text);
}
