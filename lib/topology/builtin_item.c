// SPDX-License-Identifier: BSD-2-Clause
/* Items of a built-in topology, and how they are got out of the configuration. */
#include <inttypes.h>

#include "lib/bytes/bytes.h"
#include "lib/topology/builtin_item.h"

bool builtin_refuse(const struct builtin_reader *reader, uint32_t offset, const char *field,
                    uint64_t value, const char *expected)
{
    sink_field(reader->sink, BUILTIN_LABEL, offset, field, value, "%s", expected);
    return false;
}

/*
 * `size` bytes at `offset`, by the widest accesses that are aligned; false: they aren't all there.
 */
static bool fetch(const struct builtin_reader *reader, uint32_t offset, void *bytes, uint32_t size)
{
    const struct builtin_config *config = reader->config;
    uint8_t *to = bytes;

    if (offset > config->size || size > config->size - offset)
        return false;
    while (size) {
        unsigned width = offset % 4 == 0 && size >= 4 ? 4 : offset % 2 == 0 && size >= 2 ? 2 : 1;
        uint32_t value = config->read(config->context, offset, width);

        for (unsigned i = 0; i < width; i++)
            to[i] = (uint8_t)(value >> 8 * i);
        to += width;
        offset += width;
        size -= width;
    }
    return true;
}

uint32_t builtin_read32(const struct builtin_reader *reader, uint32_t offset)
{
    uint8_t bytes[4] = {0};

    fetch(reader, offset, bytes, sizeof(bytes));
    return bytes_le32(bytes);
}

bool builtin_takes_items(struct builtin_reader *reader, uint32_t count)
{
    reader->left_out += count > BUILTIN_ITEMS_MAX;
    return count <= BUILTIN_ITEMS_MAX;
}

/* What is behind the end of a configuration often reads so. */
static bool is_void(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        if (bytes[i] != 0xff)
            return false;
    return true;
}

bool builtin_fetch_item(const struct builtin_reader *reader, uint32_t offset, uint8_t *item,
                        uint32_t size)
{
    if (!fetch(reader, offset, item, size)) {
        sink_field(reader->sink, BUILTIN_LABEL, offset, "item size", size,
                   "at most what is left of the %" PRIu32 " bytes", reader->config->size);
        return false;
    }
    return !is_void(item, size) ||
           builtin_refuse(reader, offset, "item", 0xff, "an item, which is not all 0xff");
}

bool builtin_add_range(struct builtin_reader *reader, uint32_t offset,
                       const struct topology_range *range)
{
    struct topology *staged = &reader->staged;

    if (range->segment_first > range->segment_last)
        return builtin_refuse(reader, offset, "last segment", range->segment_last,
                              "the first or more");
    if (range->bdf_first > range->bdf_last)
        return builtin_refuse(reader, offset, "last function", range->bdf_last,
                              "the first or more");
    if (topology_last_id(range) > UINT32_MAX)
        return builtin_refuse(reader, offset, "first endpoint", range->id_first,
                              "endpoint identifiers that fit in 32 bits");
    struct topology_range ours = *range;

    ours.source = TOPOLOGY_BUILTIN;
    reader->left_out += !topology_add_range(staged, &ours);
    return true;
}

bool builtin_add_mmio(struct builtin_reader *reader, uint32_t offset, const uint8_t *item)
{
    const struct topology_range range = {
        .bus = TOPOLOGY_MMIO, .id_first = bytes_le32(item + 4), .base = bytes_le64(item + 8)};

    return builtin_add_range(reader, offset, &range);
}

struct topology_range builtin_one_segment(const uint8_t *item, unsigned at, unsigned id_at)
{
    return (struct topology_range){
        .segment_first = bytes_le16(item + at),
        .segment_last = bytes_le16(item + at),
        .bdf_first = bytes_le16(item + at + 2),
        .bdf_last = bytes_le16(item + at + 4),
        .id_first = bytes_le32(item + id_at),
    };
}
