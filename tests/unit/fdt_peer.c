// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random and damaged trees, and those of dtc and QEMU, read by our reader and by libfdt, and
 * rewritten by dtc. Whoever accepts a tree must find the same in it, and a tree that is not
 * damaged all must accept. Of damaged trees each accepts some that another refuses: those that
 * is_waived() names, no others.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array/array.h"
#include "lib/fdt/fdt.h"
#include "tests/unit/fixtures/peer/libfdt.h"
#include "tests/unit/fixtures/properties.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

#define TREES     1000
#define MUTATIONS 20000
#define DEPTH_MAX 6
#define REWRITTEN 300 /* by dtc, a process each */

static uint32_t random_state;

static uint32_t random32(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static void add_properties(struct tree *tree)
{
    static const char *const names[] = {"reg", "compatible", "phandle", "ranges", "a", "status"};

    for (uint32_t count = random32() % 4; count; count--) {
        uint8_t value[24];
        uint32_t length = random32() % sizeof(value);

        for (uint32_t i = 0; i < length; i++)
            value[i] = (uint8_t)random32();
        tree_bytes(tree, names[random32() % ARRAY_LENGTH(names)], value, length);
        if (random32() % 8 == 0)
            tree_token(tree, 4);
    }
}

static void add_node(struct tree *tree, unsigned depth)
{
    char name[16];

    snprintf(name, sizeof(name), "n%u@%u", random32() % 10, random32() % 100);
    tree_begin(tree, depth ? name : "");
    add_properties(tree);
    for (uint32_t count = depth < DEPTH_MAX ? random32() % 3 : 0; count; count--)
        add_node(tree, depth + 1);
    tree_end(tree);
}

static uint8_t *random_tree(size_t *size)
{
    struct tree tree = {.reservation_count = random32() % 3};

    for (unsigned i = 0; i < tree.reservation_count; i++)
        tree.reservations[i][0] = tree.reservations[i][1] = i + 1;
    add_node(&tree, 0);
    return tree_finish(&tree, size);
}

static void print(const struct fdt *fdt, FILE *out)
{
    struct fdt_property property;

    for (uint32_t node = fdt_root(fdt); node != FDT_NONE; node = fdt_next(fdt, node)) {
        fprintf(out, "%s\n", fdt_name(fdt, node));
        for (unsigned i = 0; property_at(fdt, node, i, &property); i++) {
            fprintf(out, " %s:", property.name);
            for (uint32_t b = 0; b < property.length; b++)
                fprintf(out, "%02x", property.value[b]);
            fprintf(out, "\n");
        }
    }
}

static char *text_of(const struct fdt *fdt)
{
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);

    print(fdt, out);
    fclose(out);
    return text;
}

static bool reads_the_same(const struct fdt *fdt, const uint8_t *blob)
{
    char *ours = text_of(fdt), *theirs;
    size_t size;
    FILE *out = open_memstream(&theirs, &size);

    libfdt_print(blob, out);
    fclose(out);
    bool same = !strcmp(ours, theirs);

    free(ours);
    free(theirs);
    return same;
}

static void whole_trees(void)
{
    random_state = 1;
    for (unsigned i = 0; i < TREES; i++) {
        struct fdt fdt;
        size_t size;
        uint8_t *blob = random_tree(&size);

        CHECK(libfdt_accepts(blob, size));
        CHECK(fdt_open(&fdt, blob, size, NULL) && reads_the_same(&fdt, blob));
        free(blob);
    }
}

static void damage(uint8_t *blob, size_t size)
{
    uint32_t at = random32() % (uint32_t)size;

    if (random32() & 1)
        blob[at] = (uint8_t)random32();
    else
        tree_put(blob + (at & ~3u) % (uint32_t)(size - 3), random32() % 16);
}

static char reported[SINK_LINE_MAX];

static void take_line(void *context, const char *text)
{
    (void)context;
    snprintf(reported, sizeof(reported), "%s", text);
}

/*
 * libfdt alone accepts a list of reservations that ends with a size of 0 but not with a base of 0,
 * and a tree without a root. We alone accept a root with a name, and NOPs behind the root.
 */
