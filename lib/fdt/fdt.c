// SPDX-License-Identifier: BSD-2-Clause
/* The blocks and tokens of a tree, checked once, and the nodes in their order. */
#include "lib/fdt/fdt.h"

#include <inttypes.h>
#include <string.h>

#include "lib/fdt/token.h"

#define MAGIC            0xd00dfeed
#define FORMAT_VERSION   17
#define RESERVATION_SIZE 16

enum header {
    TOTAL_SIZE = 4,
    OFF_STRUCTURE = 8,
    OFF_STRINGS = 12,
    OFF_RESERVATIONS = 16,
    HEADER_VERSION = 20,
    LAST_COMPATIBLE = 24,
    SIZE_STRINGS = 32,
    SIZE_STRUCTURE = 36,
};

static void report(const struct sink *sink, uint32_t offset, const char *field, uint64_t value,
                   const char *expected)
{
    sink_field(sink, "device tree", offset, field, value, "%s", expected);
}

uint32_t fdt_total_size(const uint8_t *header, const struct sink *sink)
{
    uint32_t size = fdt_be32(header + TOTAL_SIZE);

    if (fdt_be32(header) != MAGIC)
        report(sink, 0, "magic", fdt_be32(header), "0xd00dfeed");
    else if (size < FDT_HEADER_SIZE || size > FDT_SIZE_MAX)
        report(sink, TOTAL_SIZE, "totalsize", size, "40 bytes to 2 MiB");
    else if (fdt_be32(header + HEADER_VERSION) < FORMAT_VERSION)
        report(sink, HEADER_VERSION, "version", fdt_be32(header + HEADER_VERSION), "17 or more");
    else if (fdt_be32(header + LAST_COMPATIBLE) > FORMAT_VERSION)
        report(sink, LAST_COMPATIBLE, "last_comp_version", fdt_be32(header + LAST_COMPATIBLE),
               "17 or less");
    else
        return size;
    return 0;
}

/* A block of the header: [*offset, *offset + *size) inside the tree. */
static bool read_block(const struct fdt *fdt, uint32_t field, uint32_t size, const char *name,
                       uint32_t *offset, const struct sink *sink)
{
    *offset = fdt_be32(fdt->bytes + field);
    if (*offset >= FDT_HEADER_SIZE && *offset <= fdt->size && size <= fdt->size - *offset)
        return true;
    sink_field(sink, "device tree", field, name, *offset,
               "40 or more, and 0x%" PRIx32 " bytes inside the 0x%" PRIx32 " of the tree", size,
               fdt->size);
    return false;
}

static bool check_reservations(const struct fdt *fdt, const struct sink *sink)
{
    uint32_t at = fdt->reservations;

    for (; fdt->size - at >= RESERVATION_SIZE; at += RESERVATION_SIZE)
        if (!fdt_be64(fdt->bytes + at) && !fdt_be64(fdt->bytes + at + 8))
            return true;
    report(sink, at, "end of the memory reservations", fdt->size, "an entry of zeros before it");
    return false;
}

static bool report_token(const struct fdt *fdt, uint32_t at, const char *expected,
                         const struct sink *sink)
{
    uint32_t left = fdt->structure_size - at;

    report(sink, fdt->structure + at, "token",
           left >= 4 ? fdt_be32(fdt->bytes + fdt->structure + at) : left, expected);
    return false;
}

/* One root, every node closed, END after it. */
static bool check_structure(const struct fdt *fdt, const struct sink *sink)
{
    struct fdt_token token;
    unsigned depth = 0;
    bool has_root = false;

    for (uint32_t at = 0;; at = token.end) {
        if (!fdt_read_token(fdt, at, &token))
            return report_token(fdt, at, "a token of which all lies inside its block", sink);
        switch (token.type) {
        case FDT_BEGIN_NODE:
            if (depth == FDT_DEPTH_MAX)
                return report_token(fdt, at, "16 nodes above each other at most", sink);
            if (!depth && has_root)
                return report_token(fdt, at, "one root", sink);
            has_root = true;
            depth++;
            break;
        case FDT_END_NODE:
            if (!depth)
                return report_token(fdt, at, "a node that it ends", sink);
            depth--;
            break;
        case FDT_PROPERTY:
            if (!depth)
                return report_token(fdt, at, "a node around the property", sink);
            break;
        case FDT_NOP:
            break;
        case FDT_END:
            return (has_root && !depth) || report_token(fdt, at, "the end of the root first", sink);
        }
    }
}

