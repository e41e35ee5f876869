// SPDX-License-Identifier: BSD-2-Clause
/*
 * IVRS: blocks, of which those of the highest type describe every IOMMU once more than the lower
 * ones do, and only they are read. A block is a header and a list of device entries, which select
 * functions one by one or as ranges.
 */
#include <inttypes.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/dmar.h"
#include "lib/bytes/bytes.h"

#define FIRST_BLOCK 48
#define BLOCK_SIZE  24

enum block_type { UNIT_10 = 0x10, UNIT_11 = 0x11, UNIT_40 = 0x40 };

enum entry_type {
    ENTRY_ALL = 1,
    ENTRY_SELECT = 2,
    ENTRY_RANGE_FIRST = 3,
    ENTRY_RANGE_LAST = 4,
    ENTRY_ALIAS_SELECT = 0x42,
    ENTRY_ALIAS_RANGE_FIRST = 0x43,
    ENTRY_EXTENDED_SELECT = 0x46,
    ENTRY_EXTENDED_RANGE_FIRST = 0x47,
    ENTRY_ACPI_DEVICE = 0xf0,
};

struct reader {
    const uint8_t *table;
    uint32_t length;
    struct topology *out;
    const struct sink *sink;
    unsigned left_out;
    struct topology_range range; /* what the entries of the block have in common */
    uint32_t first;              /* of a range that was begun; NO_RANGE: none was */
};

#define NO_RANGE UINT32_MAX

/* Where the device entries begin; 0: the block is no IOMMU's. */
static uint32_t entries_at(uint8_t type)
{
    return type == UNIT_10 ? 24 : type == UNIT_11 || type == UNIT_40 ? 40 : 0;
}

/* Bytes of the entry at `at`, which has `left` to itself; 0: they are not there. */
static uint32_t entry_size(const struct reader *reader, uint32_t at, uint32_t left)
{
    const uint8_t *entry = reader->table + at;
    uint32_t size = 0;

    if (entry[0] == ENTRY_ACPI_DEVICE)
        size = left >= 22 ? 22u + entry[21] : 0;
    else
        size = 4u << (entry[0] >> 6);
    if (size && size <= left)
        return size;
    sink_field(reader->sink, "IVRS", at, "entry type", entry[0],
               "a known one with all its bytes in the %" PRIu32 " left of the block", left);
    return 0;
}

static bool check_entries(const struct reader *reader, uint32_t at, uint32_t end)
{
    while (at < end) {
        uint32_t size = entry_size(reader, at, end - at);

        if (!size)
            return false;
        at += size;
    }
    return true;
}

static bool check_structure(const struct reader *reader)
{
    for (uint32_t at = FIRST_BLOCK; at < reader->length;) {
        uint32_t left = reader->length - at;
        uint8_t type = reader->table[at];
        uint32_t length = left >= 4 ? bytes_le16(reader->table + at + 2) : 0;
        uint32_t minimum = entries_at(type) ? entries_at(type) : BLOCK_SIZE;

        if (length < minimum || length > left) {
            sink_field(reader->sink, "IVRS", at + 2, "block length", length,
                       "%" PRIu32 " or more for type 0x%x and at most the %" PRIu32 " bytes left",
                       minimum, type, left);
            return false;
        }
        if (entries_at(type) && !check_entries(reader, at + entries_at(type), at + length))
            return false;
        at += length;
    }
    return true;
}

static void add_range(struct reader *reader, uint32_t first, uint32_t last, uint32_t id)
{
    reader->range.bdf_first = (uint16_t)first;
    reader->range.bdf_last = (uint16_t)last;
    reader->range.id_first = id;
    reader->left_out += !topology_add_range(reader->out, &reader->range);
}

static void end_range(struct reader *reader, uint32_t at, uint16_t last)
{
    if (reader->first == NO_RANGE || last < reader->first)
        sink_field(reader->sink, "IVRS", at + 1, "last function", last,
                   "the end of a range that was begun, not before it (left out)");
    else
        add_range(reader, reader->first, last, reader->first);
    reader->first = NO_RANGE;
}

/*
 * An alias is who the function is to the IOMMU; of a range of aliases only the functions are kept.
 */
static void read_entry(struct reader *reader, uint32_t at)
{
    const uint8_t *entry = reader->table + at;
    uint16_t id = bytes_le16(entry + 1);

    switch (entry[0]) {
    case ENTRY_ALL:
        add_range(reader, 0, UINT16_MAX, 0);
        break;
    case ENTRY_SELECT:
    case ENTRY_EXTENDED_SELECT:
        add_range(reader, id, id, id);
        break;
    case ENTRY_ALIAS_SELECT:
        add_range(reader, id, id, bytes_le16(entry + 5));
        break;
    case ENTRY_RANGE_FIRST:
    case ENTRY_ALIAS_RANGE_FIRST:
    case ENTRY_EXTENDED_RANGE_FIRST:
        reader->first = id;
        break;
    case ENTRY_RANGE_LAST:
        end_range(reader, at, id);
        break;
    }
}

static void read_block(struct reader *reader, uint32_t at, uint8_t type)
{
    const uint8_t *block = reader->table + at;
    struct topology *out = reader->out;
    uint32_t end = at + bytes_le16(block + 2);
    const struct topology_iommu iommu = {
        .source = TOPOLOGY_IVRS,
        .kind = TOPOLOGY_AMD_IOMMU,
        .device = {.bus = TOPOLOGY_PCI,
                   .segment = bytes_le16(block + 16),
                   .bdf = bytes_le16(block + 4),
                   .base = bytes_le64(block + 8)},
    };

    if (!type || block[0] != type)
        return;
    if (!topology_add_iommu(out, &iommu)) {
        reader->left_out++;
        return;
    }
    reader->range = (struct topology_range){.source = TOPOLOGY_IVRS,
                                            .segment_first = iommu.device.segment,
                                            .segment_last = iommu.device.segment,
                                            .iommu = out->iommu_count - 1};
    reader->first = NO_RANGE;
    at += entries_at(type);
    while (at < end) {
        read_entry(reader, at);
        at += entry_size(reader, at, end - at);
    }
}

bool ivrs_read(const void *table, size_t size, struct topology *others, const struct sink *sink)
{
    const struct topology_mark mark = topology_mark(others);
    struct reader reader = {.table = table, .out = others, .sink = sink};
    uint8_t highest = 0;

    if (!acpi_table_check(table, size, "IVRS", FIRST_BLOCK, "IVRS", &reader.length, sink) ||
        !check_structure(&reader))
        return false;
    for (uint32_t at = FIRST_BLOCK; at < reader.length; at += bytes_le16(reader.table + at + 2))
        if (entries_at(reader.table[at]) && reader.table[at] > highest)
            highest = reader.table[at];
    for (uint32_t at = FIRST_BLOCK; at < reader.length; at += bytes_le16(reader.table + at + 2))
        read_block(&reader, at, highest);
    topology_settle(others, &mark, reader.left_out, "IVRS", sink);
    return true;
}
