// SPDX-License-Identifier: BSD-2-Clause
/*
 * The built-in topology is read in one go into a topology of its own, which is handed over when all
 * of it made sense: a device may change its configuration between two looks.
 */
#include "lib/bytes/bytes.h"
#include "lib/topology/builtin_item.h"

#define V1_FIRST     38
#define V2_FIRST     48
#define V2_ITEM_SIZE 12

static bool read_v1_item(struct builtin_reader *reader, uint32_t offset, unsigned type)
{
    uint8_t item[BUILTIN_ITEM_SIZE];

    if (type != BUILTIN_PCI_RANGE && type != BUILTIN_MMIO_ENDPOINT)
        return true;
    if (!builtin_fetch_item(reader, offset, item, sizeof(item)))
        return false;
    if (type == BUILTIN_MMIO_ENDPOINT)
        return builtin_add_mmio(reader, offset, item);

    const struct topology_range range = builtin_one_segment(item, 8, 4);

    return builtin_add_range(reader, offset, &range);
}

/* A list that comes back to where it was is found by a mark that is moved at ever longer steps. */
static bool read_v1(struct builtin_reader *reader)
{
    uint32_t offset = builtin_read32(reader, BUILTIN_HEADER) & 0xffff, at = BUILTIN_HEADER,
             mark = 0, next_mark = 1;
    uint8_t header[4];

    for (uint32_t steps = 0; offset; steps++) {
        if (!builtin_takes_items(reader, steps + 1))
            return true;
        if (offset < V1_FIRST)
            return builtin_refuse(reader, at, "offset of a structure", offset, "0, or 38 or more");
        if (offset == mark)
            return builtin_refuse(reader, at, "offset of a structure", offset,
                                  "no structure twice");
        if (steps == next_mark) {
            mark = offset;
            next_mark *= 2;
        }
        if (!builtin_fetch_item(reader, offset, header, sizeof(header)) ||
            !read_v1_item(reader, offset, bytes_le16(header) + 1u))
            return false;
        at = offset + 2;
        offset = bytes_le16(header + 2);
    }
    return true;
}

static bool read_v2(struct builtin_reader *reader)
{
    uint32_t offset = builtin_read32(reader, BUILTIN_HEADER),
             count = builtin_read32(reader, BUILTIN_HEADER + 4);
    uint32_t length = builtin_read32(reader, BUILTIN_HEADER + 8), size = reader->config->size;

    if (!offset || !count || !length)
        return true;
    if (offset < V2_FIRST || offset > size)
        return builtin_refuse(reader, BUILTIN_HEADER, "offset", offset,
                              "48 to the end of the configuration");
    if (length < V2_ITEM_SIZE)
        return builtin_refuse(reader, BUILTIN_HEADER + 8, "item length", length, "12 or more");
    if (count > (size - offset) / length)
        return builtin_refuse(reader, BUILTIN_HEADER + 4, "number of items", count,
                              "as many as fit");
    for (uint32_t i = 0; i < count && builtin_takes_items(reader, i + 1); i++, offset += length) {
        uint8_t item[BUILTIN_ITEM_SIZE];
        unsigned type;

        if (!builtin_fetch_item(reader, offset, item,
                                length < BUILTIN_ITEM_SIZE ? length : BUILTIN_ITEM_SIZE))
            return false;
        type = bytes_le16(item);
        if (type == BUILTIN_PCI_RANGE) {
            const struct topology_range range = builtin_one_segment(item, 2, 8);

            if (!builtin_add_range(reader, offset, &range))
                return false;
        } else if (type == BUILTIN_MMIO_ENDPOINT) {
            if (length < BUILTIN_ITEM_SIZE)
                return builtin_refuse(reader, offset, "type", type,
                                      "none that needs items of 16 bytes");
            if (!builtin_add_mmio(reader, offset, item))
                return false;
        }
    }
    return true;
}

/* 0: no topology. */
static unsigned classify(const struct builtin_reader *reader)
{
    uint32_t header = builtin_read32(reader, BUILTIN_HEADER), low = header & 0xffff,
             high = header >> 16;

    if (header <= 1)
        return 0;
    if (high >= BUILTIN_V3_FIRST)
        return 3;
    if (!high && low >= V2_FIRST && builtin_read32(reader, BUILTIN_HEADER + 4) &&
        builtin_read32(reader, BUILTIN_HEADER + 8))
        return 2;
    return low >= V1_FIRST ? 1 : 0;
}

static bool read_version(struct builtin_reader *reader, unsigned version, unsigned forced)
{
    switch (version) {
    case 1:
        return read_v1(reader);
    case 2:
        return read_v2(reader);
    default:
        return builtin_read_v3(reader, forced);
    }
}

struct builtin_result builtin_read(const struct builtin_config *config, unsigned version,
                                   const struct topology_device *self, struct topology *out,
                                   const struct sink *sink)
{
    struct builtin_reader reader = {.config = config, .sink = sink};
    struct builtin_result result = {.verdict = BUILTIN_TOPOLOGY};
    uint32_t header = builtin_read32(&reader, BUILTIN_HEADER);

    result.version = version ? version : classify(&reader);
    if (!result.version) {
        result.verdict = header <= 1 ? BUILTIN_BYPASS : BUILTIN_ILLEGAL;
        if (header > 1)
            builtin_refuse(&reader, BUILTIN_HEADER, "bypass, with its reserved bytes,", header,
                           "0 or 1, or the header of a built-in topology");
        return result;
    }
    topology_add_iommu(&reader.staged,
                       &(struct topology_iommu){.source = TOPOLOGY_BUILTIN, .device = *self});

    bool is_good = read_version(&reader, result.version, version);

    if (result.version == 3 && reader.version)
        result.version = reader.version;
    if (!is_good) {
        result.verdict = BUILTIN_REJECTED;
        return result;
    }
    topology_settle(&reader.staged, &(struct topology_mark){.iommu_count = 1}, reader.left_out,
                    BUILTIN_LABEL, sink);
    topology_append(out, &reader.staged, sink);
    return result;
}
