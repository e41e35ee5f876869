// SPDX-License-Identifier: BSD-2-Clause
/*
 * From the root pointer to a list of intact tables (ACPI 6.5 sections 5.2.6 to 5.2.8). Entries that
 * point at damage cost one report each; the number of entries looked at is bounded.
 */
#include "lib/acpi/acpi.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/bytes/bytes.h"

#define LABEL_SIZE 40

static bool is_printable(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    }
    return true;
}

bool acpi_table_check(const void *bytes, size_t size, const char *signature, uint32_t minimum,
                      const char *label, uint32_t *length, const struct sink *sink)
{
    const uint8_t *header = bytes;

    if (size < ACPI_HEADER_SIZE) {
        sink_field(sink, label, 0, "the size", size, "the %d bytes of a header", ACPI_HEADER_SIZE);
        return false;
    }
    if (signature ? memcmp(header, signature, 4) != 0 : !is_printable(header, 4)) {
        sink_field(sink, label, 0, "signature", bytes_le32(header), "%s",
                   signature ? signature : "four printable characters");
        return false;
    }
    *length = bytes_le32(header + 4);
    if (*length < minimum || *length > size) {
        sink_field(sink, label, 4, "length", *length, "0x%" PRIx32 " to 0x%" PRIx64, minimum,
                   (uint64_t)size);
        return false;
    }
    uint8_t sum = bytes_sum(header, *length);
    if (sum != 0) {
        sink_field(sink, label, 9, "checksum", header[9], "0x%x", (uint8_t)(header[9] - sum));
        return false;
    }
    return true;
}

/* Maps the header to learn the length, then the table, which has `limit` bytes at most. */
static bool load(const struct mem_view *memory, uint64_t address, const char *signature,
                 uint32_t limit, struct acpi_table *table, const struct sink *sink)
{
    char label[LABEL_SIZE];
    const uint8_t *header = mem_map(memory, address, ACPI_HEADER_SIZE);

    snprintf(label, sizeof(label), "%s at 0x%" PRIx64, signature ? signature : "table", address);
    if (!header) {
        sink_printf(sink, "%s: not in readable memory", label);
        return false;
    }
    uint32_t length = bytes_le32(header + 4);
    if (length < ACPI_HEADER_SIZE || length > ACPI_TABLE_MAX) {
        sink_field(sink, label, 4, "length", length, "0x%x to 0x%x", ACPI_HEADER_SIZE,
                   ACPI_TABLE_MAX);
        return false;
    }
    if (length > limit) {
        sink_note(sink, "%s: 0x%" PRIx32 " bytes, and room is for 0x%" PRIx32 " more; left out",
                  label, length, limit);
        return false;
    }
    const uint8_t *bytes = mem_map(memory, address, length);
    if (!bytes) {
        sink_field(sink, label, 4, "length", length, "a table that is in readable memory");
        return false;
    }
    if (!acpi_table_check(bytes, length, signature, ACPI_HEADER_SIZE, label, &length, sink))
        return false;
    memcpy(table->signature, bytes, 4);
    table->signature[4] = '\0';
    table->length = length;
    table->address = address;
    table->bytes = bytes;
    return true;
}

static const struct acpi_table *find_from(const struct acpi *acpi, unsigned first,
                                          const char *signature)
{
    for (unsigned i = first; i < acpi->table_count; i++) {
        if (memcmp(acpi->tables[i].signature, signature, 4) == 0)
            return &acpi->tables[i];
    }
    return NULL;
}

const struct acpi_table *acpi_find(const struct acpi *acpi, const char *signature)
{
    return find_from(acpi, 0, signature);
}

const struct acpi_table *acpi_find_next(const struct acpi *acpi, const struct acpi_table *table)
{
    return find_from(acpi, (unsigned)(table - acpi->tables) + 1, table->signature);
}

/* *left: bytes that tables may still have. */
static void add(struct acpi *out, const struct mem_view *memory, uint64_t address, uint32_t *left,
                const struct sink *sink)
{
    struct acpi_table table;

    for (unsigned i = 0; i < out->table_count; i++)
        if (out->tables[i].address == address) {
            sink_printf(sink, "%s at 0x%" PRIx64 ": listed twice", out->tables[i].signature,
                        address);
            return;
        }
    if (address == 0 || !load(memory, address, NULL, *left, &table, sink))
        return;
    *left -= table.length;
    const struct acpi_table *first = acpi_find(out, table.signature);
    if (first)
        sink_printf(sink, "%s at 0x%" PRIx64 ": a second one, the one at 0x%" PRIx64 " comes first",
                    table.signature, address, first->address);
    out->tables[out->table_count++] = table;
}

/* RSDT and XSDT differ in their signature and in the size of an entry. */
static bool read_root(struct acpi *out, const struct mem_view *memory, uint64_t address,
                      const char *signature, uint32_t entry_size, const struct sink *sink)
{
    uint32_t left = ACPI_BYTES_MAX;
    struct acpi_table root;

    if (address == 0 || !load(memory, address, signature, left, &root, sink))
        return false;
    uint32_t size = root.length - ACPI_HEADER_SIZE;
    uint32_t count = size / entry_size;
    if (size % entry_size != 0) {
        sink_field(sink, signature, 4, "length", root.length, "%d plus a multiple of %u",
                   ACPI_HEADER_SIZE, (unsigned)entry_size);
        return false;
    }
    if (count > ACPI_MAX_TABLES) {
        sink_note(sink, "%s: %" PRIu32 " entries, and room is for %d (the rest is left out)",
                  signature, count, ACPI_MAX_TABLES);
        count = ACPI_MAX_TABLES;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = root.bytes + ACPI_HEADER_SIZE + i * entry_size;
        add(out, memory, entry_size == 8 ? bytes_le64(entry) : bytes_le32(entry), &left, sink);
    }
    return true;
}

bool acpi_open(struct acpi *out, const struct mem_view *memory, const struct acpi_rsdp *rsdp,
               const struct sink *sink)
{
    memset(out, 0, sizeof(*out));
    return read_root(out, memory, rsdp->xsdt, "XSDT", 8, sink) ||
           read_root(out, memory, rsdp->rsdt, "RSDT", 4, sink);
}
