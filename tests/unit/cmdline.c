// SPDX-License-Identifier: BSD-2-Clause
/* The command line: words and quotes, numbers, globs, and what is said of options that are not ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/cmdline/cmdline.h"
#include "lib/rng/rng.h"
#include "tests/unit/fixtures/diagnostics.h"
#include "tests/unit/fixtures/unit.h"

static struct cmdline options;
static struct diagnostics diagnostics;

/* From an allocation of the exact size, so that a byte read past the NUL is seen. */
static void parse(const char *cmdline)
{
    struct sink sink = {.line = diagnostics_take, .context = &diagnostics};
    char *copy = strdup(cmdline);

    diagnostics.lines = 0;
    diagnostics.text[0] = '\0';
    memset(&options, 0xa5, sizeof(options));
    cmdline_parse(copy, &options, &sink);
    free(copy);
}

static void check_diagnostic(const char *expected)
{
    if (strcmp(diagnostics.text, expected))
        unit_fail(__FILE__, __LINE__, "diagnostics '%s', expected '%s'", diagnostics.text,
                  expected);
}

static void check_defaults(void)
{
    CHECK_EQ(options.run_count, 0);
    CHECK_EQ(options.list, 0);
    CHECK_EQ(options.seed, 1);
    CHECK_EQ(options.seconds, 2);
    CHECK_EQ(options.from, 0);
}

static void no_options(void)
{
    static const char *const lines[] = {"", " ", " \t\r\n ", "--", " -- run=x seed=z", "--\tlist"};

    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        parse(lines[i]);
        check_defaults();
        check_diagnostic("");
    }
    cmdline_parse(NULL, &options, NULL);
    check_defaults();
    cmdline_parse("seed=x console=ttyS0", &options, NULL);
    check_defaults();
}

static void all_options(void)
{
    parse("run=conformance.map,*.bypass.?? list seed=0xDEADbeef00000001  seconds=30\tfrom=7 run=x");
    CHECK_EQ(options.run_count, 3);
    CHECK(strcmp(options.run[0], "conformance.map") == 0);
    CHECK(strcmp(options.run[1], "*.bypass.??") == 0);
    CHECK(strcmp(options.run[2], "x") == 0);
    CHECK(options.list);
    CHECK_EQ(options.seed, 0xdeadbeef00000001);
    CHECK_EQ(options.seconds, 30);
    CHECK_EQ(options.from, 7);
    CHECK(!options.is_resumed && !options.is_isolated && !options.is_reset_broken);
    check_diagnostic("");
    parse("resume isolate reset-broken");
    CHECK(options.is_resumed && options.is_isolated && options.is_reset_broken);
    check_diagnostic("");
}

static void limits_of_numbers(void)
{
    parse("seed=18446744073709551615 seconds=4294967295 from=1");
    CHECK_EQ(options.seed, UINT64_MAX);
    CHECK_EQ(options.seconds, UINT32_MAX);
    CHECK_EQ(options.from, 1);
    check_diagnostic("");
    parse("seed=0XFFFFffffFFFFffff seconds=0 from=0xffffffff");
    CHECK_EQ(options.seed, UINT64_MAX);
    CHECK_EQ(options.seconds, 0);
    CHECK_EQ(options.from, UINT32_MAX);
    check_diagnostic("");
}

