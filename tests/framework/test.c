// SPDX-License-Identifier: BSD-2-Clause
/* Records findings, and keeps the first one of the worst verdict as the reason. */
#include "tests/framework/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/framework/report.h"

static void record(struct test *test, enum verdict verdict, const char *clause, const char *text)
{
    static const char *const words[] = {[VERDICT_PASS] = "NOTE",
                                        [VERDICT_SKIP] = "SKIP",
                                        [VERDICT_WARN] = "WARN",
                                        [VERDICT_FAIL] = "FAIL",
                                        [VERDICT_ERROR] = "ERROR"};
    const char *space = *clause ? " " : "";

    if (verdict != VERDICT_SKIP)
        report_diagnostic("%s%s%s %s", words[verdict], space, clause, text);
    if (verdict <= test->verdict)
        return;
    test->verdict = verdict;
    snprintf(test->reason, sizeof(test->reason), "%s%s%s", clause, space, text);
}

static enum verdict verdict_of(enum clause clause)
{
    switch (clause_severity(clause)) {
    case CLAUSE_FAIL:
        return VERDICT_FAIL;
    case CLAUSE_WARN:
        return VERDICT_WARN;
    default:
        return VERDICT_PASS;
    }
}

bool test_claims(const struct test *test, enum clause clause)
{
    const enum clause *claim = test->definition->clauses;

    while (claim && *claim && *claim != clause)
        claim++;
    return claim && *claim;
}

static bool judge(struct test *test, enum clause clause, enum verdict worst, bool condition,
                  const char *format, va_list args)
{
    enum verdict verdict = verdict_of(clause);

    char text[TEST_REASON_MAX];

    /* A test that claims nothing judges whatever it looks at. */
    test->checks += !test->definition->clauses || test_claims(test, clause);
    test->judged[clause] = true;
    if (condition)
        return true;
    vsnprintf(text, sizeof(text), format, args);
    record(test, verdict < worst ? verdict : worst, clause_row(clause)->id, text);
    return false;
}

bool expect(struct test *test, enum clause clause, bool condition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    judge(test, clause, VERDICT_FAIL, condition, format, args);
    va_end(args);
    return condition;
}

bool expect_should(struct test *test, enum clause clause, bool condition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    judge(test, clause, VERDICT_WARN, condition, format, args);
    va_end(args);
    return condition;
}

void require(struct test *test, enum clause clause, bool condition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    judge(test, clause, VERDICT_FAIL, condition, format, args);
    va_end(args);
    if (!condition)
        longjmp(test->stop, 1);
}

void skip(struct test *test, const char *format, ...)
{
    char text[TEST_REASON_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    record(test, VERDICT_SKIP, "", text);
    longjmp(test->stop, 1);
}

void error(struct test *test, const char *format, ...)
{
    char text[TEST_REASON_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    record(test, VERDICT_ERROR, "", text);
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
