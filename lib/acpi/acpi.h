/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded readers of ACPI tables (ACPI 6.5 section 5.2; MCFG: the PCI Firmware Specification). A
 * reader takes bytes and their number and gives values; what it cannot accept it names to the sink:
 * table, byte offset, field, value, what was expected. Nothing here interprets AML.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem/view.h"
#include "lib/text/sink.h"

#define ACPI_HEADER_SIZE 36
#define ACPI_TABLE_MAX   0x400000 /* bytes; a longer table is taken for damage */
#define ACPI_MAX_TABLES  64       /* entries of the RSDT or XSDT that are looked at */
#define ACPI_BYTES_MAX   0x800000 /* of all tables together, as their checksums take time */
#define ACPI_MAX_WINDOWS 16
#define ACPI_MAX_CPUS    64
#define ACPI_MAX_IOAPICS 8
#define ACPI_MAX_GIC     8 /* ranges, frames, ITSs */

/* The root pointer's physical addresses; 0: absent. At least one of the two is there. */
struct acpi_rsdp {
    uint8_t revision;
    uint64_t rsdt, xsdt;
};

/*
 * False if the bytes are no RSDP. A revision 2 structure whose extended part is bad counts as one
 * of revision 0, with a report.
 */
bool acpi_rsdp_check(const void *bytes, size_t size, struct acpi_rsdp *out,
                     const struct sink *sink);
/* The candidate at one physical address, of any alignment: what a boot protocol hands over. */
bool acpi_rsdp_at(const struct mem_view *memory, uint64_t address, struct acpi_rsdp *out,
                  const struct sink *sink);
/* The first good one where a PC BIOS puts it; for firmware of that kind only. */
bool acpi_rsdp_scan(const struct mem_view *memory, struct acpi_rsdp *out, const struct sink *sink);

/*
 * Header and checksum of one table. `signature` NULL: any printable one. True: *length is the
 * table's own, at least `minimum` and at most `size`. `label` is what reports call the table.
 */
bool acpi_table_check(const void *bytes, size_t size, const char *signature, uint32_t minimum,
                      const char *label, uint32_t *length, const struct sink *sink);

struct acpi_table {
    char signature[5];
    uint32_t length;
    uint64_t address;
    const uint8_t *bytes;
};

/* Tables whose length and checksum are good, in the firmware's order. */
struct acpi {
    struct acpi_table tables[ACPI_MAX_TABLES];
    unsigned table_count;
};

/*
 * Reads the XSDT, or the RSDT where there is no good XSDT. False: neither is good, no tables. A bad
 * table, and one that is listed twice, is reported and left out; a second one of a signature is
 * reported.
 */
bool acpi_open(struct acpi *out, const struct mem_view *memory, const struct acpi_rsdp *rsdp,
               const struct sink *sink);
/* The first table with these four letters, or NULL. */
const struct acpi_table *acpi_find(const struct acpi *acpi, const char *signature);
/* The one behind `table`, which is in *acpi, with the same letters, or NULL. */
const struct acpi_table *acpi_find_next(const struct acpi *acpi, const struct acpi_table *table);

/* Configuration space of buses bus_first..bus_last; `base` is where bus 0 would be. */
struct acpi_window {
    uint64_t base;
    uint16_t segment;
    uint8_t bus_first, bus_last;
};

struct acpi_mcfg {
    struct acpi_window windows[ACPI_MAX_WINDOWS];
    unsigned window_count;
};

/* False: the table is damaged, *out is empty. An impossible entry is reported and left out. */
bool acpi_mcfg_read(const void *table, size_t size, struct acpi_mcfg *out, const struct sink *sink);

struct acpi_cpu {
    uint64_t id; /* local APIC id; MPIDR affinity */
    bool enabled;
};

struct acpi_ioapic {
    uint32_t address, gsi_base;
};

struct acpi_range {
    uint64_t base, size;
};

/* SPIs spi_first .. spi_first + (spi_count - 1); spi_count 0: the frame itself has them. */
struct acpi_v2m {
    uint64_t base;
    uint16_t spi_first, spi_count;
};

/* A group of IORT names the ITS by its id. */
struct acpi_its {
    uint32_t id;
    uint64_t base;
};

/* Arm's interrupt controller. Redistributors are described as ranges, or else one by one. */
struct acpi_gic {
    uint64_t distributor; /* 0: none */
    uint8_t version;      /* of the distributor: 1 to 4; 0: unspecified */
    uint64_t cpu_interface;
    bool has_ranges;
    struct acpi_range redistributors[ACPI_MAX_GIC];
    struct acpi_v2m v2m[ACPI_MAX_GIC];
    struct acpi_its its[ACPI_MAX_GIC];
    unsigned redistributor_count, v2m_count, its_count;
};

struct acpi_madt {
    struct acpi_cpu cpus[ACPI_MAX_CPUS];
    struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
    struct acpi_gic gic;
    unsigned cpu_count, ioapic_count;
    unsigned left_out; /* structures beyond the size of an array */
};

/* False: the table is damaged, *out is empty. What exceeds an array is reported and left out. */
bool acpi_madt_read(const void *table, size_t size, struct acpi_madt *out, const struct sink *sink);

/*
 * Interface types of SPCR (Microsoft's Debug Port Table 2, table 3) that are a kind of UART here.
 */
enum acpi_uart {
    ACPI_UART_16550 = 0,
    ACPI_UART_16550_SUBSET = 1,
    ACPI_UART_PL011 = 3,
    ACPI_UART_SBSA_32 = 0x0d,
    ACPI_UART_SBSA = 0x0e,
    ACPI_UART_16550_ADDRESS = 0x12, /* registers as the address structure has them */
};

struct acpi_spcr {
    uint8_t interface; /* enum acpi_uart, or another number */
    bool is_port;      /* `address` is in I/O space */
    uint8_t access;    /* bytes at a time: 1, 2, 4 or 8; 0: unspecified */
    uint64_t address;  /* 0: there is no console */
};

/* False: the table is damaged, or its registers are in neither memory nor I/O space. */
bool acpi_spcr_read(const void *table, size_t size, struct acpi_spcr *out, const struct sink *sink);

/* PSCI as FADT's Arm boot flags have it, and the PM timer. */
struct acpi_fadt {
    bool has_psci, psci_by_hvc;
    uint64_t pm_timer; /* its port, or its address in memory; 0: none is described */
    bool pm_timer_is_memory;
};

/* False: the table is damaged. One that ends before the flags has no PSCI. */
bool acpi_fadt_read(const void *table, size_t size, struct acpi_fadt *out, const struct sink *sink);
