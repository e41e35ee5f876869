// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 40u

uint32_t tree_get(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void tree_put(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void add(struct tree *tree, const void *bytes, uint32_t length)
{
    uint32_t padded = (length + 3) & ~3u;

    assert(padded <= sizeof(tree->structure) - tree->structure_size);
    memset(tree->structure + tree->structure_size, 0, padded);
    if (length)
        memcpy(tree->structure + tree->structure_size, bytes, length);
    tree->structure_size += padded;
}

void tree_token(struct tree *tree, uint32_t token)
{
    uint8_t bytes[4];

    tree_put(bytes, token);
    add(tree, bytes, sizeof(bytes));
}

void tree_begin(struct tree *tree, const char *name)
{
    tree_token(tree, 1);
    add(tree, name, (uint32_t)strlen(name) + 1);
}

void tree_end(struct tree *tree)
{
    tree_token(tree, 2);
}

static uint32_t string(struct tree *tree, const char *name)
{
    uint32_t size = (uint32_t)strlen(name) + 1;

    for (uint32_t at = 0; at < tree->strings_size; at++)
        if (!strcmp((const char *)tree->strings + at, name))
            return at;
    assert(size <= sizeof(tree->strings) - tree->strings_size);
    memcpy(tree->strings + tree->strings_size, name, size);
    tree->strings_size += size;
    return tree->strings_size - size;
}

void tree_bytes(struct tree *tree, const char *name, const void *value, uint32_t length)
{
    tree_token(tree, 3);
    tree_token(tree, length);
    tree_token(tree, string(tree, name));
    add(tree, value, length);
}

void tree_cells(struct tree *tree, const char *name, const uint32_t *cells, unsigned count)
{
    tree_token(tree, 3);
    tree_token(tree, 4 * count);
    tree_token(tree, string(tree, name));
    for (unsigned i = 0; i < count; i++)
        tree_token(tree, cells[i]);
}

void tree_cell(struct tree *tree, const char *name, uint32_t cell)
{
    tree_cells(tree, name, &cell, 1);
}

uint8_t *tree_finish(struct tree *tree, size_t *size)
{
    uint32_t reservations = HEADER_SIZE;
    uint32_t structure = reservations + 16 * (tree->reservation_count + 1);
    uint32_t strings = structure + tree->structure_size + 4;
    uint8_t *blob;

    tree_token(tree, 9);
    *size = strings + tree->strings_size;
    blob = calloc(1, *size);
    tree_put(blob + TREE_MAGIC, 0xd00dfeed);
    tree_put(blob + TREE_TOTAL_SIZE, (uint32_t)*size);
    tree_put(blob + TREE_OFF_STRUCTURE, structure);
    tree_put(blob + TREE_OFF_STRINGS, strings);
    tree_put(blob + TREE_OFF_RESERVATIONS, reservations);
    tree_put(blob + TREE_VERSION, 17);
    tree_put(blob + TREE_LAST_COMPATIBLE, 16);
    tree_put(blob + TREE_SIZE_STRINGS, tree->strings_size);
    tree_put(blob + TREE_SIZE_STRUCTURE, tree->structure_size);
    for (unsigned i = 0; i < 2 * tree->reservation_count; i++) {
        uint64_t value = tree->reservations[i / 2][i % 2];

        tree_put(blob + reservations + 8 * i, (uint32_t)(value >> 32));
        tree_put(blob + reservations + 8 * i + 4, (uint32_t)value);
    }
    memcpy(blob + structure, tree->structure, tree->structure_size);
    if (tree->strings_size)
        memcpy(blob + strings, tree->strings, tree->strings_size);
    return blob;
}
