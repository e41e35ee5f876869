/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds tables of firmware for unit tests: bytes at offsets, the header's length and checksum. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/text/sink.h"

#define TABLE_MAX 8192

struct table {
    uint8_t bytes[TABLE_MAX];
    uint32_t size;
};

/* `width` bytes, little-endian, wherever they are to be. */
void table_store(uint8_t *at, unsigned width, uint64_t value);
/* The same at `offset`; the table must have them. */
void table_put(struct table *table, uint32_t offset, unsigned width, uint64_t value);
/* Adds `size` bytes of zero; returns their offset. */
uint32_t table_add(struct table *table, uint32_t size);
/* An ACPI header and zeroes up to `size` bytes. */
void table_begin(struct table *table, const char *signature, uint8_t revision, uint32_t size);
/* Sets the length (and that of what is embedded at 48, in a VIOT around an IORT) and checksums. */
void table_seal(struct table *table);

/* Puts the checksum right, and no more, for the first `size` bytes, or all where there are fewer.
 */
void table_set_checksum(struct table *table, uint32_t size);
/* A whole table: a header, `size` bytes behind it, length and checksum. */
void table_build(struct table *table, const char *signature, const void *body, uint32_t size);

/* The bytes that pairs of hexadecimal digits name; other characters are between them. */
void table_hex(struct table *table, const char *text);

/* `width` 0: no edit. */
struct table_edit {
    uint32_t offset;
    unsigned width;
    uint64_t value;
};
void table_apply(struct table *table, const struct table_edit *edits, unsigned count);

/* A copy in an allocation of exactly its size, for AddressSanitizer; free() is the caller's. */
void *table_exact(const struct table *table);

/* Takes what a reader reports, as far as there is room. */
struct report {
    unsigned lines;
    char text[4 * SINK_LINE_MAX];
};
void report_line(void *context, const char *text);
/* Some line holds `expected`; NULL: there is none at all. A failure names the vector. */
void report_check(const struct report *report, const char *expected, const char *vector);

/* A generator of test data, not of anything that must be random. */
uint32_t table_random(uint32_t *state);
