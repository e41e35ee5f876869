// SPDX-License-Identifier: BSD-2-Clause
/* MADT: the CPUs and the interrupt controllers of a PC. */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/malformed_table.h"
#include "tests/unit/fixtures/unit.h"

static const uint8_t good_body[] = {
    0, 0,  0xe0, 0xfe, 1,  0, 0,    0,                   /* local APIC address, 8259 */
    0, 8,  0,    1,    1,  0, 0,    0,                   /* APIC id 1, enabled */
    0, 8,  1,    2,    2,  0, 0,    0,                   /* APIC id 2, not enabled */
    1, 12, 3,    0,    0,  0, 0xc0, 0xfe, 24,   0, 0, 0, /* I/O APIC 3, GSI base 24 */
    2, 10, 0,    9,    20, 0, 0,    0,    0x0d, 0,       /* IRQ 9 is GSI 20: stepped over */
    4, 6,  0xff, 0,    0,  1,                            /* local NMI: stepped over */
    9, 16, 0,    0,    0,  1, 0,    0,    1,    0, 0, 0, 3, 0, 0, 0, /* x2APIC id 0x100, enabled */
    5, 12, 0,    0,    0,  0, 0xe1, 0xfe, 1,    0, 0, 0, /* another local APIC address: stepped over */
};

static bool read_madt(const void *table, size_t size, const struct sink *sink)
{
    struct acpi_madt madt;
    bool good = acpi_madt_read(table, size, &madt, sink);

    CHECK(madt.cpu_count <= (good ? ACPI_MAX_CPUS : 0));
    CHECK(madt.ioapic_count <= (good ? ACPI_MAX_IOAPICS : 0));
    return good;
}

static const struct malformed_table form = {"APIC", good_body, sizeof(good_body), read_madt};

static void structures(void)
{
    struct table table;
    struct acpi_madt madt;

    table_build(&table, "APIC", good_body, sizeof(good_body));
    CHECK(acpi_madt_read(table.bytes, table.size, &madt, NULL));
    CHECK_EQ(madt.cpu_count, 3);
    CHECK(madt.cpus[0].id == 1 && madt.cpus[0].enabled);
    CHECK(madt.cpus[1].id == 2 && !madt.cpus[1].enabled);
    CHECK(madt.cpus[2].id == 0x100 && madt.cpus[2].enabled);
    CHECK_EQ(madt.ioapic_count, 1);
    CHECK_EQ(madt.ioapics[0].address, 0xfec00000);
    CHECK_EQ(madt.ioapics[0].gsi_base, 24);
    CHECK_EQ(madt.left_out, 0);
}

/* More structures than the arrays hold. */
static void full(void)
{
    uint8_t body[8 + 100 * 8] = {0};
    struct table table;
    struct acpi_madt madt;

    for (unsigned i = 0; i < 100; i++)
        memcpy(body + 8 + i * 8, (uint8_t[8]){0, 8, 0, (uint8_t)i, 1}, 8);
    table_build(&table, "APIC", body, sizeof(body));
    CHECK(acpi_madt_read(table.bytes, table.size, &madt, NULL));
    CHECK_EQ(madt.cpu_count, ACPI_MAX_CPUS);
    CHECK_EQ(madt.left_out, 100 - ACPI_MAX_CPUS);
}

static void machine_ioapics(void)
{
    static const uint8_t body[] = {
        0, 0,  0xe0, 0xfe, 0, 0, 0,    0,                 /* local APIC, flags */
        1, 12, 0,    0,    0, 0, 0xc0, 0xfe, 0,  0, 0, 0, /* pin 0 is line 0 */
        1, 12, 1,    0,    0, 0, 0xc1, 0xfe, 24, 0, 0, 0, /* pin 0 is line 24 */
    };
    static struct machine machine;
    struct table table;

    table_build(&table, "APIC", body, sizeof(body));
    malformed_table_read_machine(&table, &machine, NULL);
    CHECK_EQ(machine.interrupts.ioapic_count, 2);
    CHECK_EQ(machine.interrupts.ioapics[0].base, 0xfec00000);
    CHECK_EQ(machine.interrupts.ioapics[1].base, 0xfec10000);
    CHECK_EQ(machine.interrupts.ioapics[1].line_first, 24);
}

/* CPUs that are disabled, described twice, or more than the machine's record holds. */
static void machine_cpus(void)
{
    uint8_t body[8 + ACPI_MAX_CPUS * 8] = {0};
    struct table table;
    static struct machine machine;
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};

    for (unsigned i = 0; i < ACPI_MAX_CPUS; i++)
        memcpy(body + 8 + i * 8, (uint8_t[8]){0, 8, 0, (uint8_t)(i < 10 ? i : i + 1), i != 3}, 8);
    body[8 + 5 * 8 + 3] = 2;
    table_build(&table, "APIC", body, sizeof(body));
    malformed_table_read_machine(&table, &machine, &sink);
    CHECK_EQ(machine.cpu_count, ACPI_MAX_CPUS - 2);
    CHECK(machine.cpus[2].id == 2 && machine.cpus[3].id == 4 && machine.cpus[4].id == 6);
    CHECK_EQ(report.lines, 1);
    report_check(&report, "CPU id 0x2 is described twice", "described twice");

    report = (struct report){0};
    body[8 + 5 * 8 + 3] = 5;
    body[8 + 3 * 8 + 4] = 1;
    machine.cpus[0].id = 0x1000;
    machine.cpu_count = 1;
    table_build(&table, "APIC", body, sizeof(body));
    malformed_table_read_machine(&table, &machine, &sink);
    CHECK_EQ(machine.cpu_count, MACHINE_MAX_CPUS);
    CHECK_EQ(report.lines, 1);
    report_check(&report, "more than 64 CPUs, id 0x40 is left out", "one too many");
}

static void damaged(void)
{
    static const struct malformed_table_damage damages[] = {
        {"length 0", {45, 1, 0}, false, "MADT byte 45: length is 0x0, expected at least 8"},
        {"length 1", {83, 1, 1}, false, "MADT byte 83: length is 0x1, expected at least 2"},
        {"too short for type", {61, 1, 11}, false, "MADT byte 61: length is 0xb"},
        {"beyond the end", {105, 1, 13}, false, "MADT byte 105: length is 0xd"},
        {"a byte left over", {105, 1, 11}, false, "MADT byte 4: length is 0x74"},
        {"unknown type", {44, 1, 0x80}, true, NULL},
    };

    malformed_table_check_damages(&form, damages, ARRAY_LENGTH(damages));
}

static void truncated(void)
{
    malformed_table_check_cuts(&form);
}

static void mutated(void)
{
    malformed_table_check_mutations(&form);
}

static const struct unit units[] = {
    {"structures", structures},     {"full", full},       {"machine_ioapics", machine_ioapics},
    {"machine_cpus", machine_cpus}, {"damaged", damaged}, {"truncated", truncated},
    {"mutated", mutated},
};

int main(void)
{
    return unit_main("madt", units, ARRAY_LENGTH(units));
}
