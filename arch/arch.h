/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a CPU and its interrupt controller must offer: all of it. The rest of the kernel sees no
 * more of them than this file, and a port is a directory arch/<cpu>/ that implements it: what is
 * declared `static inline` here in arch_inline.h, everything else wherever it likes.
 *
 * Memory is mapped at its own address: a pointer to it is its physical address. Only what
 * arch_map() was asked for can be relied on to be there; page 0, whose address is a null pointer,
 * it gives another one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/machine/machine.h"
#include "lib/wait/wait.h"

/* -- registers ------------------------------------------------------------------------------ */

/*
 * Device registers by their width in bits, little-endian, `address` a multiple of the width. Each
 * is one plain load or store of that width, which a hypervisor that traps it can decode. They are
 * not reordered with each other; with accesses to memory only as the barriers below say.
 */
static inline uint8_t mmio_read8(const volatile void *address);
static inline uint16_t mmio_read16(const volatile void *address);
static inline uint32_t mmio_read32(const volatile void *address);
static inline void mmio_write8(volatile void *address, uint8_t value);
static inline void mmio_write16(volatile void *address, uint16_t value);
static inline void mmio_write32(volatile void *address, uint32_t value);
static inline void mmio_write64(volatile void *address, uint64_t value);

/*
 * I/O ports; whether the machine has any is the same for every machine with this CPU. Without them
 * (arch/common/no_ports.h) nothing is written and all ones are read.
 */
static inline bool arch_has_ports(void);
static inline uint8_t port_read8(uint16_t port);
static inline uint16_t port_read16(uint16_t port);
static inline uint32_t port_read32(uint16_t port);
static inline void port_write8(uint16_t port, uint8_t value);
static inline void port_write16(uint16_t port, uint16_t value);
static inline void port_write32(uint16_t port, uint32_t value);

/*
 * Order between accesses to memory that a device reads and writes by itself, and to registers:
 * stores before the barrier are seen before stores after it (wmb), loads are done before loads
 * after it (rmb), everything is done before everything after it (mb).
 */
static inline void dma_wmb(void);
static inline void dma_rmb(void);
static inline void dma_mb(void);

/* In a loop that polls. */
static inline void cpu_relax(void);

/* A counter that never stops and counts at a fixed rate, arch_cycles_per_second(). */
static inline uint64_t arch_cycles(void);

/*
 * Firmware's console, for a machine whose UART is not known; a byte that it can't take is lost.
 * False where there is none (arch/common/no_firmware_console.h).
 */
static inline bool arch_has_firmware_console(void);
static inline void arch_firmware_put(uint8_t byte);

/* -- start and memory ----------------------------------------------------------------------- */

/* What every machine with this CPU has, before any table is read. */
extern const struct machine arch_machine;

/* The kernel's own page tables, and exceptions reported. Once, before anything else here. */
void arch_init(void);
/* The interrupt controller, the clock, the way to start CPUs. Once; *machine must stay. */
void arch_start(const struct machine *machine);

enum arch_memory { ARCH_NORMAL, ARCH_DEVICE };

/*
 * A pointer to the physical range [base, base + size). NULL when size is 0, the range wraps or ends
 * beyond what the CPU can address, or the tables are used up.
 */
void *arch_map(uint64_t base, uint64_t size, enum arch_memory kind);

/*
 * Reads a device register that may not be there, after arch_init(). False: the access ended in an
 * exception, which is no trap then. A PC reads ones where nothing answers.
 */
bool arch_try_read32(const volatile void *address, uint32_t *value);

/* -- exceptions and the deadline ------------------------------------------------------------ */

/* What stopped the kernel: an exception, or the deadline (then is_deadline). */
struct arch_trap {
    const char *name;
    bool is_deadline;
    unsigned cpu; /* that it hit; 0: the one that booted */
    uint64_t ip, sp, fp;
    uint64_t address; /* that the access faulted on, where the exception has one */
    uint64_t error;   /* the CPU's error code or syndrome */
    const void *frame;
};

/* Handler of every exception and of the deadline; it must not return. NULL, or a trap in
 * the handler itself: power off with code 2. */
void arch_on_trap(void (*handler)(const struct arch_trap *trap));

/* One line at a time, without a newline. */
typedef void (*arch_print_line)(const char *line);

/* Registers, then a backtrace (an address a line, innermost first). */
void arch_trap_print(const struct arch_trap *trap, arch_print_line print);

/*
 * Arms the trap `deadline` that many nanoseconds from now, of time in which this CPU runs; 0 disarms
 * it. Only CPU 0 may ask.
 */
void arch_deadline(uint64_t ns);

/* -- interrupts ----------------------------------------------------------------------------- */

typedef void (*arch_irq_handler)(void *context);

struct arch_msi {
    uint64_t address;
    uint32_t data;
};

/*
 * Claims an interrupt for messages of the device that the interrupt controller knows as `device`
 * (struct pci_function's msi_id); false when there is none left or the machine has no such thing.
 */
