// SPDX-License-Identifier: BSD-2-Clause
/* The built-in topology of counted items, v3 and v4. */
#include "lib/bytes/bytes.h"
#include "lib/topology/builtin_item.h"

/*
 * v4 put a segment's end where v3 had the first function. Only four zeroes are well-formed as both,
 * and mean the same. 0: as good as any.
 */
static unsigned version_of(const uint8_t *item)
{
    uint16_t a = bytes_le16(item + 8), b = bytes_le16(item + 10), c = bytes_le16(item + 12);
    uint16_t d = bytes_le16(item + 14);

    if (!(a | b | c | d))
        return BUILTIN_AUTO;
    if (d || b > c)
        return 4;
    return 3;
}

static bool read_v3_range(struct builtin_reader *reader, uint32_t offset, const uint8_t *item,
                          unsigned forced)
{
    unsigned version = forced ? forced : version_of(item);
    struct topology_range range = builtin_one_segment(item, 8, 4);

    if (version == 4) {
        range.segment_last = bytes_le16(item + 10);
        range.bdf_first = bytes_le16(item + 12);
        range.bdf_last = bytes_le16(item + 14);
    }
    if (version && reader->version && version != reader->version)
        return builtin_refuse(reader, offset, "layout of the range, by what makes sense", version,
                              "that of the ranges before it");
    reader->version = version ? version : reader->version;
    return builtin_add_range(reader, offset, &range);
}

static bool read_v3_item(struct builtin_reader *reader, uint32_t offset, unsigned version,
                         uint32_t *length)
{
    uint8_t item[BUILTIN_ITEM_SIZE];

    if (!builtin_fetch_item(reader, offset, item, 4))
        return false;
    *length = bytes_le16(item + 2);

    bool is_known = item[0] == BUILTIN_PCI_RANGE || item[0] == BUILTIN_MMIO_ENDPOINT;

    if (*length < (is_known ? BUILTIN_ITEM_SIZE : 4u) || *length > reader->config->size - offset)
        return builtin_refuse(reader, offset + 2, "item length", *length,
                              "4, of a known type 16, or more, and no more than is left");
    if (!is_known)
        return true;
    if (!builtin_fetch_item(reader, offset, item, sizeof(item)))
        return false;
    return item[0] == BUILTIN_MMIO_ENDPOINT ? builtin_add_mmio(reader, offset, item)
                                            : read_v3_range(reader, offset, item, version);
}

bool builtin_read_v3(struct builtin_reader *reader, unsigned version)
{
    uint32_t header = builtin_read32(reader, BUILTIN_HEADER), count = header & 0xffff,
             offset = header >> 16;
    uint32_t length;

    if (!count)
        return true;
    if (offset < BUILTIN_V3_FIRST)
        return builtin_refuse(reader, BUILTIN_HEADER + 2, "offset", offset, "40 or more");
    for (uint32_t i = 0; i < count && builtin_takes_items(reader, i + 1); i++, offset += length)
        if (!read_v3_item(reader, offset, version, &length))
            return false;
    return true;
}
