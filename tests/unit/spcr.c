// SPDX-License-Identifier: BSD-2-Clause
/* SPCR: the console. */
#include "lib/acpi/acpi.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/malformed_table.h"
#include "tests/unit/fixtures/unit.h"

/* As QEMU's virt machine for Arm has it, revision 2. */
static const uint8_t good_body[44] = {
    [0] = 3, [5] = 8, [7] = 3, [11] = 9, [16] = 8, [18] = 33, [22] = 3,
};

static bool read_spcr(const void *table, size_t size, const struct sink *sink)
{
    struct acpi_spcr spcr;

    return acpi_spcr_read(table, size, &spcr, sink);
}

static const struct malformed_table form = {"SPCR", good_body, sizeof(good_body), read_spcr};

/* Byte and value that differ from the good table, and the console that comes of it. */
static const struct {
    unsigned offset;
    uint8_t value;
    struct machine_uart uart;
    const char *report;
} consoles[] = {
    {36, 3, {MACHINE_UART_PL011, 0x9000000, 2, 4}, NULL},
    {36, 0x0e, {MACHINE_UART_PL011, 0x9000000, 2, 4}, NULL},
    {36, 0x12, {MACHINE_UART_16550, 0x9000000, 2, 4}, NULL},
    {36, 2, {0}, "SPCR byte 36: interface is 0x2"},
    {40, 1, {0}, "SPCR byte 36: interface is 0x3"},
    {40, 10, {0}, "SPCR byte 40: address space is 0xa"},
    {43, 1, {MACHINE_UART_PL011, 0x9000000, 0, 1}, NULL},
    {43, 5, {MACHINE_UART_PL011, 0x9000000, 0, 1}, "SPCR byte 43: access size is 0x5"},
    {47, 0, {0}, NULL},
};

static void machine_console(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(consoles); i++) {
        static struct machine machine;
        struct table table;
        struct report report = {0};
        const struct sink sink = {.line = report_line, .context = &report};

        table_build(&table, "SPCR", good_body, sizeof(good_body));
        table_put(&table, consoles[i].offset, 1, consoles[i].value);
        table_seal(&table);
        machine.uart = (struct machine_uart){0};
        malformed_table_read_machine(&table, &machine, &sink);
        CHECK_EQ(machine.uart.kind, consoles[i].uart.kind);
        CHECK_EQ(machine.uart.base, consoles[i].uart.base);
        CHECK_EQ(machine.uart.shift, consoles[i].uart.shift);
        CHECK_EQ(machine.uart.width, consoles[i].uart.width);
        report_check(&report, consoles[i].report, "console");
    }
}

static void damaged(void)
{
    static const struct malformed_table_damage damages[] = {
        {"length 79", {4, 4, 79}, false, "SPCR byte 4: length is 0x4f, expected 0x50"},
        {"PCI configuration space", {40, 1, 2}, false, "SPCR byte 40: address space is 0x2"},
        {"access size 5", {43, 1, 5}, true, "SPCR byte 43: access size is 0x5"},
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
    {"machine_console", machine_console},
    {"damaged", damaged},
    {"truncated", truncated},
    {"mutated", mutated},
};

int main(void)
{
    return unit_main("spcr", units, ARRAY_LENGTH(units));
}