bool arch_msi_claim(uint32_t device, arch_irq_handler handler, void *context, struct arch_msi *msi);
/*
 * Claims an interrupt line: on a PC 0 to 15 are the 8259s', as PCI's interrupt line register names
 * them, and those from 16 on ACPI's global system interrupts; elsewhere it is an interrupt number
 * of the GIC or PLIC. False if there is no such line, or it is claimed.
 */
bool arch_line_claim(uint32_t line, bool is_edge, arch_irq_handler handler, void *context);
/*
 * Whether a claimed line is up at its controller, and stays so while this CPU takes interrupts: what the
 * machine loses is no device's fault. False, too, where the controller can't be asked.
 */
bool arch_line_is_lost(void);
/* No interrupt, and no deadline, from here on. */
void arch_irq_mask(void);
/* Gives back every claimed vector and line, masked. */
void arch_irq_release_all(void);

/* -- time ----------------------------------------------------------------------------------- */

/* Rate of arch_cycles(), and a name for the counter. */
uint64_t arch_cycles_per_second(void);
const char *arch_clock_name(void);
/*
 * Whether that rate is a guess, as nothing on the machine gives it: no duration can be relied on.
 */
bool arch_clock_is_assumed(void);
uint64_t arch_cycles_to_ns(uint64_t cycles);
/* Nanoseconds since arch_start(). */
uint64_t arch_now_ns(void);
/* Does nothing for so long, of time in which this CPU runs. */
void arch_wait_ns(uint64_t ns);
/*
 * A limit for a loop that polls, of time in which it does (lib/wait/wait.h):
 *
 *     struct wait wait = arch_wait_begin(limit_ns);
 *
 *     while (!is_done() && arch_wait_goes_on(&wait))
 *         ;
 *
 * Behind the end of the limit is_done() is called once more, but for a limit of 0.
 */
static inline struct wait arch_wait_begin(uint64_t limit_ns);
static inline bool arch_wait_goes_on(struct wait *wait);
/*
 * The same for what takes many milliseconds: where the deadline is armed, and its interrupts are
 * known to come, the CPU is left to others for a few of them between two looks.
 */
bool arch_wait_slowly(struct wait *wait);

/* -- CPUs ----------------------------------------------------------------------------------- */

/* CPUs that can run code: 0 is the one that booted, the others are 1 .. count - 1. */
unsigned arch_cpu_count(void);
/* The CPU's id in struct machine_cpu. */
uint64_t arch_cpu_id(unsigned cpu);
/*
 * Starts function(argument) on another CPU, with interrupts off there; only CPU 0 may ask. False:
 * no such CPU, its last call was not waited for, or it does not start, now or before.
 */
bool arch_start_on(unsigned cpu, void (*function)(void *argument), void *argument);
/*
 * Waits for the end of that function. False: it did not come in time, or nothing was started. A CPU
 * that is late is not used again; what it was given to work on is lost to it.
 */
bool arch_wait_for(unsigned cpu, uint64_t limit_ns);
/* One after the other. */
bool arch_run_on(unsigned cpu, void (*function)(void *argument), void *argument, uint64_t limit_ns);

/* -- the end -------------------------------------------------------------------------------- */

/* The name of this CPU's directory. */
extern const char arch_name[];

/*
 * Ends the run with `code` (0 passed, 1 failed, 2 cut short) by whatever the machine has; the
 * caller has printed the verdict. A VMM with isa-debug-exit exits with (code << 1) | 1.
 */
_Noreturn void arch_poweroff(unsigned code);

#include "arch_inline.h"

/* -- the same on every CPU ------------------------------------------------------------------ */

static inline struct wait arch_wait_begin(uint64_t limit_ns)
{
    return wait_from(arch_now_ns(), limit_ns);
}

static inline bool arch_wait_goes_on(struct wait *wait)
{
    cpu_relax();
    return !wait_is_over(wait, arch_now_ns(), WAIT_STEP_NS);
}

/* Accesses by a width of 1, 2 or 4 bytes. */
static inline uint32_t mmio_read(const volatile void *address, unsigned width)
{
    return width == 1   ? mmio_read8(address)
           : width == 2 ? mmio_read16(address)
                        : mmio_read32(address);
}

static inline void mmio_write(volatile void *address, unsigned width, uint32_t value)
{
    if (width == 1)
        mmio_write8(address, (uint8_t)value);
    else if (width == 2)
        mmio_write16(address, (uint16_t)value);
    else
        mmio_write32(address, value);
}

static inline uint32_t port_read(uint16_t port, unsigned width)
{
    return width == 1 ? port_read8(port) : width == 2 ? port_read16(port) : port_read32(port);
}

static inline void port_write(uint16_t port, unsigned width, uint32_t value)
{
    if (width == 1)
        port_write8(port, (uint8_t)value);
    else if (width == 2)
        port_write16(port, (uint16_t)value);
    else
        port_write32(port, value);
}
