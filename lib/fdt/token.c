// SPDX-License-Identifier: BSD-2-Clause
#include "lib/fdt/token.h"

#include <string.h>

#define WORD 4u

/* The next multiple of 4; no offset is near the end of 32 bits. */
static uint32_t align(uint32_t offset)
{
    return (offset + WORD - 1) & ~(WORD - 1);
}

/* The NUL of the name at `name`, of which `left` bytes are inside its block; NULL: too far away. */
static const uint8_t *name_end(const uint8_t *name, uint32_t left)
{
    return memchr(name, 0, left <= FDT_NAME_MAX ? left : FDT_NAME_MAX + 1);
}

static bool read_node(const struct fdt *fdt, uint32_t at, struct fdt_token *token)
{
    const uint8_t *block = fdt->bytes + fdt->structure;
    const uint8_t *end = name_end(block + at, fdt->structure_size - at);

    if (!end)
        return false;
    token->name = (const char *)block + at;
    token->end = align((uint32_t)(end - block) + 1);
    return true;
}

static bool read_property(const struct fdt *fdt, uint32_t at, struct fdt_token *token)
{
    const uint8_t *block = fdt->bytes + fdt->structure;
    const uint8_t *strings = fdt->bytes + fdt->strings;

    if (fdt->structure_size - at < 2 * WORD)
        return false;
    uint32_t length = fdt_be32(block + at), name = fdt_be32(block + at + WORD);

    at += 2 * WORD;
    if (length > fdt->structure_size - at || name >= fdt->strings_size ||
        !name_end(strings + name, fdt->strings_size - name))
        return false;
    token->name = (const char *)strings + name;
    token->value = block + at;
    token->length = length;
    token->end = align(at + length);
    return true;
}

bool fdt_read_token(const struct fdt *fdt, uint32_t at, struct fdt_token *token)
{
    if (at > fdt->structure_size || fdt->structure_size - at < WORD)
        return false;
    *token = (struct fdt_token){.type = fdt_be32(fdt->bytes + fdt->structure + at)};
    token->end = at += WORD;
    switch (token->type) {
    case FDT_BEGIN_NODE:
        return read_node(fdt, at, token);
    case FDT_PROPERTY:
        return read_property(fdt, at, token);
    case FDT_END_NODE:
    case FDT_NOP:
    case FDT_END:
        return true;
    }
    return false;
}

bool fdt_spend(const struct fdt *fdt, uint32_t bytes)
{
    struct fdt_work *work = fdt->work;
    uint32_t steps = 1 + bytes / FDT_STEP_BYTES;

    if (!work)
        return true;
    work->steps -= steps < work->steps ? steps : work->steps;
    return work->steps;
}

bool fdt_take_token(const struct fdt *fdt, uint32_t at, struct fdt_token *token)
{
    const uint8_t *bytes = fdt->bytes + fdt->structure + at;

    if (at >= fdt->structure_size || !fdt_spend(fdt, 0))
        return false;
    token->type = fdt_be32(bytes);
    token->end = at += WORD;
    if (token->type == FDT_BEGIN_NODE) {
        token->name = (const char *)bytes + WORD;
        token->length = (uint32_t)strlen(token->name);
        token->end = align(at + token->length + 1);
        return fdt_spend(fdt, token->length);
    }
    if (token->type == FDT_PROPERTY) {
        token->length = fdt_be32(bytes + WORD);
        token->name = (const char *)fdt->bytes + fdt->strings + fdt_be32(bytes + 2 * WORD);
        token->value = bytes + 3 * WORD;
        token->end = align(at + 2 * WORD + token->length);
    }
    return true;
}
