// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/form.h"

#include <stdlib.h>
#include <string.h>

#include "lib/bytes/bytes.h"
#include "tests/host/unit.h"

#define MUTATIONS 20000

static void build(const struct form *form, struct table *table)
{
    table_build(table, form->signature, form->body, form->body_size);
}

/* From an allocation of exactly the table's size. */
static bool read_exact(const struct form *form, const struct table *table, struct report *report)
{
    const struct sink sink = {report_line, report};
    uint8_t *exact = table_exact(table);
    bool is_good = form->read(exact, table->size, &sink);

    free(exact);
    return is_good;
}

void form_check_damages(const struct form *form, const struct form_damage *damages, size_t count)
{
    for (const struct form_damage *damage = damages; damage < damages + count; damage++) {
        struct report report = {0};
        struct table table;

        build(form, &table);
        table_apply(&table, &damage->edit, 1);
        table_set_checksum(&table, bytes_le32(table.bytes + 4));
        if (read_exact(form, &table, &report) != damage->is_good)
            unit_fail(__FILE__, __LINE__, "%s %s", form->signature, damage->name);
        report_check(&report, damage->report, damage->name);
    }
}

void form_check_cuts(const struct form *form)
{
    struct table whole;

    build(form, &whole);
    for (uint32_t size = 0; size <= whole.size; size++) {
        struct report report = {0};
        struct table table = whole;

        table.size = size;
        CHECK_EQ(read_exact(form, &table, &report), size == whole.size);
        if (size < ACPI_HEADER_SIZE)
            continue;
        table_seal(&table);
        read_exact(form, &table, &report);
    }
}

void form_check_mutations(const struct form *form)
{
    struct table whole;
    uint32_t state = 1;

    build(form, &whole);
    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct report report = {0};
        struct table table;

        table.size = whole.size;
        memcpy(table.bytes, whole.bytes, whole.size);
        for (unsigned n = 0; n <= i % 2; n++)
            table.bytes[4 + table_random(&state) % (table.size - 4)] =
                (uint8_t)table_random(&state);
        table_set_checksum(&table, bytes_le32(table.bytes + 4));
        read_exact(form, &table, &report);
    }
}

void form_read_machine(const struct table *table, struct machine *machine, const struct sink *sink)
{
    struct acpi_table *told = &machine->acpi.tables[0];

    *told = (struct acpi_table){.length = table->size, .bytes = table->bytes};
    memcpy(told->signature, table->bytes, 4);
    machine->acpi.table_count = 1;
    machine_read_acpi(machine, sink);
}
