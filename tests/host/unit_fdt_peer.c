// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random and damaged trees, read by our reader and by libfdt. Where both accept a tree they must
 * find the same in it, and a tree that is not damaged both must accept. Of damage, libfdt alone
 * refuses a root with a name; ours alone a list of reservations that ends with a size of 0 but not
 * with an address of 0, and a root that is not ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fdt/fdt.h"
#include "tests/host/peer/libfdt.h"
#include "tests/host/tree.h"
#include "tests/host/unit.h"

#define TREES     1000
#define MUTATIONS 20000
#define DEPTH_MAX 6

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
        tree_bytes(tree, names[random32() % (sizeof(names) / sizeof(names[0]))], value, length);
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
        for (unsigned i = 0; fdt_property_at(fdt, node, i, &property); i++) {
            fprintf(out, " %s:", property.name);
            for (uint32_t b = 0; b < property.length; b++)
                fprintf(out, "%02x", property.value[b]);
            fprintf(out, "\n");
        }
    }
}

static bool reads_the_same(const struct fdt *fdt, const uint8_t *blob)
{
    char *ours, *theirs;
    size_t our_size, their_size;
    FILE *out = open_memstream(&ours, &our_size);

    print(fdt, out);
    fclose(out);
    out = open_memstream(&theirs, &their_size);
    libfdt_print(blob, out);
    fclose(out);
    bool same = our_size == their_size && !memcmp(ours, theirs, our_size);

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

static void damaged_trees(void)
{
    unsigned both = 0, only_ours = 0, only_theirs = 0;

    random_state = 2;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct fdt fdt;
        size_t size;
        uint8_t *blob = random_tree(&size);
        uint32_t at = random32() % (uint32_t)size;

        if (random32() & 1)
            blob[at] = (uint8_t)random32();
        else
            tree_put(blob + (at & ~3u) % (uint32_t)(size - 3), random32() % 16);
        bool ours = fdt_open(&fdt, blob, size, NULL), theirs = libfdt_accepts(blob, size);

        both += ours && theirs;
        only_ours += ours && !theirs;
        only_theirs += theirs && !ours;
        if (ours && theirs && !reads_the_same(&fdt, blob))
            unit_fail(__FILE__, __LINE__, "tree %u reads otherwise", i);
        free(blob);
    }
    printf("# %u accepted by both, %u by ours only, %u by libfdt only\n", both, only_ours,
           only_theirs);
    CHECK(both > MUTATIONS / 10);
}

int main(void)
{
    static const struct unit units[] = {
        {"whole_trees", whole_trees},
        {"damaged_trees", damaged_trees},
    };

    return unit_main("fdt_peer", units, sizeof(units) / sizeof(units[0]));
}
