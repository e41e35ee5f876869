// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes/bytes.h"
#include "tests/host/unit.h"

#define HEADER_SIZE 36u

void table_store(uint8_t *at, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

void table_put(struct table *table, uint32_t offset, unsigned width, uint64_t value)
{
    if (offset + width > table->size)
        abort();
    table_store(table->bytes + offset, width, value);
}

uint32_t table_add(struct table *table, uint32_t size)
{
    uint32_t offset = table->size;

    if (size > TABLE_MAX - offset)
        abort();
    memset(table->bytes + offset, 0, size);
    table->size += size;
    return offset;
}

static void put_header(struct table *table, uint32_t offset, const char *signature,
                       uint8_t revision)
{
    memcpy(table->bytes + offset, signature, 4);
    table->bytes[offset + 8] = revision;
    memcpy(table->bytes + offset + 10, "VIOMMUGUESTTESTS", 14);
    memcpy(table->bytes + offset + 28, "TEST", 4);
}

void table_begin(struct table *table, const char *signature, uint8_t revision, uint32_t size)
{
    table->size = 0;
    table_add(table, size);
    put_header(table, 0, signature, revision);
    if (size >= 48 + 36)
        put_header(table, 48, "IORT", 0);
}

static void seal(uint8_t *bytes, uint32_t size)
{
    table_store(bytes + 4, 4, size);
    bytes[9] = (uint8_t)(bytes[9] - bytes_sum(bytes, size));
}

void table_seal(struct table *table)
{
    if (table->size > 96 && !memcmp(table->bytes, "VIOT", 4) &&
        !memcmp(table->bytes + 48, "IORT", 4))
        seal(table->bytes + 48, table->size - 48);
    seal(table->bytes, table->size);
}

void table_set_checksum(struct table *table, uint32_t size)
{
    uint32_t summed = size < table->size ? size : table->size;

    table->bytes[9] = (uint8_t)(table->bytes[9] - bytes_sum(table->bytes, summed));
}

void table_build(struct table *table, const char *signature, const void *body, uint32_t size)
{
    table_begin(table, signature, 1, HEADER_SIZE);
    uint32_t offset = table_add(table, size);

    if (size)
        memcpy(table->bytes + offset, body, size);
    seal(table->bytes, table->size);
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

void table_hex(struct table *table, const char *text)
{
    table->size = 0;
    for (; *text; text++)
        if (digit(text[0]) >= 0 && digit(text[1]) >= 0) {
            table_put(table, table_add(table, 1), 1,
                      (uint64_t)(digit(text[0]) << 4 | digit(text[1])));
            text++;
        }
}

void table_apply(struct table *table, const struct table_edit *edits, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (edits[i].width)
            table_put(table, edits[i].offset, edits[i].width, edits[i].value);
}

void *table_exact(const struct table *table)
{
    uint8_t *exact = malloc(table->size);

    if (table->size)
        memcpy(exact, table->bytes, table->size);
    return exact;
}

void report_line(void *context, const char *text)
{
    struct report *report = context;

    size_t length = strlen(report->text);

    report->lines++;
    snprintf(report->text + length, sizeof(report->text) - length, "%s\n", text);
}

void report_check(const struct report *report, const char *expected, const char *vector)
{
    if (report->lines ? !expected || !strstr(report->text, expected) : expected != NULL)
        unit_fail(__FILE__, __LINE__, "%s: reported \"%s\", expected \"%s\"", vector, report->text,
                  expected ? expected : "");
}

uint32_t table_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}
