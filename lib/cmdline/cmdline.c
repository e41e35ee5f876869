// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cmdline/cmdline.h"

#include <stddef.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/text/scan.h"

#define TOKEN_END   (-1)
#define NAME_MAX    24
#define NUMBER_MAX  32 /* 2^64 - 1 has 20 digits */
#define VALUE_MAX   80
#define IGNORED_MAX 400

struct parser {
    const char *text;
    size_t at;       /* the next byte of text */
    size_t token_at; /* where the token began */
    size_t quote_at; /* where the last quote opened */
    bool is_quoted;
    struct cmdline *out;
    const struct sink *diagnostics;
    unsigned globs_lost;
    uint32_t given; /* a bit for each row of the table that was met */
    unsigned ignored_count, ignored_unshown;
    size_t ignored_length;
    char ignored[IGNORED_MAX];
};

struct option {
    const char *name;
    bool adds; /* each value to those before it, and may so be repeated */
    /* `has_value`: an equals sign was read, and the value is next. */
    void (*set)(struct parser *parser, const struct option *option, bool has_value);
    size_t offset, size; /* of the number in struct cmdline */
    uint64_t min, max;
    /* Reads a value of more than one part. */
    bool (*read)(struct scan *scan, struct cmdline *out);
    bool is_from_vmm; /* what is wrong with it is nobody's wish that was not met */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The command line may hold anything, the report is text. No name has a `~`, so no glob gains by
 * it. */
static char printable(int c)
{
    return c >= ' ' && c <= '~' ? (char)c : '~';
}

/* The next character of the token, its quotes taken away. */
static int token_next(struct parser *parser)
{
    for (;;) {
        char c = parser->text[parser->at];

        if (c == '\0' || (is_blank(c) && !parser->is_quoted))
            return TOKEN_END;
        parser->at++;
        if (c != '"')
            return (unsigned char)c;
        parser->is_quoted = !parser->is_quoted;
        parser->quote_at = parser->at - 1;
    }
}

static void token_skip(struct parser *parser)
{
    while (token_next(parser) != TOKEN_END)
        ;
}

/*
 * Reads up to `stop` or the end of the token, whichever it returns, into buffer[size], always
 * terminated. What does not fit is cut, and *is_cut set.
 */
static int token_read(struct parser *parser, int stop, char *buffer, size_t size, bool *is_cut)
{
    size_t length = 0;
    int c;

    *is_cut = false;
    while ((c = token_next(parser)) != TOKEN_END && c != stop) {
        if (length + 1 < size)
            buffer[length++] = printable(c);
        else
            *is_cut = true;
    }
    buffer[length] = '\0';
    return c;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
    struct scan scan = {.at = text};

    return scan_number(&scan, SCAN_PLAIN, min, max, number, "a number") && scan_end(&scan);
}

static void set_number(struct parser *parser, const struct option *option, bool has_value)
{
    char value[NUMBER_MAX] = "";
    bool is_cut = false;
    uint64_t number;
    uint32_t narrow;

    if (has_value)
        token_read(parser, TOKEN_END, value, sizeof(value), &is_cut);
    if (is_cut || !parse_number(value, option->min, option->max, &number)) {
        parser->out->refused++;
        sink_printf(parser->diagnostics,
                    "options: byte %zu: %s is '%s%s', expected a number from %llu to %llu; ignored",
                    parser->token_at, option->name, value, is_cut ? "..." : "",
                    (unsigned long long)option->min, (unsigned long long)option->max);
        return;
    }
    narrow = (uint32_t)number;
    memcpy((char *)parser->out + option->offset,
           option->size == sizeof(narrow) ? (void *)&narrow : (void *)&number, option->size);
}

static void set_parts(struct parser *parser, const struct option *option, bool has_value)
{
    char value[VALUE_MAX] = "";
    struct scan scan = {.at = value};
    bool is_cut = false;

    if (has_value)
        token_read(parser, TOKEN_END, value, sizeof(value), &is_cut);
    if (!is_cut && option->read(&scan, parser->out))
        return;
    parser->out->refused += !option->is_from_vmm;
    if (is_cut)
        sink_printf(parser->diagnostics,
                    "options: byte %zu: %s is '%s...', expected at most %d characters; ignored",
                    parser->token_at, option->name, value, VALUE_MAX - 1);
    else
        sink_printf(parser->diagnostics,
                    "options: byte %zu: %s is '%s', expected %s at '%s'; ignored", parser->token_at,
                    option->name, value, scan.expected, scan.at);
}

static void set_flag(struct parser *parser, const struct option *option, bool has_value)
{
    if (has_value) {
        token_skip(parser);
        parser->out->refused++;
        sink_printf(parser->diagnostics,
                    "options: byte %zu: %s has a value, expected none; ignored", parser->token_at,
                    option->name);
        return;
    }
    *(bool *)((char *)parser->out + option->offset) = true;
}

static void add_glob(struct parser *parser, const char *glob, bool is_cut)
{
    struct cmdline *out = parser->out;

    out->refused += is_cut || out->run_count == CMDLINE_RUN_MAX;
    if (is_cut)
        sink_printf(parser->diagnostics,
                    "options: byte %zu: run has the glob '%.40s...', expected at most %d "
                    "characters; ignored",
                    parser->token_at, glob, CMDLINE_GLOB_MAX - 1);
    else if (out->run_count < CMDLINE_RUN_MAX)
        strcpy(out->run[out->run_count++], glob);
    else
        parser->globs_lost++;
}

static void set_run(struct parser *parser, const struct option *option, bool has_value)
{
    char glob[CMDLINE_GLOB_MAX];
    unsigned globs = 0;
    int end = has_value ? ',' : TOKEN_END;

    while (end == ',') {
        bool is_cut;

        end = token_read(parser, ',', glob, sizeof(glob), &is_cut);
        if (glob[0] == '\0')
            continue;
        add_glob(parser, glob, is_cut);
        globs++;
    }
    if (globs)
        return;
    parser->out->refused++;
    sink_printf(parser->diagnostics, "options: byte %zu: %s is empty, expected globs; ignored",
                parser->token_at, option->name);
}

static bool read_device(struct scan *scan, struct cmdline *out)
{
    return cmdline_virtio_mmio_device(scan, &out->blocks);
}

static bool read_slots(struct scan *scan, struct cmdline *out)
{
    return cmdline_virtio_mmio_slots(scan, &out->blocks);
}

static bool read_ecam(struct scan *scan, struct cmdline *out)
{
    return cmdline_pci_ecam(scan, &out->host);
}

static bool read_window(struct scan *scan, struct cmdline *out)
{
    return cmdline_pci_window(scan, &out->host);
}

static bool read_iommu(struct scan *scan, struct cmdline *out)
{
    return cmdline_viommu(scan, &out->topology);
}

static bool read_endpoint(struct scan *scan, struct cmdline *out)
{
    return cmdline_viommu_ep(scan, &out->topology);
}

static bool read_choice(struct scan *scan, struct cmdline *out)
{
    return cmdline_topology(scan, &out->topology_choice);
}

static bool read_ring(struct scan *scan, struct cmdline *out)
{
    out->is_ring_packed = !strcmp(scan->at, "packed");
    return out->is_ring_packed || !strcmp(scan->at, "split") || scan_fail(scan, "split or packed");
}

#define FIELD(name) offsetof(struct cmdline, name), sizeof(((struct cmdline *)0)->name)

#define ONCE     false
#define ADDS     true
#define NO_FIELD 0, 0, 0, 0

static const struct option table[] = {
    {"run", ADDS, set_run, NO_FIELD, NULL, false},
    {"list", ONCE, set_flag, FIELD(list), 0, 0, NULL, false},
    {"icount", ONCE, set_flag, FIELD(icount), 0, 0, NULL, false},
    {"resume", ONCE, set_flag, FIELD(is_resumed), 0, 0, NULL, false},
    {"isolate", ONCE, set_flag, FIELD(is_isolated), 0, 0, NULL, false},
    {"reset_broken", ONCE, set_flag, FIELD(is_reset_broken), 0, 0, NULL, false},
    {"seed", ONCE, set_number, FIELD(seed), 0, UINT64_MAX, NULL, false},
    {"seconds", ONCE, set_number, FIELD(seconds), 0, UINT32_MAX, NULL, false},
    {"from", ONCE, set_number, FIELD(from), 1, UINT32_MAX, NULL, false},
    {"ring", ONCE, set_parts, NO_FIELD, read_ring, false},
    {"virtio_mmio.device", ADDS, set_parts, NO_FIELD, read_device, true},
    {"virtio_mmio.slots", ADDS, set_parts, NO_FIELD, read_slots, false},
    {"pci.ecam", ADDS, set_parts, NO_FIELD, read_ecam, false},
    {"pci.lines", ONCE, set_number, FIELD(pci_lines), 1, UINT32_MAX - 3, NULL, false},
    {"pci.window", ADDS, set_parts, NO_FIELD, read_window, false},
    {"viommu", ADDS, set_parts, NO_FIELD, read_iommu, false},
    {"viommu.ep", ADDS, set_parts, NO_FIELD, read_endpoint, false},
    {"topology", ONCE, set_parts, NO_FIELD, read_choice, false},
};

static bool is_name(const char *text, const char *name)
{
    while (*name && (*text == *name || (*text == '-' && *name == '_'))) {
        text++;
        name++;
    }
    return !*text && !*name;
}

/* Whole tokens only: a cut one would look like an option that nobody wrote. */
static void ignore_token(struct parser *parser)
{
    size_t length = parser->at - parser->token_at;

    parser->ignored_count++;
    if (length + 1 >= IGNORED_MAX - parser->ignored_length) {
        parser->ignored_unshown++;
        return;
    }
    parser->ignored[parser->ignored_length++] = ' ';
    for (size_t i = 0; i < length; i++)
        parser->ignored[parser->ignored_length++] =
            printable((unsigned char)parser->text[parser->token_at + i]);
    parser->ignored[parser->ignored_length] = '\0';
}

static void parse_token(struct parser *parser)
{
    char name[NAME_MAX];
    bool is_cut;
    bool has_value = token_read(parser, '=', name, sizeof(name), &is_cut) == '=';

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
        if (!is_cut && is_name(name, table[i].name)) {
            if (!table[i].adds && parser->given >> i & 1)
                sink_printf(parser->diagnostics,
                            "options: byte %zu: %s is given again, expected once; the last counts",
                            parser->token_at, table[i].name);
            parser->given |= 1u << i;
            table[i].set(parser, &table[i], has_value);
            return;
        }
    if (has_value)
        token_skip(parser);
    ignore_token(parser);
}

static void report(const struct parser *parser)
{
    parser->out->refused += parser->is_quoted;
    if (parser->is_quoted)
        sink_printf(parser->diagnostics,
                    "options: byte %zu: a quote is never closed, expected another \" before the "
                    "end at byte %zu",
                    parser->quote_at, parser->at);
    if (parser->globs_lost)
        sink_printf(parser->diagnostics,
                    "options: run has %u globs, expected at most %d globs; the last %u are ignored",
                    CMDLINE_RUN_MAX + parser->globs_lost, CMDLINE_RUN_MAX, parser->globs_lost);
    if (parser->ignored_unshown)
        sink_printf(parser->diagnostics, "options: ignored:%s and %u not shown", parser->ignored,
                    parser->ignored_unshown);
    else if (parser->ignored_count)
        sink_printf(parser->diagnostics, "options: ignored:%s", parser->ignored);
}

/* The token `--`, after which the line speaks to somebody else. */
static bool is_terminator(const char *token)
{
    return token[0] == '-' && token[1] == '-' && (token[2] == '\0' || is_blank(token[2]));
}

void cmdline_parse(const char *cmdline, struct cmdline *out, const struct sink *diagnostics)
{
    struct parser parser = {.text = cmdline ? cmdline : "", .out = out, .diagnostics = diagnostics};

    memset(out, 0, sizeof(*out));
    out->seed = 1;
    out->seconds = 2;
    out->topology_choice = cmdline_topology_auto();
    for (;;) {
        while (is_blank(parser.text[parser.at]))
            parser.at++;
        if (parser.text[parser.at] == '\0' || is_terminator(&parser.text[parser.at]))
            break;
        parser.token_at = parser.at;
        parse_token(&parser);
    }
    report(&parser);
}
