/* SPDX-License-Identifier: BSD-2-Clause */
/* The tokens of the structure block (Devicetree Specification 0.4, section 5.4). */
#pragma once

#include "lib/fdt/fdt.h"

enum fdt_token_type {
    FDT_BEGIN_NODE = 1,
    FDT_END_NODE = 2,
    FDT_PROPERTY = 3,
    FDT_NOP = 4,
    FDT_END = 9,
};

struct fdt_token {
    enum fdt_token_type type;
    uint32_t end;     /* offset of the next token in the structure block */
    const char *name; /* of a node or a property */
    const uint8_t *value;
    uint32_t length;
};

static inline uint32_t fdt_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t fdt_be64(const uint8_t *at)
{
    return (uint64_t)fdt_be32(at) << 32 | fdt_be32(at + 4);
}

/*
 * Takes a step off the work of the tree, and one for each FDT_STEP_BYTES of `bytes`. False: there
 * are not so many, and now there are none.
 */
bool fdt_spend(const struct fdt *fdt, uint32_t bytes);
/*
 * The token at an offset of the structure block, of a tree that was accepted. False: its questions
 * have no steps left.
 */
bool fdt_take_token(const struct fdt *fdt, uint32_t at, struct fdt_token *token);
/* The same of any tree; false: not all of it is inside its block. */
bool fdt_read_token(const struct fdt *fdt, uint32_t at, struct fdt_token *token);
