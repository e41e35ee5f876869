// SPDX-License-Identifier: BSD-2-Clause
/* The reader of device trees on damaged bytes and at its limits, in allocations of exactly their size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/fdt/fdt.h"
#include "tests/unit/fixtures/properties.h"
#include "tests/unit/fixtures/sample_tree.h"
#include "tests/unit/fixtures/unit.h"

#define MUTATIONS 20000

static char reported[SINK_LINE_MAX];
static volatile uint8_t read_byte;

static void take_line(void *context, const char *text)
{
    (void)context;
    if (!reported[0])
        snprintf(reported, sizeof(reported), "%s", text);
}

static const struct sink sink = {.line = take_line};

static bool open_tree(struct fdt *fdt, const uint8_t *blob, size_t size)
{
    reported[0] = 0;
    return fdt_open(fdt, blob, size, &sink);
}

/* Every question to every node; the sanitizers watch. Returns how many nodes there are. */
static unsigned ask_everything(const struct fdt *fdt)
{
    struct fdt_property property;
    struct fdt_range range;
    unsigned count = 0;

    for (uint32_t node = fdt_root(fdt); node != FDT_NONE; node = fdt_next(fdt, node)) {
        for (unsigned i = 0; property_at(fdt, node, i, &property); i++)
            for (uint32_t b = 0; b < property.length; b++)
                read_byte = property.value[b];
        fdt_parent(fdt, node);
        fdt_reg(fdt, node, 0, &range);
        fdt_is_compatible(fdt, node, "ns16550a");
        fdt_is_enabled(fdt, node);
        fdt_text(fdt, node, "status");
        CHECK(strlen(fdt_name(fdt, node)) < fdt->size);
        CHECK(++count < 4096);
    }
    fdt_find_phandle(fdt, 7);
    fdt_find_path(fdt, "/soc/uart", 9);
    for (unsigned i = 0; fdt_reservation(fdt, i, &range); i++)
        ;
    return count;
}

