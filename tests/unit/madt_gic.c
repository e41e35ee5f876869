// SPDX-License-Identifier: BSD-2-Clause
/* MADT: the CPUs of an Arm machine and its GIC. */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/malformed_table.h"
#include "tests/unit/fixtures/unit.h"

/* Two CPUs, of which one is not enabled, and everything that describes a GICv3 with an ITS. */
static const uint8_t good_body[8 + 80 + 80 + 24 + 16 + 20 + 24 + 24] = {
    [8] = 11,         [9] = 80,         [20] = 1,                        /* GICC, enabled */
    [8 + 32 + 2] = 1, [8 + 32 + 3] = 8,                                  /* 0x08010000 */
    [8 + 60 + 2] = 1, [8 + 68] = 2,     [8 + 72] = 1,                    /* MPIDR 0x1_0000_0002 */
    [88] = 11,        [89] = 80,        [88 + 68] = 1,                   /* MPIDR 1 */
    [168] = 12,       [169] = 24,       [168 + 11] = 8,  [168 + 20] = 3, /* GICD 0x08000000 */
    [192] = 14,       [193] = 16,       [192 + 6] = 0xa, [192 + 7] = 8,  /* 0x080a0000 */
    [192 + 14] = 4,                                                      /* 0x40000 bytes */
    [208] = 15,       [209] = 20,       [208 + 4] = 7,   [208 + 10] = 8, /* ITS 7 */
    [208 + 11] = 8,                                                      /* 0x08080000 */
    [228] = 13,       [229] = 24,       [228 + 10] = 2,  [228 + 11] = 8, /* 0x08020000 */
    [228 + 16] = 1,   [228 + 20] = 64,  [228 + 22] = 80,                 /* SPIs 80 to 143 */
    [252] = 13,       [253] = 24,       [252 + 10] = 3,  [252 + 11] = 8, /* 0x08030000 */
    [252 + 20] = 64,  [252 + 22] = 80,                                   /* not to be used */
};

static bool read_madt(const void *table, size_t size, const struct sink *sink)
{
    struct acpi_madt madt;
    bool good = acpi_madt_read(table, size, &madt, sink);

    CHECK(madt.cpu_count <= (good ? ACPI_MAX_CPUS : 0));
    CHECK(madt.gic.redistributor_count <= (good ? ACPI_MAX_GIC : 0));
    CHECK(madt.gic.v2m_count <= ACPI_MAX_GIC && madt.gic.its_count <= ACPI_MAX_GIC);
    return good;
}

static const struct malformed_table form = {"APIC", good_body, sizeof(good_body), read_madt};

static void structures(void)
{
    struct table table;
    struct acpi_madt madt;

    table_build(&table, "APIC", good_body, sizeof(good_body));
    CHECK(acpi_madt_read(table.bytes, table.size, &madt, NULL));
    CHECK_EQ(madt.cpu_count, 2);
    CHECK(madt.cpus[0].id == 0x100000002 && madt.cpus[0].enabled);
    CHECK(madt.cpus[1].id == 1 && !madt.cpus[1].enabled);
    CHECK_EQ(madt.gic.distributor, 0x08000000);
    CHECK_EQ(madt.gic.version, 3);
    CHECK_EQ(madt.gic.cpu_interface, 0x08010000);
    /* The range counts, not what the CPUs' structures say. */
    CHECK_EQ(madt.gic.redistributor_count, 1);
    CHECK_EQ(madt.gic.redistributors[0].base, 0x080a0000);
    CHECK_EQ(madt.gic.redistributors[0].size, 0x40000);
    CHECK_EQ(madt.gic.its_count, 1);
    CHECK(madt.gic.its[0].id == 7 && madt.gic.its[0].base == 0x08080000);
    CHECK_EQ(madt.gic.v2m_count, 2);
    CHECK(madt.gic.v2m[0].spi_first == 80 && madt.gic.v2m[0].spi_count == 64);
    CHECK(madt.gic.v2m[1].base == 0x08030000 && madt.gic.v2m[1].spi_count == 0);
}

