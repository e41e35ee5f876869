/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine consists of around its CPUs, whoever describes it: what every machine with this
 * CPU has, ACPI, the device tree. Values only; arch/ and drivers/ make something of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/iort.h"
#include "lib/fdt/fdt.h"
#include "lib/mem/view.h"
#include "lib/text/sink.h"

#define MACHINE_MAX_CPUS    64
#define MACHINE_MAX_RANGES  8 /* of redistributors, v2m frames, ITSs */
#define MACHINE_MAX_HOSTS   8
#define MACHINE_MAX_WINDOWS 8
#define MACHINE_MAX_LINES   128
#define MACHINE_MAX_MSI     8
#define MACHINE_MAX_MMIO    64

enum machine_uart_kind {
    MACHINE_NO_UART,
    MACHINE_UART_16550_PORT, /* base is an I/O port */
    MACHINE_UART_16550,
    MACHINE_UART_PL011,
    MACHINE_UART_SBSA,     /* a PL011 that is set up, and has no registers to set it up by */
    MACHINE_UART_FIRMWARE, /* whatever firmware prints on; no base */
};

struct machine_uart {
    enum machine_uart_kind kind;
    uint64_t base;
    uint8_t shift; /* registers are 1 << shift bytes apart */
    uint8_t width; /* bytes of an access: 1 or 4 */
};

enum machine_controller {
    MACHINE_NO_CONTROLLER,
    MACHINE_APIC,
    MACHINE_GICV2,
    MACHINE_GICV3,
    MACHINE_PLIC,
    MACHINE_APLIC,
    MACHINE_IMSIC, /* nothing but messages */
};

struct machine_range {
    uint64_t base, size;
};

/* A GICv2m frame: SPIs spi_first .. spi_first + spi_count - 1; count 0: ask its type register. */
struct machine_v2m {
    uint64_t base;
    uint32_t spi_first, spi_count;
};

/* An I/O APIC, whose pin 0 is the line line_first. */
struct machine_ioapic {
    uint64_t base;
    uint32_t line_first;
};

/* A PLIC, or an APLIC's interrupt domain of supervisor mode. */
struct machine_wired {
    enum machine_controller kind;
    bool sends_messages; /* to CPUs that have an IMSIC */
    uint64_t base, size; /* size 0: unspecified */
};

/*
 * A machine may have several of them, each for some of its CPUs: a line is the number of the
 * controller, as in wired[], and the interrupt at it.
 */
#define MACHINE_LINE(controller, interrupt) ((uint32_t)(controller) << 16 | (interrupt))
#define MACHINE_LINE_CONTROLLER(line)       ((line) >> 16)
#define MACHINE_LINE_INTERRUPT(line)        ((uint16_t)(line))

struct machine_interrupts {
    enum machine_controller kind;
    /* The device tree's nodes of the GIC, or of each of wired[]. */
    uint32_t nodes[MACHINE_MAX_RANGES];
    struct machine_wired wired[MACHINE_MAX_RANGES];
    unsigned node_count;
    uint64_t base;          /* of the distributor or the first of wired[] */
    uint64_t size;          /* of the same; 0: unspecified */
    uint64_t cpu_interface; /* GICv2 */
    struct machine_range redistributors[MACHINE_MAX_RANGES];
    struct machine_v2m v2m[MACHINE_MAX_RANGES];
    uint64_t its[MACHINE_MAX_RANGES];
    struct machine_ioapic ioapics[MACHINE_MAX_RANGES];
    unsigned redistributor_count, v2m_count, its_count, ioapic_count;
};

struct machine_cpu {
    uint64_t id;      /* local APIC id, MPIDR affinity, hart id */
    uint32_t wired;   /* which of machine_interrupts.wired[] interrupts it */
    uint32_t context; /* of its supervisor mode there, an APLIC's hart index; 0: unspecified */
    uint64_t message_address; /* of its IMSIC's page for supervisor mode; 0: it has none */
    uint32_t message_count;   /* messages 1 .. message_count */
};

/* The conduit of PSCI, which powers off and starts CPUs. SBI has only one. */
enum machine_psci { MACHINE_NO_PSCI, MACHINE_PSCI_HVC, MACHINE_PSCI_SMC };

enum machine_window_kind { MACHINE_WINDOW_IO, MACHINE_WINDOW_32, MACHINE_WINDOW_64 };

/* Addresses that a PCI host bridge passes on: `bus` on PCI is `cpu` for the CPU. */
struct machine_window {
    enum machine_window_kind kind;
    bool is_prefetchable;
    uint64_t bus, cpu, size;
};

/* INTx: pin 1..4 of the function `bdf`, both under the host's masks. */
struct machine_line {
    uint16_t bdf;
    uint8_t pin;
    bool is_edge;
    uint32_t line; /* as arch_line_claim() counts */
};