static bool is_waived(const struct fdt *fdt, const uint8_t *blob, bool is_ours)
{
    const uint8_t *end =
        blob + tree_get(blob + TREE_OFF_STRUCTURE) + tree_get(blob + TREE_SIZE_STRUCTURE) - 4;

    if (is_ours)
        return *fdt_name(fdt, fdt_root(fdt)) || tree_get(end - 4) == 4;
    return strstr(reported, "end of the memory reservations") ||
           strstr(reported, "token is 0x9, expected the end of the root first");
}

static void damaged_trees(void)
{
    const struct sink sink = {.line = take_line};
    unsigned both = 0, only_ours = 0, only_theirs = 0;

    random_state = 2;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct fdt fdt;
        size_t size;
        uint8_t *blob = random_tree(&size);

        damage(blob, size);
        bool ours = fdt_open(&fdt, blob, size, &sink), theirs = libfdt_accepts(blob, size);

        both += ours && theirs;
        only_ours += ours && !theirs;
        only_theirs += theirs && !ours;
        if (ours && theirs && !reads_the_same(&fdt, blob))
            unit_fail(__FILE__, __LINE__, "tree %u reads otherwise", i);
        if (ours != theirs && !is_waived(&fdt, blob, ours))
            unit_fail(__FILE__, __LINE__, "tree %u is accepted by %s alone: %s", i,
                      ours ? "ours" : "libfdt", reported);
        free(blob);
    }
    printf("# %u accepted by both, %u by ours only, %u by libfdt only\n", both, only_ours,
           only_theirs);
    CHECK(both > MUTATIONS / 10);
}

static void trees_of_others(void)
{
    glob_t files;

    CHECK(!glob("build/host/trees/*.dtb", 0, NULL, &files) && files.gl_pathc > 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct fdt fdt;
        size_t size;
        uint8_t *blob = unit_read_file(files.gl_pathv[i], &size);

        if (!libfdt_accepts(blob, size) || !fdt_open(&fdt, blob, size, NULL) ||
            !reads_the_same(&fdt, blob))
            unit_fail(__FILE__, __LINE__, "%s reads otherwise", files.gl_pathv[i]);
        free(blob);
    }
    globfree(&files);
}

/* What dtc makes of a tree, as our reader reads it; NULL: dtc refuses the tree. */
static char *rewritten(const uint8_t *blob, size_t size)
{
    char in[40], out[40], command[160];

    /* Of this process: the same unit may run twice, built to count and under the sanitizers. */
    snprintf(in, sizeof(in), "build/host/peer-%d-in.dtb", getpid());
    snprintf(out, sizeof(out), "build/host/peer-%d-out.dtb", getpid());

    FILE *file = fopen(in, "wb");
    struct fdt fdt;

    CHECK(file && fwrite(blob, 1, size, file) == size && !fclose(file));
    snprintf(command, sizeof(command), "dtc -qqq -f -I dtb -O dtb -o %s %s 2>/dev/null", out, in);

    uint8_t *bytes = system(command) ? NULL : unit_read_file(out, &size);
    char *text = bytes && fdt_open(&fdt, bytes, size, NULL) ? text_of(&fdt) : NULL;

    free(bytes);
    remove(in);
    remove(out);
    return text;
}

static void trees_that_dtc_writes_anew(void)
{
    unsigned both = 0;

    random_state = 3;
    for (unsigned i = 0; i < REWRITTEN; i++) {
        struct fdt fdt;
        size_t size;
        uint8_t *blob = random_tree(&size);

        if (i % 2)
            damage(blob, size);
        bool is_open = fdt_open(&fdt, blob, size, NULL);
        char *ours = is_open ? text_of(&fdt) : NULL, *theirs = rewritten(blob, size);

        if (i % 2 == 0)
            CHECK(ours && theirs);
        if (ours && theirs && strcmp(ours, theirs))
            unit_fail(__FILE__, __LINE__, "tree %u reads otherwise:\n%s\n%s", i, ours, theirs);
        both += ours && theirs;
        free(ours);
        free(theirs);
        free(blob);
    }
    printf("# %u trees of %u accepted by both\n", both, REWRITTEN);
}

int main(void)
{
    static const struct unit units[] = {
        {"whole_trees", whole_trees},
        {"damaged_trees", damaged_trees},
        {"trees_of_others", trees_of_others},
        {"trees_that_dtc_writes_anew", trees_that_dtc_writes_anew},
    };

    return unit_main("fdt_peer", units, ARRAY_LENGTH(units));
}