/* Redistributors that only the CPUs' structures describe: three side by side, one elsewhere. */
static void redistributors_one_by_one(void)
{
    static const uint32_t bases[] = {0x80000, 0xa0000, 0xc0000, 0, 0x200000};
    uint8_t body[8 + 5 * 80] = {0};
    struct table table;
    struct acpi_madt madt;

    for (unsigned i = 0; i < 5; i++) {
        memcpy(body + 8 + i * 80, (uint8_t[2]){11, 80}, 2);
        table_store(body + 8 + i * 80 + 60, 8, bases[i]);
        table_store(body + 8 + i * 80 + 68, 8, i);
    }
    table_build(&table, "APIC", body, sizeof(body));
    CHECK(acpi_madt_read(table.bytes, table.size, &madt, NULL));
    CHECK_EQ(madt.gic.redistributor_count, 2);
    CHECK_EQ(madt.gic.redistributors[0].base, 0x80000);
    CHECK_EQ(madt.gic.redistributors[0].size, 0x60000);
    CHECK_EQ(madt.gic.redistributors[1].base, 0x200000);
}

/* The version where it is specified, else what there is besides the distributor. */
static const struct {
    uint8_t version;
    bool has_range;
    enum machine_controller kind;
} controllers[] = {
    {3, true, MACHINE_GICV3},  {4, true, MACHINE_GICV3},  {0, true, MACHINE_GICV3},
    {0, false, MACHINE_GICV2}, {2, false, MACHINE_GICV2}, {1, true, MACHINE_GICV2},
};

static void machine_controller(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(controllers); i++) {
        static struct machine machine;
        uint8_t body[sizeof(good_body)];
        struct table table;

        memcpy(body, good_body, sizeof(body));
        table_store(body + 8 + 60, 8, 0);
        body[168 + 20] = controllers[i].version;
        body[192] = controllers[i].has_range ? 14 : 0x80;
        memset(&machine, 0, sizeof(machine));
        table_build(&table, "APIC", body, sizeof(body));
        malformed_table_read_machine(&table, &machine, NULL);
        CHECK_EQ(machine.interrupts.kind, controllers[i].kind);
        CHECK_EQ(machine.interrupts.base, 0x08000000);
        CHECK_EQ(machine.interrupts.its[0], 0x08080000);
        CHECK_EQ(machine.interrupts.v2m[0].spi_first, 80);
        CHECK_EQ(machine.cpu_count, 1);
        CHECK_EQ(machine.cpus[0].id, 0x100000002);
    }
}

/* One field of the GIC's structures overwritten: what is said, and how many of each remain. */
static const struct {
    struct table_edit edit;
    unsigned cpus, ranges, its;
    const char *report;
} damages[] = {
    {{45, 1, 40}, 0, 0, 0, "MADT byte 45: length is 0x28, expected at least 76, for MPIDR"},
    {{45, 1, 39}, 0, 0, 0, "MADT byte 45: length is 0x27, expected at least 40 for type 11"},
    {{228, 1, 11}, 0, 0, 0, "MADT byte 229: length is 0x10, expected at least 40 for type 11"},
    {{212, 8, 0}, 2, 1, 1, "MADT byte 212: distributor base is 0x0"},
    {{224, 1, 5}, 2, 1, 1, "MADT byte 224: GIC version is 0x5"},
    {{240, 4, 0}, 2, 1, 1, "MADT byte 240: length of the range is 0x0"},
    {{232, 8, UINT64_MAX - 0x3fffe}, 2, 1, 1, "MADT byte 240: length of the range is 0x40000"},
    {{232, 8, UINT64_MAX - 0x3ffff}, 2, 1, 1, NULL},
    {{244, 1, 0x80}, 2, 1, 0, NULL},
};

static void damaged(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        struct table table;
        struct report report = {0};
        const struct sink sink = {.line = report_line, .context = &report};
        struct acpi_madt madt;

        table_build(&table, "APIC", good_body, sizeof(good_body));
        table_apply(&table, &damages[i].edit, 1);
        table_seal(&table);
        CHECK_EQ(acpi_madt_read(table.bytes, table.size, &madt, &sink), damages[i].cpus != 0);
        CHECK_EQ(madt.cpu_count, damages[i].cpus);
        CHECK_EQ(madt.gic.redistributor_count, damages[i].ranges);
        CHECK_EQ(madt.gic.its_count, damages[i].its);
        report_check(&report, damages[i].report, "GIC");
    }
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
    {"structures", structures},
    {"redistributors_one_by_one", redistributors_one_by_one},
    {"machine_controller", machine_controller},
    {"damaged", damaged},
    {"truncated", truncated},
    {"mutated", mutated},
};

int main(void)
{
    return unit_main("madt_gic", units, ARRAY_LENGTH(units));
}
