// SPDX-License-Identifier: BSD-2-Clause
/*
 * MCFG: where PCI configuration space is memory mapped (PCI Firmware Specification). A window that
 * could not be used as it stands is refused, so that its reader need not check it.
 */
#include "lib/acpi/acpi.h"

#include <inttypes.h>
#include <string.h>

#include "lib/bytes/bytes.h"

#define FIRST_ENTRY 44
#define ENTRY_SIZE  16
#define BUS_SHIFT   20 /* 32 devices of 8 functions of 4 KiB */

static bool overlaps(const struct acpi_window *a, const struct acpi_window *b)
{
    return a->segment == b->segment && a->bus_first <= b->bus_last && b->bus_first <= a->bus_last;
}

static bool is_usable(const struct acpi_mcfg *mcfg, const struct acpi_window *window,
                      uint32_t offset, const struct sink *sink)
{
    if (window->bus_first > window->bus_last) {
        sink_field(sink, "MCFG", offset + 11, "last bus", window->bus_last,
                   "at least the first bus, 0x%x (entry left out)", window->bus_first);
        return false;
    }
    if (window->base & ((1u << BUS_SHIFT) - 1)) {
        sink_field(sink, "MCFG", offset, "base", window->base,
                   "a multiple of 0x%x (entry left out)", 1u << BUS_SHIFT);
        return false;
    }
    uint64_t size = (uint64_t)(window->bus_last + 1) << BUS_SHIFT;
    if (size - 1 > UINT64_MAX - window->base) {
        sink_field(sink, "MCFG", offset, "base", window->base,
                   "at most 0x%" PRIx64 " (entry left out)", UINT64_MAX - (size - 1));
        return false;
    }
    for (unsigned i = 0; i < mcfg->window_count; i++) {
        if (overlaps(&mcfg->windows[i], window)) {
            sink_field(sink, "MCFG", offset + 10, "first bus", window->bus_first,
                       "buses of segment 0x%x that no earlier entry has (entry left out)",
                       window->segment);
            return false;
        }
    }
    return true;
}

bool acpi_mcfg_read(const void *table, size_t size, struct acpi_mcfg *out, const struct sink *sink)
{
    const uint8_t *bytes = table;
    uint32_t length;

    memset(out, 0, sizeof(*out));
    if (!acpi_table_check(table, size, "MCFG", FIRST_ENTRY, "MCFG", &length, sink))
        return false;
    if ((length - FIRST_ENTRY) % ENTRY_SIZE != 0) {
        sink_field(sink, "MCFG", 4, "length", length, "%d plus a multiple of %d", FIRST_ENTRY,
                   ENTRY_SIZE);
        return false;
    }
    for (uint32_t offset = FIRST_ENTRY; offset < length; offset += ENTRY_SIZE) {
        const struct acpi_window window = {
            .base = bytes_le64(bytes + offset),
            .segment = bytes_le16(bytes + offset + 8),
            .bus_first = bytes[offset + 10],
            .bus_last = bytes[offset + 11],
        };
        if (!is_usable(out, &window, offset, sink))
            continue;
        if (out->window_count == ACPI_MAX_WINDOWS) {
            sink_note(sink, "MCFG byte %u: only the first %d entries are kept", (unsigned)offset,
                      ACPI_MAX_WINDOWS);
            break;
        }
        out->windows[out->window_count++] = window;
    }
    return true;
}
