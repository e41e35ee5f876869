// SPDX-License-Identifier: BSD-2-Clause
/*
 * DMAR in three passes: the structure, the units that manage whatever nobody else does, then the
 * units with a scope of their own, whose ranges come later and so count before the others'.
 */
#include "lib/acpi/dmar.h"

#include <inttypes.h>

#include "lib/acpi/acpi.h"
#include "lib/bytes/bytes.h"

#define FIRST_STRUCTURE  48
#define STRUCTURE_HEADER 4
#define UNIT_SIZE        16
#define SCOPE_HEADER     6
#define INCLUDE_ALL      1

enum structure_type { UNIT = 0, RESERVED_MEMORY = 1 };
enum scope_type { SCOPE_ENDPOINT = 1, SCOPE_BRIDGE = 2 };

struct reader {
    const uint8_t *table;
    uint32_t length;
    struct topology *out;
    const struct sink *sink;
    unsigned left_out;
};

/* Where the device scopes of a structure begin; 0: it has none that are read here. */
static uint32_t scopes_at(uint16_t type)
{
    return type == UNIT ? UNIT_SIZE : type == RESERVED_MEMORY ? 24 : 0;
}

static bool check_scopes(const struct reader *reader, uint32_t at, uint32_t end)
{
    while (at < end) {
        uint32_t left = end - at, length = left >= SCOPE_HEADER ? reader->table[at + 1] : 0;

        if (length < SCOPE_HEADER || length % 2 || length > left) {
            sink_field(reader->sink, "DMAR", at + 1, "scope length", length,
                       "6 or more, even, and at most the %" PRIu32 " bytes left", left);
            return false;
        }
        at += length;
    }
    return true;
}

static bool check_structure(const struct reader *reader)
{
    for (uint32_t at = FIRST_STRUCTURE; at < reader->length;) {
        uint32_t left = reader->length - at;
        uint16_t type = left >= STRUCTURE_HEADER ? bytes_le16(reader->table + at) : 0;
        uint32_t length = left >= STRUCTURE_HEADER ? bytes_le16(reader->table + at + 2) : 0;
        uint32_t minimum = scopes_at(type) ? scopes_at(type) : STRUCTURE_HEADER;

        if (length < minimum || length > left) {
            sink_field(reader->sink, "DMAR", at + 2, "structure length", length,
                       "%" PRIu32 " or more for type %u and at most the %" PRIu32 " bytes left",
                       minimum, type, left);
            return false;
        }
        if (scopes_at(type) && !check_scopes(reader, at + scopes_at(type), at + length))
            return false;
        at += length;
    }
    return true;
}

static void add_range(struct reader *reader, const struct topology_range *range)
{
    reader->left_out += !topology_add_range(reader->out, range);
}

static void read_scope(struct reader *reader, uint32_t at, uint16_t segment, unsigned iommu)
{
    const uint8_t *scope = reader->table + at;
    unsigned steps = (scope[1] - SCOPE_HEADER) / 2u;

    if (scope[0] != SCOPE_ENDPOINT && scope[0] != SCOPE_BRIDGE)
        return;
    if (!steps || scope[6] > 31 || scope[7] > 7) {
        sink_field(reader->sink, "DMAR", at + 6, "path", steps ? bytes_le16(scope + 6) : 0,
                   "a device from 0 to 31 and a function from 0 to 7 (scope left out)");
        return;
    }

    uint16_t bdf = (uint16_t)(scope[5] << 8 | scope[6] << 3 | scope[7]);

    add_range(reader, &(struct topology_range){.source = TOPOLOGY_DMAR,
                                               .segment_first = segment,
                                               .segment_last = segment,
                                               .bdf_first = bdf,
                                               .bdf_last = bdf,
                                               .has_below = scope[0] == SCOPE_BRIDGE || steps > 1,
                                               .id_first = bdf,
                                               .iommu = iommu});
}

static void read_unit(struct reader *reader, uint32_t at, bool is_for_all)
{
    const uint8_t *unit = reader->table + at;
    struct topology *out = reader->out;

    if (bytes_le16(unit) != UNIT || (unit[4] & INCLUDE_ALL) != is_for_all)
        return;

    const uint16_t segment = bytes_le16(unit + 6);

    if (!bytes_le64(unit + 8)) {
        sink_field(reader->sink, "DMAR", at + 8, "base", 0, "the address of a unit (left out)");
        return;
    }
    if (!topology_add_iommu(
            out, &(struct topology_iommu){.source = TOPOLOGY_DMAR,
                                          .kind = TOPOLOGY_INTEL_IOMMU,
                                          .device = topology_block(bytes_le64(unit + 8))})) {
        reader->left_out++;
        return;
    }
    if (is_for_all)
        add_range(reader, &(struct topology_range){.source = TOPOLOGY_DMAR,
                                                   .segment_first = segment,
                                                   .segment_last = segment,
                                                   .bdf_last = UINT16_MAX,
                                                   .iommu = out->iommu_count - 1});
    /* What a unit for all has as a scope as well is a device that no bus shows, as an I/O APIC. */
    for (uint32_t scope = UNIT_SIZE; scope < bytes_le16(unit + 2); scope += unit[scope + 1])
        read_scope(reader, at + scope, segment, out->iommu_count - 1);
}

bool dmar_read(const void *table, size_t size, struct topology *others, const struct sink *sink)
{
    const struct topology_mark mark = topology_mark(others);
    struct reader reader = {.table = table, .out = others, .sink = sink};

    if (!acpi_table_check(table, size, "DMAR", FIRST_STRUCTURE, "DMAR", &reader.length, sink) ||
        !check_structure(&reader))
        return false;
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t at = FIRST_STRUCTURE; at < reader.length;
             at += bytes_le16(reader.table + at + 2))
            read_unit(&reader, at, pass == 0);
    topology_settle(others, &mark, reader.left_out, "DMAR", sink);
    return true;
}