bool fdt_open(struct fdt *fdt, const void *bytes, size_t size, const struct sink *sink)
{
    const uint8_t *header = bytes;

    *fdt = (struct fdt){0};
    if (size < FDT_HEADER_SIZE) {
        report(sink, 0, "the size", size, "the 40 bytes of a header");
        return false;
    }
    fdt->bytes = header;
    fdt->size = fdt_total_size(header, sink);
    if (!fdt->size)
        return false;
    if (fdt->size > size) {
        report(sink, TOTAL_SIZE, "totalsize", fdt->size, "no more than there are bytes");
        return false;
    }
    fdt->structure_size = fdt_be32(header + SIZE_STRUCTURE);
    fdt->strings_size = fdt_be32(header + SIZE_STRINGS);
    return read_block(fdt, OFF_STRUCTURE, fdt->structure_size, "off_dt_struct", &fdt->structure,
                      sink) &&
           read_block(fdt, OFF_STRINGS, fdt->strings_size, "off_dt_strings", &fdt->strings, sink) &&
           read_block(fdt, OFF_RESERVATIONS, 0, "off_mem_rsvmap", &fdt->reservations, sink) &&
           check_reservations(fdt, sink) && check_structure(fdt, sink);
}

bool fdt_reservation(const struct fdt *fdt, unsigned index, struct fdt_range *range)
{
    const uint8_t *entry = fdt->bytes + fdt->reservations;

    for (unsigned i = 0;; i++, entry += RESERVATION_SIZE) {
        *range = (struct fdt_range){fdt_be64(entry), fdt_be64(entry + 8)};
        if (!range->base && !range->size)
            return false;
        if (i == index)
            return true;
    }
}

/* The first node at `at` or later; FDT_NONE at the end of the tree. *depth: how much deeper it is.
 */
static uint32_t scan(const struct fdt *fdt, uint32_t at, int *depth)
{
    struct fdt_token token;

    for (; fdt_read_token(fdt, at, &token) && token.type != FDT_END; at = token.end) {
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

    fdt_read_token(fdt, node, &token);
    return scan(fdt, token.end, depth);
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

uint32_t fdt_parent(const struct fdt *fdt, uint32_t node)
{
    uint32_t path[FDT_DEPTH_MAX];
    int depth = 0;

    for (uint32_t at = fdt_root(fdt); at != FDT_NONE; at = scan_after(fdt, at, &depth)) {
        if (at == node)
            return depth ? path[depth - 1] : FDT_NONE;
        path[depth] = at;
    }
    return FDT_NONE;
}

const char *fdt_name(const struct fdt *fdt, uint32_t node)
{
    struct fdt_token token;

    fdt_read_token(fdt, node, &token);
    return token.name;
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

uint32_t fdt_find_phandle(const struct fdt *fdt, uint32_t phandle)
{
    uint32_t node = fdt_root(fdt);

    for (; node != FDT_NONE; node = fdt_next(fdt, node)) {
        uint32_t old = fdt_u32(fdt, node, "linux,phandle", 0);

        if (phandle && fdt_u32(fdt, node, "phandle", old) == phandle)
            break;
    }
    return node;
}

uint32_t fdt_find_compatible(const struct fdt *fdt, uint32_t previous, const char *compatible)
{
    uint32_t node = previous == FDT_NONE ? fdt_root(fdt) : fdt_next(fdt, previous);

    while (node != FDT_NONE &&
           !(fdt_is_compatible(fdt, node, compatible) && fdt_is_enabled(fdt, node)))
        node = fdt_next(fdt, node);
    return node;
}
