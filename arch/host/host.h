/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux process as a machine: registers that are functions, memory that is its own. Whoever
 * starts the kernel (tests/refdev/native) lays it out with this before kmain() is called.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/machine/machine.h"

/* Where things are. All of it is below 4 GiB, so that a 32-bit BAR can name it. */
#define HOST_MEMORY        0x20000000ull /* RAM */
#define HOST_UART          0x30000000ull
#define HOST_MESSAGES      0x31000000ull /* where interrupt messages go */
#define HOST_ECAM          0x40000000ull /* configuration space of one bus */
#define HOST_WINDOW        0x50000000ull /* for BARs */
#define HOST_RAM_SIZE      0x0c000000ull
#define HOST_ECAM_SIZE     0x00100000ull
#define HOST_WINDOW_SIZE   0x01000000ull
#define HOST_MESSAGES_SIZE 0x1000ull

/* Registers in [base, base + size). */
struct host_region {
    uint64_t base, size;
    uint64_t (*read)(void *context, uint64_t offset, unsigned width);
    void (*write)(void *context, uint64_t offset, unsigned width, uint64_t value);
    void *context;
};

#define HOST_REGIONS_MAX 8

/*
 * Reserves the addresses and adds the regions that the machine itself has; false: they are taken.
 */
bool host_open(void);
void host_add_region(const struct host_region *region);

/* Called behind every line of the console. */
void host_on_line(void (*function)(void));
/* Called whenever the kernel waits for something. */
void host_on_idle(void (*function)(void *context), void *context);

/*
 * The clock goes on by `ns` each time that it is read, too: the devices run in the thread that waits
 * for them, so that nothing comes of waiting but looks, and a limit need not last.
 */
void host_hasten(uint64_t ns);

/* A device sends the message that arch_msi_claim() gave out; any other is dropped. */
void host_message(uint64_t address, uint32_t data);
/* The level of a line. */
void host_line(uint32_t line, bool is_asserted);