/* Requester ids rid_first .. rid_first + (count - 1) send messages as id_first and up. */
struct machine_msi {
    uint16_t rid_first;
    uint32_t count, id_first;
};

/*
 * A PCI host bridge with memory-mapped configuration space. Without windows its bus numbers and
 * BARs are firmware's business, and bus addresses are the CPU's; without a map of messages every
 * function sends them under its own requester id.
 */
struct machine_host {
    uint16_t segment;
    uint8_t bus_first, bus_last;
    uint64_t ecam;    /* of bus_first */
    bool is_cam;      /* it is CAM: 256 bytes of each function, not 4096 */
    bool is_unusable; /* there is a host bridge, but no telling where its configuration space is */
    bool is_fixed;    /* its bus numbers and BARs are firmware's business all the same */
    struct machine_window windows[MACHINE_MAX_WINDOWS];
    uint16_t line_mask_bdf;
    uint8_t line_mask_pin;
    struct machine_line lines[MACHINE_MAX_LINES];
    bool has_msi_map; /* whom no msi range has sends no messages */
    uint16_t msi_mask;
    struct machine_msi msi[MACHINE_MAX_MSI];
    unsigned window_count, line_count, msi_count;
};

/* A virtio-mmio register block. */
struct machine_mmio {
    uint64_t base, size;
    uint32_t line; /* 0: unspecified */
    bool is_edge;
    bool is_guess; /* what describes it does not know whether it is there */
};

/* ACPI's PM timer: 3.579545 MHz, 24 bits at least. */
struct machine_pm_timer {
    uint64_t address; /* a port, or in memory; 0: none is described */
    bool is_memory;
};

struct machine {
    struct machine_uart uart;
    struct machine_interrupts interrupts;
    enum machine_psci psci;
    uint64_t timer_hz; /* of the RISC-V time counter; 0: unspecified */
    struct machine_pm_timer pm_timer;
    uint64_t sifive_test; /* base of the register that ends the VM; 0: none */
    uint64_t start_page;  /* below 1 MiB, writable, for an x86 CPU's first instructions; 0: none */
    struct machine_cpu cpus[MACHINE_MAX_CPUS];
    struct machine_host hosts[MACHINE_MAX_HOSTS];
    struct machine_mmio mmio[MACHINE_MAX_MMIO];
    unsigned cpu_count, host_count, mmio_count;
    struct acpi acpi; /* every table that is intact; none: no ACPI */
    struct fdt fdt;   /* bytes NULL: no device tree */
    bool is_by_acpi;  /* its tables describe the machine, not the tree */
};

/* Where firmware left its descriptions; 0: unspecified. */
struct machine_roots {
    uint64_t rsdp, dtb;
    bool has_bios; /* without an RSDP, look where a PC BIOS puts it */
};

/*
 * Adds to *machine (which holds what is known anyway) what firmware describes. Whatever is
 * malformed is named to the sink and left out.
 */
void machine_read(struct machine *machine, const struct machine_roots *roots,
                  const struct mem_view *memory, const struct sink *diagnostics);

/* Adds a CPU; one that is there already, or one too many, is named and left out. */
void machine_add_cpu(struct machine *machine, const struct machine_cpu *cpu,
                     const struct sink *diagnostics);

/*
 * The part of it that ACPI's tables describe: MCFG (hosts), MADT (CPUs, interrupt controllers),
 * SPCR (console), FADT (PSCI).
 */
void machine_read_acpi(struct machine *machine, const struct sink *diagnostics);

/*
 * Adds to the hosts under which ids their functions send messages, if the machine is one that ACPI
 * describes and *iort, which is opened once for its IOMMUs too, has an ITS.
 */
void machine_read_messages(struct machine *machine, const struct iort *iort,
                           const struct sink *diagnostics);

/*
 * The part that the device tree describes: console, interrupt controller, PSCI, timer, CPUs,
 * virtio-mmio blocks, PCI host bridges.
 */
void machine_read_fdt(struct machine *machine, const struct sink *diagnostics);

/*
 * The line that pin 1..4 of the function `bdf`, which must be on a root bus of the host, drives;
 * UINT32_MAX, *is_edge untouched: unspecified.
 */
uint32_t machine_host_line(const struct machine_host *host, uint16_t bdf, uint8_t pin,
                           bool *is_edge);
/* Has pin p of each device d drive the line first + (d + p - 1) % 4, by level. */
void machine_host_set_lines(struct machine_host *host, uint32_t first);
/* Under which id the interrupt controller knows messages of a requester; UINT32_MAX: not at all. */
uint32_t machine_host_msi(const struct machine_host *host, uint16_t rid);
