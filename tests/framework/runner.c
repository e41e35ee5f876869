// SPDX-License-Identifier: BSD-2-Clause
/*
 * Selection, order, watchdog and verdict of the tests. The watchdog and traps come from arch.h; a
 * test that they end is the last one of this boot.
 */
#include "tests/framework/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "lib/array/array.h"
#include "lib/assert/assert.h"
#include "lib/text/glob.h"
#include "tests/framework/control.h"
#include "tests/framework/patience.h"
#include "tests/framework/report.h"
#include "tests/framework/state.h"

#define MAX_TESTS 512

/* Laid out by the linker: every TEST of the image. */
extern const struct test_definition *const tests_begin[], *const tests_end[];

/* A trap handler gets no argument: this is the test that a trap interrupts. */
static struct {
    const struct test_definition *definition;
    unsigned number;
} running;

/* Set once, before the run. */
static const char *(*audit_driver)(void);

void tests_audit_driver(const char *(*audit)(void))
{
    audit_driver = audit;
}

static int by_id(const void *left, const void *right)
{
    const struct test_definition *a = *(const struct test_definition *const *)left;
    const struct test_definition *b = *(const struct test_definition *const *)right;
    int suites = strcmp(a->suite, b->suite);

    return suites ? suites : strcmp(a->name, b->name);
}

/* An optional test runs by name only, and a pattern that could match every suite names none. */
static bool names_a_suite(const char *pattern)
{
    return *pattern != '*' && *pattern != '?';
}

static bool selects(const char *pattern, const struct test_definition *definition)
{
    char id[TEST_ID_MAX];

    test_id(definition, id);
    return (!definition->is_optional || names_a_suite(pattern)) && glob_match(pattern, id);
}

static bool is_selected(const struct cmdline *options, const struct test_definition *definition)
{
    if (options->run_count == 0)
        return !definition->is_optional;
    for (unsigned i = 0; i < options->run_count; i++)
        if (selects(options->run[i], definition))
            return true;
    return false;
}

/* A pattern without a match is an error: running the other tests would hide a mistyped one. */
static bool has_unmatched(const struct cmdline *options, const struct test_definition **selected,
                          unsigned count)
{
    for (unsigned i = 0; i < options->run_count; i++) {
        unsigned n = 0;

        while (n < count && !selects(options->run[i], selected[n]))
            n++;
        if (n < count)
            continue;
        report_diagnostic("error: no test matches %s", options->run[i]);
        return true;
    }
    return false;
}

static unsigned select_tests(const struct cmdline *options, const struct test_definition **selected)
{
    unsigned count = 0;

    for (const struct test_definition *const *entry = tests_begin; entry < tests_end; entry++)
        if (options->list || is_selected(options, *entry))
            selected[count++] = *entry;
    qsort(selected, count, sizeof(*selected), by_id);
    return count;
}

/* Two tests with one id would make a selection and a resumed run ambiguous. */
static bool has_duplicate(const struct test_definition **selected, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        if (by_id(&selected[i - 1], &selected[i]))
            continue;
        report_diagnostic("error: two tests are called %s.%s", selected[i]->suite,
                          selected[i]->name);
        return true;
    }
    return false;
}

static void print_trap_line(const char *line)
{
    report_diagnostic("%s", line);
}

static _Noreturn void trapped(const struct arch_trap *trap)
{
    const char *name = assert_text() ? assert_text() : trap->name;
    char reason[120], where[24] = "";

    if (trap->cpu)
        snprintf(where, sizeof(where), " on CPU %u", trap->cpu);
    if (!running.definition) {
        report_diagnostic("CRASH %s%s outside any test", name, where);
        arch_trap_print(trap, print_trap_line);
    } else {
        report_diagnostic("%s%s in %s.%s", name, where, running.definition->suite,
                          running.definition->name);
        arch_trap_print(trap, print_trap_line);
        snprintf(reason, sizeof(reason), "%s at 0x%llx%s%s", name, (unsigned long long)trap->ip,
                 where,
                 trap->is_deadline && arch_clock_is_assumed() ? ", by an assumed clock" : "");
        report_result(false, running.number, running.definition,
                      trap->is_deadline ? "HANG" : "CRASH", reason);
    }
    report_exit(2);
    arch_poweroff(2);
}

static void announce(const struct test_definition *definition, unsigned number, struct test *test)
{
    static const char *const words[] = {[VERDICT_SKIP] = "SKIP",
                                        [VERDICT_WARN] = "WARN",
                                        [VERDICT_FAIL] = "FAIL",
                                        [VERDICT_ERROR] = "ERROR"};

    report_result(test->verdict < VERDICT_FAIL, number, definition, words[test->verdict],
                  test->reason);
}

/* Whether a clause is one of the transport that this IOMMU does not have: nothing can judge it. */
static bool is_elsewhere(const struct fixture *fixture, enum clause clause)
{
    const char *id = clause_row(clause)->id;
    bool on_mmio = fixture->iommu_location.block;

    return !strncmp(id, on_mmio ? "PCI_" : "MMIO_", on_mmio ? 4 : 5);
}

