// SPDX-License-Identifier: BSD-2-Clause
/* The nodes of a tree in their order, and the ways to find one. */
#include <string.h>

#include "lib/fdt/token.h"

/* The first node at `at` or later; FDT_NONE at the end. *depth: how much deeper than `at` it is. */
static uint32_t scan(const struct fdt *fdt, uint32_t at, int *depth)
{
    struct fdt_token token;

    for (; fdt_take_token(fdt, at, &token) && token.type != FDT_END; at = token.end) {
        if (token.type == FDT_BEGIN_NODE) {
            ++*depth;
            return at;
        }
        *depth -= token.type == FDT_END_NODE;
    }
    return FDT_NONE;
}

static uint32_t scan_after(const struct fdt *fdt, uint32_t node, int *depth)
{
    struct fdt_token token;

    return fdt_take_token(fdt, node, &token) ? scan(fdt, token.end, depth) : FDT_NONE;
}

uint32_t fdt_root(const struct fdt *fdt)
{
    int depth = 0;

    return scan(fdt, 0, &depth);
}

uint32_t fdt_next(const struct fdt *fdt, uint32_t node)
{
    int depth = 0;

    return scan_after(fdt, node, &depth);
}

/* The first node at `node` or after it that is enabled; what is above it must be. */
static uint32_t skip_disabled(const struct fdt *fdt, uint32_t node)
{
    while (node != FDT_NONE && !fdt_is_okay(fdt, node)) {
        int depth = 0;

        do {
            node = scan_after(fdt, node, &depth);
        } while (node != FDT_NONE && depth > 0);
    }
    return node;
}

uint32_t fdt_first_enabled(const struct fdt *fdt)
{
    return skip_disabled(fdt, fdt_root(fdt));
}

uint32_t fdt_next_enabled(const struct fdt *fdt, uint32_t node)
{
    return skip_disabled(fdt, fdt_next(fdt, node));
}

bool fdt_is_enabled(const struct fdt *fdt, uint32_t node)
{
    uint32_t at = fdt_first_enabled(fdt);

    while (at != FDT_NONE && at < node)
        at = fdt_next_enabled(fdt, at);
    return at == node;
}

uint32_t fdt_first_child(const struct fdt *fdt, uint32_t node)
{
    int depth = 0;
    uint32_t child = scan_after(fdt, node, &depth);

    return depth == 1 ? child : FDT_NONE;
}

uint32_t fdt_next_sibling(const struct fdt *fdt, uint32_t node)
{
    int depth = 0;

    do {
        node = scan_after(fdt, node, &depth);
    } while (node != FDT_NONE && depth > 0);
    return node != FDT_NONE && depth == 0 ? node : FDT_NONE;
}

/* Goes on from where the last question ended, as most are asked in the order of the tree. */
uint32_t fdt_parent(const struct fdt *fdt, uint32_t node)
{
    struct fdt_work own = {.steps = 0}, *work = fdt->work ? fdt->work : &own;
    int depth = work->path_count - 1;

    for (int i = 0; i <= depth; i++)
        if (work->path[i] == node)
            return i ? work->path[i - 1] : FDT_NONE;
    if (depth < 0 || work->path[depth] > node) {
        work->path[0] = fdt_root(fdt);
        depth = 0;
    }

    uint32_t at = work->path[depth];

    while (at != FDT_NONE && at != node) {
        at = scan_after(fdt, at, &depth);
        if (at != FDT_NONE)
            work->path[depth] = at;
    }
    work->path_count = at == FDT_NONE ? 0 : depth + 1;
    return at != FDT_NONE && depth ? work->path[depth - 1] : FDT_NONE;
}

const char *fdt_name(const struct fdt *fdt, uint32_t node)
{
    return (const char *)fdt->bytes + fdt->structure + node + 4;
}

/* The first `length` bytes of `name`, with the node's unit address or without one. */
static bool has_name(const struct fdt *fdt, uint32_t node, const char *name, size_t length)
{
    const char *own = fdt_name(fdt, node);

    return !strncmp(own, name, length) && strlen(own) >= length &&
           (own[length] == '\0' || (own[length] == '@' && !memchr(name, '@', length)));
}

bool fdt_is_named(const struct fdt *fdt, uint32_t node, const char *name)
{
    return has_name(fdt, node, name, strlen(name));
}

uint32_t fdt_find_path(const struct fdt *fdt, const char *path, size_t length)
{
    const char *end = path + length;
    uint32_t node = fdt_root(fdt);

    if (!length || *path != '/')
        return FDT_NONE;
    while (node != FDT_NONE) {
        const char *slash;
        size_t part;

        while (path < end && *path == '/')
            path++;
        if (path == end)
            return node;
        slash = memchr(path, '/', (size_t)(end - path));
        part = (size_t)((slash ? slash : end) - path);
        node = fdt_first_child(fdt, node);
        while (node != FDT_NONE && !has_name(fdt, node, path, part))
            node = fdt_next_sibling(fdt, node);
        path += part;
    }
    return FDT_NONE;
}

uint32_t fdt_phandle(const struct fdt *fdt, uint32_t node)
{
    uint32_t phandle = fdt_u32(fdt, node, "phandle", 0);

    return phandle ? phandle : fdt_u32(fdt, node, "linux,phandle", 0);
}

uint32_t fdt_find_phandle(const struct fdt *fdt, uint32_t phandle)
{
    struct fdt_work *work = fdt->work;
    uint32_t node = phandle ? fdt_first_enabled(fdt) : FDT_NONE;

    if (work && phandle && work->phandle == phandle)
        return work->phandle_node;
    while (node != FDT_NONE && fdt_phandle(fdt, node) != phandle)
        node = fdt_next_enabled(fdt, node);
    if (work && node != FDT_NONE) {
        work->phandle = phandle;
        work->phandle_node = node;
    }
    return node;
}

bool fdt_has_phandle(const struct fdt *fdt, uint32_t phandle)
{
    uint32_t node = fdt_root(fdt);

    while (node != FDT_NONE && fdt_phandle(fdt, node) != phandle)
        node = fdt_next(fdt, node);
    return phandle && node != FDT_NONE;
}

uint32_t fdt_find_compatible(const struct fdt *fdt, uint32_t previous, const char *compatible)
{
    uint32_t node = previous == FDT_NONE ? fdt_first_enabled(fdt) : fdt_next_enabled(fdt, previous);

    while (node != FDT_NONE && !fdt_is_compatible(fdt, node, compatible))
        node = fdt_next_enabled(fdt, node);
    return node;
}