static void headers(void)
{
    static const struct {
        uint32_t field, value;
        const char *report; /* NULL: accepted */
    } cases[] = {
        {TREE_MAGIC, 0xd00dfeee, "byte 0: magic is 0xd00dfeee"},
        {TREE_TOTAL_SIZE, 39, "byte 4: totalsize is 0x27"},
        {TREE_TOTAL_SIZE, (2 << 20) + 1, "byte 4: totalsize is 0x200001"},
        {TREE_TOTAL_SIZE, 4096, "byte 4: totalsize is 0x1000, expected no more"},
        {TREE_TOTAL_SIZE, 200, "byte 8: off_dt_struct"},
        {TREE_VERSION, 16, "byte 20: version is 0x10"},
        {TREE_VERSION, 18, NULL},
        {TREE_LAST_COMPATIBLE, 18, "byte 24: last_comp_version is 0x12"},
        {TREE_OFF_STRUCTURE, 0, "byte 8: off_dt_struct is 0x0"},
        {TREE_OFF_STRUCTURE, UINT32_MAX, "byte 8: off_dt_struct is 0xffffffff"},
        {TREE_OFF_STRINGS, UINT32_MAX - 4, "byte 12: off_dt_strings"},
        {TREE_SIZE_STRINGS, UINT32_MAX, "byte 12: off_dt_strings"},
        {TREE_SIZE_STRUCTURE, UINT32_MAX, "byte 8: off_dt_struct"},
        {TREE_SIZE_STRUCTURE, 0, "token is 0x0, expected a token all of which is"},
        {TREE_SIZE_STRUCTURE, 64, "expected a token all of which is"},
        {TREE_SIZE_STRINGS, 3, "expected a token all of which is"},
        {TREE_OFF_RESERVATIONS, 8, "byte 16: off_mem_rsvmap is 0x8"},
        {TREE_OFF_RESERVATIONS, UINT32_MAX, "byte 16: off_mem_rsvmap"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree tree;
        struct fdt fdt;
        size_t size;

        sample_tree(&tree);
        uint8_t *blob = tree_finish(&tree, &size);

        tree_put(blob + cases[i].field, cases[i].value);
        if (open_tree(&fdt, blob, size) != !cases[i].report ||
            (cases[i].report && !strstr(reported, cases[i].report)))
            unit_fail(__FILE__, __LINE__, "case %u: reported \"%s\", expected \"%s\"", i, reported,
                      cases[i].report ? cases[i].report : "");
        free(blob);
    }
}

static void reservations_without_end(void)
{
    struct tree tree;
    struct fdt fdt;
    size_t size;

    sample_tree(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    /* The last bytes of the blob are text, not zeros. */
    tree_put(blob + TREE_OFF_RESERVATIONS, (uint32_t)(size - 24));
    CHECK(!open_tree(&fdt, blob, size) && strstr(reported, "end of the memory reservations"));
    free(blob);
}

/* What is wrong with a structure of these tokens; each 0 stands for an empty name. */
static void structures(void)
{
    static const struct {
        uint32_t tokens[8];
        unsigned count;
        const char *report;
    } cases[] = {
        {{1, 0, 2, 9}, 4, NULL},
        {{4, 1, 0, 4, 2, 4, 9}, 7, NULL},
        {{1, 0, 2, 9, 1}, 5, NULL}, /* what stands behind END is not looked at */
        {{9}, 1, "token is 0x9, expected the end of the root first"},
        {{1, 0, 9}, 3, "token is 0x9, expected the end of the root first"},
        {{1, 0, 2}, 3, "token is 0x0, expected a token"},
        {{2, 9}, 2, "token is 0x2, expected a node that it ends"},
        {{1, 0, 2, 2, 9}, 5, "token is 0x2, expected a node that it ends"},
        {{1, 0, 2, 1, 0, 2, 9}, 7, "token is 0x1, expected one root"},
        {{5, 9}, 2, "token is 0x5, expected a token all of which is"},
        {{1, 0x61616161}, 2, "token is 0x1, expected a token all of which is"},
        {{1, 0, 3}, 3, "token is 0x3, expected a token all of which is"},
        {{1, 0, 3, 4}, 4, "token is 0x3, expected a token all of which is"},
        {{1, 0, 3, UINT32_MAX, 0, 2, 9}, 7, "token is 0x3, expected a token all of which is"},
        {{1, 0, 3, 0, 99, 2, 9}, 7, "token is 0x3, expected a token all of which is"},
        {{3, 0, 0, 1, 0, 2, 9}, 7, "token is 0x3, expected a node around the property"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree tree = {.strings = "name", .strings_size = 5};
        struct fdt fdt;
        size_t size;

        for (unsigned t = 0; t < cases[i].count; t++)
            tree_token(&tree, cases[i].tokens[t]);
        uint8_t *blob = tree_finish(&tree, &size);

        tree_put(blob + TREE_SIZE_STRUCTURE, 4 * cases[i].count);
        if (open_tree(&fdt, blob, size) != !cases[i].report ||
            (cases[i].report && !strstr(reported, cases[i].report)))
            unit_fail(__FILE__, __LINE__, "case %u: reported \"%s\", expected \"%s\"", i, reported,
                      cases[i].report ? cases[i].report : "");
        free(blob);
    }
}

static void depth_is_bounded(void)
{
    for (unsigned depth = FDT_DEPTH_MAX; depth <= FDT_DEPTH_MAX + 1; depth++) {
        struct tree tree = {.strings = "name", .strings_size = 5};
        struct fdt fdt;
        size_t size;

        for (unsigned i = 0; i < depth; i++)
            tree_begin(&tree, i ? "n" : "");
        for (unsigned i = 0; i < depth; i++)
            tree_end(&tree);
        uint8_t *blob = tree_finish(&tree, &size);

        CHECK_EQ(open_tree(&fdt, blob, size), depth <= FDT_DEPTH_MAX);
        if (depth <= FDT_DEPTH_MAX)
            CHECK_EQ(ask_everything(&fdt), depth);
        free(blob);
    }
}

/* One root with `count` children called `name`, and what is said of it; "" if it is accepted. */
static const char *report_of_children(unsigned count, const char *name)
{
    static struct tree tree;
    struct fdt fdt;
    size_t size;

    memset(&tree, 0, sizeof(tree));
    tree_begin(&tree, "");
    for (unsigned i = 0; i < count; i++) {
        tree_begin(&tree, name);
        tree_end(&tree);
    }
    tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    open_tree(&fdt, blob, size);
    free(blob);
    return reported;
}

static void nodes_are_bounded(void)
{
    CHECK(!*report_of_children(FDT_NODES_MAX - 1, ""));
    CHECK(strstr(report_of_children(FDT_NODES_MAX, ""), "token is 0x1, expected 8192 nodes"));
}

static void names_are_bounded(void)
{
    char name[FDT_NAME_MAX + 2] = "";
    struct tree tree = {0};
    struct fdt fdt;
    size_t size;

    memset(name, 'n', FDT_NAME_MAX);
    CHECK(!*report_of_children(1, name));
    name[FDT_NAME_MAX] = 'n';
    CHECK(strstr(report_of_children(1, name), "names of 255 bytes at most"));
    tree_begin(&tree, "");
    tree_cell(&tree, name + 1, 7);
    tree_cell(&tree, name, 8);
    tree_end(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    CHECK(!open_tree(&fdt, blob, size) && strstr(reported, "token is 0x3"));
    free(blob);
}

static uint32_t random_state = 1;

static uint32_t random32(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static void damage(void)
{
    unsigned accepted = 0;

    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct tree tree;
        struct fdt fdt;
        size_t size;

        sample_tree(&tree);
        uint8_t *blob = tree_finish(&tree, &size);

        for (uint32_t change = random32() % 3 + 1; change; change--) {
            uint32_t at = random32() % (uint32_t)size;

            if (random32() & 1)
                blob[at] = (uint8_t)random32();
            else
                tree_put(blob + (at & ~3u) % (uint32_t)(size - 3), random32() % 16);
        }
        if (open_tree(&fdt, blob, size)) {
            ask_everything(&fdt);
            accepted++;
        } else {
            CHECK(reported[0]);
        }
        free(blob);
    }
    CHECK(accepted > MUTATIONS / 10 && accepted < MUTATIONS);
}

static void short_input(void)
{
    struct tree tree;
    struct fdt fdt;
    size_t size;

    sample_tree(&tree);
    uint8_t *blob = tree_finish(&tree, &size);

    for (size_t length = 0; length < size; length += length < 64 ? 1 : 37) {
        uint8_t *part = malloc(length ? length : 1);

        memcpy(part, blob, length);
        CHECK(!open_tree(&fdt, part, length) && reported[0]);
        free(part);
    }
    free(blob);
}

int main(void)
{
    static const struct unit units[] = {
        {"headers", headers},
        {"reservations_without_end", reservations_without_end},
        {"structures", structures},
        {"depth_is_bounded", depth_is_bounded},
        {"nodes_are_bounded", nodes_are_bounded},
        {"names_are_bounded", names_are_bounded},
        {"damage", damage},
        {"short_input", short_input},
    };

    return unit_main("fdt_damaged", units, ARRAY_LENGTH(units));
}