/* A test that passes must have judged or waived every clause that it claims. */
static void check_claims(struct test *test)
{
    const enum clause *claim = test->definition->clauses;

    for (; claim && *claim && test->verdict == VERDICT_PASS; claim++)
        if (!test->judged[*claim] && !is_elsewhere(test->fixture, *claim))
            error(test, "%s is claimed, and nothing judged it", clause_row(*claim)->id);
}

static void call(struct test *test)
{
    if (setjmp(test->stop))
        return;
    fixture_find_out(test);
    arch_deadline(patience_limit(test->fixture, test->definition));
    fixture_begin(test);
    controls_begin();
    state_begin();
    test->checks = 0; /* do not count those of fixture_begin() */
    memset(test->judged, 0, sizeof(test->judged));
    test->definition->run(test);
    if (!test->checks)
        error(test, "the test ended without a check of what it claims");
    check_claims(test);
    controls_run(test);
}

/* What the test did to the device in the wrong order, unless that is what it is about. */
static void check_order(struct test *test)
{
    const char *found = audit_driver ? audit_driver() : NULL;

    if (!found || test->definition->provokes || test->verdict >= VERDICT_FAIL)
        return;
    if (setjmp(test->stop))
        return;
    error(test, "out of order: %s", found);
}

static enum verdict run_one(struct fixture *fixture, const struct test_definition *definition,
                            unsigned number)
{
    struct test test = {.definition = definition, .fixture = fixture};
    char id[TEST_ID_MAX];

    test_id(definition, id);
    rng_derive(&test.rng, fixture->options->seed, id);
    running.definition = definition;
    running.number = number;
    fixture->has_driven = false;
    report_start(definition);
    arch_deadline(patience_limit(fixture, definition));
    call(&test);
    check_order(&test);
    fixture_end(&test);
    arch_deadline(0);
    running.definition = NULL;
    announce(definition, number, &test);
    return test.verdict;
}

static unsigned list(const struct test_definition **selected, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        report_diagnostic("test %s.%s %s", selected[i]->suite, selected[i]->name,
                          selected[i]->is_optional ? "optional" : "default");
    return 0;
}

/* What another boot has reported of the reset, every test of this one would report again. */
static void know_the_reset(struct fixture *fixture)
{
    static const enum clause reported[] = {DEV_RESET_D01, PCI_COM_D08, MMIO_RST_D02};

    for (unsigned i = 0; fixture->options->is_reset_broken && i < ARRAY_LENGTH(reported); i++)
        fixture->is_noted[reported[i]] = true;
}

/*
 * Only where somebody boots again. A trial of the reset is part of no test, and has no limit but those of
 * the requests that it makes.
 */
static bool needs_another_boot(struct fixture *fixture)
{
    const char *trouble;

    if (fixture->options->is_isolated)
        return fixture->has_driven;
    trouble = fixture->options->is_resumed ? fixture_reset_trouble(fixture) : NULL;
    if (trouble)
        report_diagnostic("reset broken: %s", trouble);
    return trouble;
}

/* The tests from that index on; the exit code. */
static unsigned run_from(struct fixture *fixture, const struct test_definition **selected,
                         unsigned first, unsigned count)
{
    unsigned tally[VERDICT_ERROR + 1] = {0};

    know_the_reset(fixture);
    for (unsigned i = first; i < count; i++) {
        tally[run_one(fixture, selected[i], i + 1)]++;
        if (i + 1 < count && needs_another_boot(fixture)) {
            report_diagnostic("stopped before test %u", i + 2);
            return 2;
        }
    }
    report_diagnostic("passed=%u warned=%u failed=%u skipped=%u errors=%u", tally[VERDICT_PASS],
                      tally[VERDICT_WARN], tally[VERDICT_FAIL], tally[VERDICT_SKIP],
                      tally[VERDICT_ERROR]);
    return tally[VERDICT_FAIL] || tally[VERDICT_ERROR];
}

void tests_catch_traps(void)
{
    arch_on_trap(trapped);
}

/* False, with the reason said: it would not be the run that was asked for. */
static bool may_run(const struct cmdline *options, const struct test_definition **selected,
                    unsigned count)
{
    if (has_unmatched(options, selected, count))
        return false;
    if (options->refused)
        report_diagnostic("error: %u boot options are refused or cut off: what would run is not "
                          "what was asked for",
                          options->refused);
    else if (!count)
        report_diagnostic("error: no test matches the default selection");
    else if (options->from > count)
        report_diagnostic("error: from=%u is behind the last of %u tests", (unsigned)options->from,
                          count);
    else
        return true;
    return false;
}

unsigned tests_run(struct fixture *fixture)
{
    static const struct test_definition *selected[MAX_TESTS];
    const struct cmdline *options = fixture->options;

    if (tests_end - tests_begin > MAX_TESTS) {
        report_diagnostic("error: the image has %u tests, expected %d at most",
                          (unsigned)(tests_end - tests_begin), MAX_TESTS);
        return 2;
    }
    unsigned count = select_tests(options, selected);

    if (has_duplicate(selected, count))
        return 2;
    if (options->list)
        return list(selected, count);
    if (!may_run(options, selected, count))
        return 2;
    report_plan(count);
    return run_from(fixture, selected, options->from ? options->from - 1 : 0, count);
}