static void invalid_values_keep_the_default(void)
{
    static const struct {
        const char *cmdline, *diagnostic;
    } cases[] = {
        {"seed=18446744073709551616",
         "options: byte 0: seed is '18446744073709551616', expected a number from 0 to "
         "18446744073709551615; ignored\n"},
        {" seed=0x10000000000000000",
         "options: byte 1: seed is '0x10000000000000000', expected a number from 0 to "
         "18446744073709551615; ignored\n"},
        {"seed=", "options: byte 0: seed is '', expected a number from 0 to 18446744073709551615; "
                  "ignored\n"},
        {"seed", "options: byte 0: seed is '', expected a number from 0 to 18446744073709551615; "
                 "ignored\n"},
        {"seed=0x", "options: byte 0: seed is '0x', expected a number from 0 to "
                    "18446744073709551615; ignored\n"},
        {"seconds=4294967296", "options: byte 0: seconds is '4294967296', expected a number from 0 "
                               "to 4294967295; ignored\n"},
        {"seconds=-1",
         "options: byte 0: seconds is '-1', expected a number from 0 to 4294967295; ignored\n"},
        {"seconds=1a",
         "options: byte 0: seconds is '1a', expected a number from 0 to 4294967295; ignored\n"},
        {"seconds=\" 1\"",
         "options: byte 0: seconds is ' 1', expected a number from 0 to 4294967295; ignored\n"},
        {"from=0",
         "options: byte 0: from is '0', expected a number from 1 to 4294967295; ignored\n"},
        {"from=\x01\xff", "options: byte 0: from is '~~', expected a number from 1 to 4294967295; "
                          "ignored\n"},
        {"from=00000000000000000000000000000000000001",
         "options: byte 0: from is '0000000000000000000000000000000...', expected a number from 1 "
         "to 4294967295; ignored\n"},
        {"list=no", "options: byte 0: list has a value, expected none; ignored\n"},
        {"run", "options: byte 0: run is empty, expected globs; ignored\n"},
        {"  run=", "options: byte 2: run is empty, expected globs; ignored\n"},
        {"run=,,", "options: byte 0: run is empty, expected globs; ignored\n"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        parse(cases[i].cmdline);
        check_defaults();
        check_diagnostic(cases[i].diagnostic);
        CHECK_EQ(options.refused, 1);
    }
    parse("seed=5 seed=x");
    CHECK_EQ(options.seed, 5);
    CHECK_EQ(diagnostics.lines, 2);
    CHECK_EQ(options.refused, 1);
}

/* An invalid option is counted, one for somebody else is not. */
static void what_is_refused(void)
{
    static const struct {
        const char *cmdline;
        unsigned refused, lines;
    } cases[] = {
        {"seed=1 run=a run=b viommu=pci:00:01.0 viommu.ep=00:02.0:1 viommu.ep=00:03.0:2", 0, 0},
        {"console=ttyS0 virtio_mmio.device=nonsense", 0, 2},
        {"viommu.ep=00:02.0:1", 1, 1},
        {"viommu=pci:00:01.0 viommu.ep=00:02.0:1:2 viommu.ep=00:02.9:1", 2, 2},
        {"virtio_mmio.slots=1 pci.ecam=1 pci.window=x topology=y ring=z", 5, 5},
        {"seed=1 seed=2 list list ring=split ring=packed", 0, 3},
        {"topology=off topology=dt", 0, 1},
        {"run=\"a", 1, 1},
        {"viommu=pci:00:01.0 "
         "viommu.ep=00:02.0:000000000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000001",
         1, 1},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        parse(cases[i].cmdline);
        if (options.refused != cases[i].refused || diagnostics.lines != cases[i].lines)
            unit_fail(__FILE__, __LINE__, "'%s': %u refused, %s", cases[i].cmdline, options.refused,
                      diagnostics.text);
    }
    parse("seed=1 seed=2");
    CHECK_EQ(options.seed, 2);
    check_diagnostic("options: byte 7: seed is given again, expected once; the last counts\n");
    parse("ring=packed ring=split topology=off topology=dt");
    CHECK(!options.is_ring_packed);
    CHECK(topology_counts(&options.topology_choice, TOPOLOGY_DEVICE_TREE));
}

static void quotes(void)
{
    parse("run=\"a b,c\" \"seed=3\" se\"con\"ds=4 fo\"o b\"ar=\"--\" run=\",d\",");
    CHECK_EQ(options.run_count, 3);
    CHECK(strcmp(options.run[0], "a b") == 0);
    CHECK(strcmp(options.run[1], "c") == 0);
    CHECK(strcmp(options.run[2], "d") == 0);
    CHECK_EQ(options.seed, 3);
    CHECK_EQ(options.seconds, 4);
    check_diagnostic("options: ignored: fo\"o b\"ar=\"--\"\n");
    parse("seed=3 run=\"a -- list");
    CHECK_EQ(options.run_count, 1);
    CHECK(strcmp(options.run[0], "a -- list") == 0);
    CHECK(!options.list);
    check_diagnostic(
        "options: byte 11: a quote is never closed, expected another \" before the end "
        "at byte 21\n");
    parse("\"\" seed=4 \"");
    CHECK_EQ(options.seed, 4);
    CHECK_EQ(diagnostics.lines, 2);
}

static void foreign_options_are_reported_once(void)
{
    parse("BOOT_IMAGE=/vmlinuz console=ttyS0 root=/dev/vda ro seed=9 --x runs=a RUN=b "
          "averyveryverylongname=seed -- quiet");
    CHECK_EQ(options.seed, 9);
    CHECK_EQ(options.run_count, 0);
    check_diagnostic("options: ignored: BOOT_IMAGE=/vmlinuz console=ttyS0 root=/dev/vda ro --x "
                     "runs=a RUN=b averyveryverylongname=seed\n");
}

static void a_long_line_of_foreign_options(void)
{
    char line[4096] = "";

    for (unsigned i = 0; i < 500; i++)
        strcat(line, "foo=bar ");
    strcat(line, "seed=2");
    parse(line);
    CHECK_EQ(options.seed, 2);
    CHECK_EQ(diagnostics.lines, 1);
    CHECK(strlen(diagnostics.text) < SINK_LINE_MAX);
    CHECK(strstr(diagnostics.text, " foo=bar and 451 not shown\n"));
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    parse(line);
    check_defaults();
    check_diagnostic("options: ignored: and 1 not shown\n");
}

static void too_many_globs(void)
{
    char line[4096] = "run=";

    while (strlen(line) + 4 < sizeof(line))
        strcat(line, "a?,");
    parse(line);
    CHECK_EQ(options.run_count, CMDLINE_RUN_MAX);
    CHECK(strcmp(options.run[CMDLINE_RUN_MAX - 1], "a?") == 0);
    CHECK_EQ(diagnostics.lines, 1);
    CHECK(strstr(diagnostics.text, "expected at most 128 globs"));
}

static void too_long_globs(void)
{
    char line[4096] = "run=";

    memset(line + 4, 'a', CMDLINE_GLOB_MAX - 1);
    parse(line);
    CHECK_EQ(options.run_count, 1);
    CHECK_EQ(strlen(options.run[0]), CMDLINE_GLOB_MAX - 1);
    check_diagnostic("");
    line[4 + CMDLINE_GLOB_MAX - 1] = 'a';
    strcat(line, ",b");
    parse(line);
    CHECK_EQ(options.run_count, 1);
    CHECK(strcmp(options.run[0], "b") == 0);
    CHECK_EQ(diagnostics.lines, 1);
    CHECK(strstr(diagnostics.text, "...', expected at most 127 characters; ignored"));
    memset(line + 4, 'a', sizeof(line) - 5);
    line[sizeof(line) - 1] = '\0';
    parse(line);
    check_defaults();
    CHECK_EQ(diagnostics.lines, 1);
}

/* Nothing to expect but that it ends, stays inside its buffers and keeps its promises. */
static void random_lines(void)
{
    static const char *const words[] = {
        "run=", "list", "seed=", "0x",    "9",  ",", "\"",   " ",
        "--",   "*",    "=",     "from=", "\t", "a", "\xff", "seconds="};
    char line[512];
    struct rng rng;

    rng_seed(&rng, 29);
    for (unsigned i = 0; i < 20000; i++) {
        unsigned count = (unsigned)rng_below(&rng, 60);

        line[0] = '\0';
        for (unsigned k = 0; k < count; k++)
            strcat(line, words[rng_below(&rng, ARRAY_LENGTH(words))]);
        parse(line);
        CHECK(options.run_count <= CMDLINE_RUN_MAX);
        for (unsigned k = 0; k < options.run_count; k++)
            CHECK(options.run[k][0] && memchr(options.run[k], 0, CMDLINE_GLOB_MAX));
        for (const char *c = diagnostics.text; *c; c++)
            CHECK(*c == '\n' || (*c >= ' ' && *c <= '~'));
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"no_options", no_options},
        {"all_options", all_options},
        {"limits_of_numbers", limits_of_numbers},
        {"invalid_values_keep_the_default", invalid_values_keep_the_default},
        {"what_is_refused", what_is_refused},
        {"quotes", quotes},
        {"foreign_options_are_reported_once", foreign_options_are_reported_once},
        {"a_long_line_of_foreign_options", a_long_line_of_foreign_options},
        {"too_many_globs", too_many_globs},
        {"too_long_globs", too_long_globs},
        {"random_lines", random_lines},
    };

    return unit_main("cmdline", units, ARRAY_LENGTH(units));
}
