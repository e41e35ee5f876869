// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "arch/arch.h"
#include "drivers/console/console.h"

#define LINE_MAX 512
#define LIFE_NS  20000000000ull

/* File scope: whoever prints shows that the run goes on. */
static uint64_t printed_ns;

static void put(const char *text)
{
    printed_ns = arch_now_ns();
    console_line(text);
}

void report_line(const char *text)
{
    put(text);
}

void report_life(void)
{
    if (arch_now_ns() - printed_ns > LIFE_NS)
        report_diagnostic("still running");
}

static void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void print(const char *format, ...)
{
    char line[LINE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    put(line);
}

void report_diagnostic(const char *format, ...)
{
    char line[LINE_MAX] = "# ";
    va_list args;

    va_start(args, format);
    vsnprintf(line + 2, sizeof(line) - 2, format, args);
    va_end(args);
    put(line);
}

static void take(void *context, const char *text)
{
    (void)context;
    report_diagnostic("%s", text);
}

const struct sink report_diagnostics = {.line = take};

void test_id(const struct test_definition *definition, char id[TEST_ID_MAX])
{
    snprintf(id, TEST_ID_MAX, "%s.%s", definition->suite, definition->name);
}

void report_begin(void)
{
    console_line("KTAP version 1");
}

void report_plan(unsigned count)
{
    print("1..%u", count);
}

void report_start(const struct test_definition *definition)
{
    print("# run %s.%s", definition->suite, definition->name);
}

void report_may_hang(unsigned seconds)
{
    report_diagnostic("may hang the VMM: the next words within %u s", seconds);
}

void report_result(bool ok, unsigned number, const struct test_definition *definition,
                   const char *word, const char *reason)
{
    const char *result = ok ? "ok" : "not ok";

    if (word)
        print("%s %u %s.%s # %s %s", result, number, definition->suite, definition->name, word,
              reason);
    else
        print("%s %u %s.%s", result, number, definition->suite, definition->name);
}

void report_exit(unsigned code)
{
    print("EXIT: STATUS=%u", code << 1 | 1);
}
