// SPDX-License-Identifier: BSD-2-Clause
/* The blocks and tokens of a tree, checked once. */
#include "lib/fdt/fdt.h"

#include <inttypes.h>

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

/*
 * The total size in a header of FDT_HEADER_SIZE bytes; 0, with a report: it is none of a tree of
 * version 17 that has at most FDT_SIZE_MAX bytes.
 */
static uint32_t total_size(const uint8_t *header, const struct sink *sink)
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
    unsigned depth = 0, nodes = 0;

    for (uint32_t at = 0;; at = token.end) {
        if (!fdt_read_token(fdt, at, &token))
            return report_token(
                fdt, at, "a token all of which is inside its block, names of 255 bytes at most",
                sink);
        switch (token.type) {
        case FDT_BEGIN_NODE:
            if (depth == FDT_DEPTH_MAX)
                return report_token(fdt, at, "16 nodes above each other at most", sink);
            if (!depth && nodes)
                return report_token(fdt, at, "one root", sink);
            if (++nodes > FDT_NODES_MAX)
                return report_token(fdt, at, "8192 nodes at most", sink);
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
            return (nodes && !depth) || report_token(fdt, at, "the end of the root first", sink);
        }
    }
}

static bool open_blocks(struct fdt *fdt, const struct sink *sink)
{
    fdt->structure_size = fdt_be32(fdt->bytes + SIZE_STRUCTURE);
    fdt->strings_size = fdt_be32(fdt->bytes + SIZE_STRINGS);
    return read_block(fdt, OFF_STRUCTURE, fdt->structure_size, "off_dt_struct", &fdt->structure,
                      sink) &&
           read_block(fdt, OFF_STRINGS, fdt->strings_size, "off_dt_strings", &fdt->strings, sink) &&
           read_block(fdt, OFF_RESERVATIONS, 0, "off_mem_rsvmap", &fdt->reservations, sink) &&
           check_reservations(fdt, sink) && check_structure(fdt, sink);
}

bool fdt_open(struct fdt *fdt, const void *bytes, size_t size, const struct sink *sink)
{
    *fdt = (struct fdt){.bytes = bytes};
    if (size < FDT_HEADER_SIZE)
        report(sink, 0, "the size", size, "the 40 bytes of a header");
    else if ((fdt->size = total_size(bytes, sink)) > size)
        report(sink, TOTAL_SIZE, "totalsize", fdt->size, "no more than there are bytes");
    else if (fdt->size && open_blocks(fdt, sink))
        return true;
    *fdt = (struct fdt){0};
    return false;
}

bool fdt_open_at(struct fdt *fdt, const struct mem_view *memory, uint64_t address,
                 const struct sink *sink)
{
    const uint8_t *header = mem_map(memory, address, FDT_HEADER_SIZE);
    uint32_t size = header ? total_size(header, sink) : 0;
    const void *bytes = size ? mem_map(memory, address, size) : NULL;

    if (!header || (size && !bytes))
        sink_printf(sink, "device tree at 0x%" PRIx64 " can't be read", address);
    *fdt = (struct fdt){0};
    return bytes && fdt_open(fdt, bytes, size, sink);
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
