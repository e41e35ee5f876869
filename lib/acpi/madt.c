// SPDX-License-Identifier: BSD-2-Clause
/*
 * MADT: local APICs and I/O APICs; madt_gic.c has Arm's part (ACPI 6.5 section 5.2.12). Structures
 * of other types are stepped over.
 */
#include "lib/acpi/madt.h"

#include <string.h>

#include "lib/bytes/bytes.h"

#define FIRST_STRUCTURE 44
#define HEADER_SIZE     2

/* 0: not read here. */
static const uint8_t minimum_length[MADT_TYPES] = {
    [MADT_LOCAL_APIC] = 8,         [MADT_IO_APIC] = 12,         [MADT_LOCAL_X2APIC] = 16,
    [MADT_GIC_CPU] = 40,           [MADT_GIC_DISTRIBUTOR] = 24, [MADT_GIC_MSI_FRAME] = 24,
    [MADT_GIC_REDISTRIBUTOR] = 16, [MADT_GIC_ITS] = 16,
};

static void add_ioapic(struct acpi_madt *out, const uint8_t *at)
{
    if (madt_has_room(out, out->ioapic_count, ACPI_MAX_IOAPICS))
        out->ioapics[out->ioapic_count++] =
            (struct acpi_ioapic){.address = bytes_le32(at + 4), .gsi_base = bytes_le32(at + 8)};
}

static void read_structure(struct acpi_madt *out, uint32_t offset, const uint8_t *at,
                           const struct sink *sink)
{
    switch (at[0]) {
    case MADT_LOCAL_APIC:
        madt_add_cpu(out, at[3], bytes_le32(at + 4));
        break;
    case MADT_LOCAL_X2APIC:
        madt_add_cpu(out, bytes_le32(at + 4), bytes_le32(at + 8));
        break;
    case MADT_IO_APIC:
        add_ioapic(out, at);
        break;
    default:
        madt_read_gic(out, offset, at, sink);
    }
}

/* The length of the structure at `offset`; 0 if it is damaged. */
static uint32_t structure_length(const uint8_t *bytes, uint32_t length, uint32_t offset,
                                 const struct sink *sink)
{
    uint32_t left = length - offset;

    if (left < HEADER_SIZE) {
        sink_field(sink, "MADT", 4, "length", length, "no byte after the last structure");
        return 0;
    }
    uint8_t type = bytes[offset];
    uint8_t size = bytes[offset + 1];
    uint8_t minimum = type < MADT_TYPES ? minimum_length[type] : 0;
    if (minimum < HEADER_SIZE)
        minimum = HEADER_SIZE;
    if (size < minimum || size > left) {
        sink_field(sink, "MADT", offset + 1, "length", size,
                   "at least %u for type %u and at most the %u left in the table", minimum, type,
                   (unsigned)left);
        return 0;
    }
    return size;
}

bool acpi_madt_read(const void *table, size_t size, struct acpi_madt *out, const struct sink *sink)
{
    const uint8_t *bytes = table;
    uint32_t length;

    memset(out, 0, sizeof(*out));
    if (!acpi_table_check(table, size, "APIC", FIRST_STRUCTURE, "MADT", &length, sink))
        return false;
    for (uint32_t offset = FIRST_STRUCTURE; offset < length;) {
        uint32_t step = structure_length(bytes, length, offset, sink);
        if (step == 0) {
            memset(out, 0, sizeof(*out));
            return false;
        }
        read_structure(out, offset, bytes + offset, sink);
        offset += step;
    }
    if (out->left_out != 0)
        sink_note(sink, "MADT: %u structures left out, more than there is room for", out->left_out);
    return true;
}
