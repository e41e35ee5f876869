// SPDX-License-Identifier: BSD-2-Clause
/* Machines by ACPI alone, from wherever the root pointer is to host bridges and CPUs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/bytes/bytes.h"
#include "lib/machine/machine.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

#define BASE        0xe0000u /* where a PC BIOS leaves the root pointer */
#define SIZE        0x20000u
#define RSDP        (BASE + 0x40)
#define RSDT        (BASE + 0x100)
#define MCFG        (BASE + 0x200)
#define MADT        (BASE + 0x400)
#define DTB         (BASE + 0x1000)
#define MCFG_HEADER 44

static uint8_t bytes[SIZE];
static char reported[SINK_LINE_MAX];
static unsigned report_count;

static void take_line(void *context, const char *text)
{
    (void)context;
    if (!report_count++)
        snprintf(reported, sizeof(reported), "%s", text);
}

static const void *map(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return address >= BASE && address - BASE <= SIZE && size <= SIZE - (address - BASE)
               ? bytes + (address - BASE)
               : NULL;
}

static void put(uint64_t address, unsigned size, uint64_t value)
{
    memcpy(bytes + (address - BASE), &value, size); /* the host is little-endian, too */
}

static void put_table(uint64_t address, const char *signature, uint32_t length)
{
    uint8_t *table = bytes + (address - BASE);

    memcpy(table, signature, 4);
    put(address + 4, 4, length);
    table[9] = 0;
    table[9] = (uint8_t)-bytes_sum(table, length);
}

/* A root pointer, an MCFG of `hosts` windows and a MADT of two CPUs. */
static void build(unsigned hosts)
{
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes + (RSDP - BASE), "RSD PTR ", 8);
    put(RSDP + 16, 4, RSDT);
    put(RSDP + 8, 1, (uint8_t)-bytes_sum(bytes + (RSDP - BASE), 20));
    put(RSDT + ACPI_HEADER_SIZE, 4, MCFG);
    put(RSDT + ACPI_HEADER_SIZE + 4, 4, MADT);
    put_table(RSDT, "RSDT", ACPI_HEADER_SIZE + 8);
    for (unsigned i = 0; i < hosts; i++) {
        uint64_t window = MCFG + MCFG_HEADER + 16 * i;

        put(window, 8, 0x80000000ull + (i << 28));
        put(window + 8, 2, i);
        put(window + 10, 1, 0x10);
        put(window + 11, 1, 0x1f);
    }
    put_table(MCFG, "MCFG", MCFG_HEADER + 16 * hosts);
    put(MADT + ACPI_HEADER_SIZE, 4, 0xfee00000);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t cpu = MADT + ACPI_HEADER_SIZE + 8 + 8 * i;

        put(cpu + 1, 1, 8);
        put(cpu + 3, 1, i);
        put(cpu + 4, 4, 1);
    }
    put_table(MADT, "APIC", ACPI_HEADER_SIZE + 8 + 16);
}

static const struct machine_case {
    const char *name;
    struct machine_roots roots;
    unsigned hosts;
    uint64_t damaged; /* the address of a byte to add 1 to; 0: none */
    unsigned expected_hosts, expected_cpus, expected_tables;
    const char *report; /* a part of the first; NULL: none */
} cases[] = {
    {"by the loader", {.rsdp = RSDP}, 1, 0, 1, 2, 2, NULL},
    {"found", {.has_bios = true}, 1, 0, 1, 2, 2, NULL},
    {"wrong, found", {.rsdp = RSDP + 4, .has_bios = true}, 1, 0, 1, 2, 2, "byte 0"},
    {"wrong", {.rsdp = RSDP + 4}, 1, 0, 0, 0, 0, "byte 0: signature"},
    {"neither given nor a BIOS", {0}, 1, 0, 0, 0, 0, NULL},
    {"as many hosts as fit", {.rsdp = RSDP}, 8, 0, 8, 2, 2, NULL},
    {"more hosts than fit", {.rsdp = RSDP}, 9, 0, 8, 2, 2, "MCFG: more than 8 host bridges"},
    {"MCFG damaged", {.rsdp = RSDP}, 1, MCFG + 40, 0, 2, 1, "byte 9: checksum"},
    {"MADT damaged", {.rsdp = RSDP}, 1, MADT + 36, 1, 0, 1, "byte 9: checksum"},
    {"RSDT damaged", {.rsdp = RSDP}, 1, RSDT + 36, 0, 0, 0, "byte 9: checksum"},
};

static void machines(void)
{
    static const struct mem_view memory = {.map = map};
    static const struct sink sink = {.line = take_line};
    static struct machine machine;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct machine_case *one = &cases[i];

        build(one->hosts);
        if (one->damaged)
            bytes[one->damaged - BASE]++;
        memset(&machine, 0, sizeof(machine));
        report_count = 0;
        machine_read(&machine, &one->roots, &memory, &sink);
        if (machine.host_count != one->expected_hosts || machine.cpu_count != one->expected_cpus ||
            machine.acpi.table_count != one->expected_tables)
            unit_fail(__FILE__, __LINE__, "%s: %u hosts, %u CPUs, %u tables", one->name,
                      machine.host_count, machine.cpu_count, machine.acpi.table_count);
        if (one->report ? !report_count || !strstr(reported, one->report) : report_count)
            unit_fail(__FILE__, __LINE__, "%s: %u reports, the first \"%s\"", one->name,
                      report_count, report_count ? reported : "");
    }
}

/* MCFG's base is where bus 0 would be; a host's is where its first bus is. */
static void a_host_of_some_buses(void)
{
    static const struct machine_roots roots = {.rsdp = RSDP};
    static const struct mem_view memory = {.map = map};
    static struct machine machine;

    build(2);
    machine_read(&machine, &roots, &memory, NULL);
    CHECK_EQ(machine.host_count, 2);
    CHECK_EQ(machine.hosts[1].segment, 1);
    CHECK_EQ(machine.hosts[1].bus_first, 0x10);
    CHECK_EQ(machine.hosts[1].bus_last, 0x1f);
    CHECK_EQ(machine.hosts[1].ecam, 0x91000000);
}

/* A tree that only passes things on leaves the description to ACPI; one that has a device, not. */
static void tree_beside_acpi(void)
{
    static const struct mem_view memory = {.map = map};
    static const struct machine_roots roots = {.rsdp = RSDP, .dtb = DTB};
    static struct machine machine;

    for (unsigned has_device = 0; has_device < 2; has_device++) {
        static struct tree tree;
        size_t size;
        uint8_t *blob;

        memset(&tree, 0, sizeof(tree));
        tree_begin(&tree, "");
        tree_begin(&tree, "chosen");
        tree_end(&tree);
        tree_begin(&tree, has_device ? "serial@1000" : "memory@1000");
        tree_end(&tree);
        tree_end(&tree);
        blob = tree_finish(&tree, &size);
        build(1);
        memcpy(bytes + (DTB - BASE), blob, size);
        free(blob);
        memset(&machine, 0, sizeof(machine));
        machine_read(&machine, &roots, &memory, NULL);
        CHECK_EQ(machine.host_count, !has_device);
        CHECK_EQ(machine.acpi.table_count, 2);
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"machines", machines},
        {"a_host_of_some_buses", a_host_of_some_buses},
        {"tree_beside_acpi", tree_beside_acpi},
    };

    return unit_main("machine_acpi", units, ARRAY_LENGTH(units));
}
