/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes flattened device trees for tests, token by token, also such as no compiler would. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct tree {
    uint8_t structure[131072];
    uint8_t strings[2048];
    uint32_t structure_size, strings_size;
    uint64_t reservations[520][2]; /* more than boot_info keeps */
    unsigned reservation_count;
};

/* Fields of the header, by their offset. */
enum {
    TREE_MAGIC = 0,
    TREE_TOTAL_SIZE = 4,
    TREE_OFF_STRUCTURE = 8,
    TREE_OFF_STRINGS = 12,
    TREE_OFF_RESERVATIONS = 16,
    TREE_VERSION = 20,
    TREE_LAST_COMPATIBLE = 24,
    TREE_SIZE_STRINGS = 32,
    TREE_SIZE_STRUCTURE = 36,
};

void tree_token(struct tree *tree, uint32_t token);
void tree_begin(struct tree *tree, const char *name);
void tree_end(struct tree *tree);
void tree_bytes(struct tree *tree, const char *name, const void *value, uint32_t length);
void tree_cells(struct tree *tree, const char *name, const uint32_t *cells, unsigned count);
void tree_cell(struct tree *tree, const char *name, uint32_t cell);
/* With the NUL; "a\0b" is a list of two. */
#define tree_text(tree, name, text) tree_bytes(tree, name, text, sizeof(text))

/* The blob, an allocation of exactly *size bytes; `tree` ends with END. */
uint8_t *tree_finish(struct tree *tree, size_t *size);

uint32_t tree_get(const uint8_t *at);
void tree_put(uint8_t *at, uint32_t value);
