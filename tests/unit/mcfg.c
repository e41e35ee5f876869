// SPDX-License-Identifier: BSD-2-Clause
/* MCFG: where configuration space is. */
#include "lib/acpi/acpi.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/malformed_table.h"
#include "tests/unit/fixtures/unit.h"

static const uint8_t good_body[8 + 2 * 16] = {
    [8 + 3] = 0xb0,  [8 + 11] = 0xff,                   /* 0xb0000000, segment 0, buses 0-0xff */
    [24 + 4] = 0x40, [24 + 8] = 1,    [24 + 11] = 0x7f, /* 0x4000000000, segment 1, 0-0x7f */
};

static bool read_mcfg(const void *table, size_t size, const struct sink *sink)
{
    struct acpi_mcfg mcfg;
    bool good = acpi_mcfg_read(table, size, &mcfg, sink);

    CHECK(mcfg.window_count <= (good ? ACPI_MAX_WINDOWS : 0));
    for (unsigned i = 0; i < mcfg.window_count; i++) {
        const struct acpi_window *window = &mcfg.windows[i];
        CHECK(window->bus_first <= window->bus_last && window->base % 0x100000 == 0);
        CHECK(window->base + (((uint64_t)window->bus_last + 1) << 20) - 1 > window->base);
    }
    return good;
}

static const struct malformed_table form = {"MCFG", good_body, sizeof(good_body), read_mcfg};

static void windows(void)
{
    struct table table;
    struct acpi_mcfg mcfg;

    table_build(&table, "MCFG", good_body, sizeof(good_body));
    CHECK(acpi_mcfg_read(table.bytes, table.size, &mcfg, NULL));
    CHECK_EQ(mcfg.window_count, 2);
    CHECK_EQ(mcfg.windows[0].base, 0xb0000000);
    CHECK_EQ(mcfg.windows[0].bus_last, 0xff);
    CHECK_EQ(mcfg.windows[1].base, 0x4000000000);
    CHECK_EQ(mcfg.windows[1].segment, 1);
}

static void full(void)
{
    uint8_t body[8 + (ACPI_MAX_WINDOWS + 4) * 16] = {0};
    struct table table;
    struct acpi_mcfg mcfg;

    for (unsigned i = 0; i < ACPI_MAX_WINDOWS + 4; i++)
        table_store(body + 8 + i * 16 + 8, 2, i);
    table_build(&table, "MCFG", body, sizeof(body));
    CHECK(acpi_mcfg_read(table.bytes, table.size, &mcfg, NULL));
    CHECK_EQ(mcfg.window_count, ACPI_MAX_WINDOWS);
    CHECK_EQ(mcfg.windows[ACPI_MAX_WINDOWS - 1].segment, ACPI_MAX_WINDOWS - 1);
}

static void damaged(void)
{
    static const struct malformed_table_damage damages[] = {
        {"length 43", {4, 4, 43}, false, "MCFG byte 4: length is 0x2b, expected 0x2c"},
        {"length not whole", {4, 4, 60 + 15}, false, "MCFG byte 4: length is 0x4b, expected 44"},
        {"later buses", {54, 1, 0x80}, true, NULL},
        {"inverted buses", {70, 1, 0x80}, true, "MCFG byte 71: last bus is 0x7f"},
        {"unaligned", {44, 8, 0xb0080000}, true, "MCFG byte 44: base is 0xb0080000"},
        {"wraps", {44, 8, 0xfffffffff0100000}, true, "MCFG byte 44: base is 0xfffffffff0100000"},
        {"ends at 2^64", {44, 8, 0xfffffffff0000000}, true, NULL},
        {"overlap", {68, 2, 0}, true, "MCFG byte 70: first bus is 0x0"},
        {"another signature", {0, 1, 'X'}, false, "MCFG byte 0: signature is 0x47464358"},
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
    {"windows", windows},     {"full", full},       {"damaged", damaged},
    {"truncated", truncated}, {"mutated", mutated},
};

int main(void)
{
    return unit_main("mcfg", units, ARRAY_LENGTH(units));
}
