// SPDX-License-Identifier: BSD-2-Clause
/* FADT, as far as it describes PSCI and of the PM timer. */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/malformed_table.h"
#include "tests/unit/fixtures/unit.h"

static const uint8_t good_body[240] = {[93] = 3};

static bool read_fadt(const void *table, size_t size, const struct sink *sink)
{
    struct acpi_fadt fadt;

    return acpi_fadt_read(table, size, &fadt, sink);
}

static const struct malformed_table form = {"FACP", good_body, sizeof(good_body), read_fadt};

/* The flags, how long the table is, and PSCI's conduit. */
static const struct {
    uint8_t flags;
    uint32_t body_size;
    enum machine_psci psci;
} conduits[] = {
    {3, 240, MACHINE_PSCI_HVC},     {1, 240, MACHINE_PSCI_SMC},      {2, 240, MACHINE_NO_PSCI},
    {0, 240, MACHINE_NO_PSCI},      {3, 131 - 36, MACHINE_PSCI_HVC}, {3, 130 - 36, MACHINE_NO_PSCI},
    {3, 116 - 36, MACHINE_NO_PSCI},
};

static void machine_psci(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(conduits); i++) {
        static struct machine machine;
        uint8_t body[240] = {[93] = conduits[i].flags};
        struct table table;

        table_build(&table, "FACP", body, conduits[i].body_size);
        machine.psci = MACHINE_NO_PSCI;
        malformed_table_read_machine(&table, &machine, NULL);
        CHECK_EQ(machine.psci, conduits[i].psci);
    }
}

/* The 32-bit field, the generic address (its space, its address), how long the table is. */
static const struct {
    uint32_t old;
    uint8_t space;
    uint64_t extended;
    uint32_t body_size;
    struct machine_pm_timer timer;
} timers[] = {
    {0, 0, 0, 240, {0, false}},
    {0x608, 0, 0, 240, {0x608, false}},
    {0x608, 0, 0, 116 - 36, {0x608, false}},
    {0x608, 1, 0x408, 240, {0x408, false}},
    {0x608, 1, 0x408, 219 - 36, {0x608, false}},
    {0x608, 1, 0x408, 220 - 36, {0x408, false}},
    {0, 0, 0xfed00000, 240, {0xfed00000, true}},
    {0x608, 2, 0x408, 240, {0x608, false}},
    {0x12345, 0, 0, 240, {0, false}},
};

static void pm_timer(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(timers); i++) {
        static struct machine machine;
        uint8_t body[240] = {0};
        struct table table;

        memcpy(body + 76 - 36, &timers[i].old, 4);
        body[208 - 36] = timers[i].space;
        memcpy(body + 212 - 36, &timers[i].extended, 8);
        table_build(&table, "FACP", body, timers[i].body_size);
        malformed_table_read_machine(&table, &machine, NULL);
        CHECK_EQ(machine.pm_timer.address, timers[i].timer.address);
        CHECK_EQ(machine.pm_timer.is_memory, timers[i].timer.is_memory);
    }
}

static void damaged(void)
{
    static const struct malformed_table_damage damages[] = {
        {"length 115", {4, 4, 115}, false, "FADT byte 4: length is 0x73, expected 0x74"},
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
    {"machine_psci", machine_psci}, {"pm_timer", pm_timer}, {"damaged", damaged},
    {"truncated", truncated},       {"mutated", mutated},
};

int main(void)
{
    return unit_main("fadt", units, ARRAY_LENGTH(units));
}
