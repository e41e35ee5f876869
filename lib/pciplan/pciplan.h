/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the functions of a PCI host bridge go when no firmware has said so: the addresses of their
 * BARs (PCI Local Bus 3.0 section 6.2.5.1) and what each bridge passes down (PCI-to-PCI Bridge 1.2
 * chapter 3). Values only: who reads and writes registers is drivers/pci. All addresses are those
 * of the bus.
 *
 * What firmware assigned is kept where it makes sense: aligned, inside what reaches it, and without
 * overlap. A bridge window is kept with the first BAR kept inside it, and is fixed then.
 *
 * Low and high: a 64-bit prefetchable BAR goes to the highest window of the host that every bridge
 * above it can pass on, then lower. Any other memory BAR behind a bridge is below 4 GiB, because
 * the window for what is not prefetchable does; on the root bus a 64-bit BAR may go higher once it
 * is full below. Nothing is put at address 0, which in a BAR means that it has no address.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/machine/machine.h"

#define PCIPLAN_MAX_FUNCTIONS 256
#define PCIPLAN_BARS          6
#define PCIPLAN_ROOT          UINT32_MAX
#define PCIPLAN_MAX_ITEMS     (PCIPLAN_MAX_FUNCTIONS * (PCIPLAN_BARS + 3))

/* What a bridge passes down, each through a window of its own. */
enum pciplan_kind { PCIPLAN_IO, PCIPLAN_MEMORY, PCIPLAN_PREFETCHABLE, PCIPLAN_KINDS };

/* OPEN: not decided yet; REFUSED: there is no room. */
enum pciplan_state { PCIPLAN_OPEN, PCIPLAN_KEPT, PCIPLAN_PLACED, PCIPLAN_REFUSED };

struct pciplan_bar {
    uint64_t base; /* in: as found, 0: none; out: as assigned, 0: none */
    uint64_t size; /* a power of two; 0: there is no such BAR */
    bool is_io, is_64bit, is_prefetchable;
    enum pciplan_state state; /* out */
};

/* [base, base + size); size 0: closed. As for a BAR: in as found, out as assigned. */
struct pciplan_window {
    uint64_t base, size;
    uint64_t last;  /* in: the highest address that its registers can hold; 0: it has none */
    uint64_t align; /* out */
    enum pciplan_state state;
};

struct pciplan_function {
    uint32_t parent; /* index of the bridge above it, lower than its own; PCIPLAN_ROOT: none */
    struct pciplan_bar bars[PCIPLAN_BARS];
    struct pciplan_window windows[PCIPLAN_KINDS]; /* of a bridge, then bars[2..] are not used */
};

/* Something to be placed: BAR `slot`, or window `slot - PCIPLAN_BARS`, of a function. */
struct pciplan_item {
    uint32_t function;
    uint8_t slot;
    enum pciplan_kind kind;
    uint64_t size, align;
    uint64_t last; /* the highest address that it may reach */
};

struct pciplan_span {
    uint64_t first, last; /* inclusive */
};

struct pciplan {
    /* In: what the host passes on. */
    struct machine_window host[MACHINE_MAX_WINDOWS];
    unsigned host_count;
    /* In and out. */
    struct pciplan_function functions[PCIPLAN_MAX_FUNCTIONS];
    unsigned function_count;
    /* Of the bus that is looked at: what is to be placed, and what has a place, by address. */
    struct pciplan_item items[PCIPLAN_MAX_ITEMS];
    struct pciplan_span taken[PCIPLAN_MAX_ITEMS + 1];
    unsigned item_count, taken_count;
};

/* Decides every BAR and every window of a bridge; returns the number of BARs that found no room. */
unsigned pciplan_assign(struct pciplan *plan);

/* Bus numbers, one bit each. */
struct pciplan_buses {
    uint64_t bits[4];
};

/* Adds first..last (inclusive, at most 255); adds others; whether one of them is there. */
void pciplan_buses_add(struct pciplan_buses *buses, unsigned first, unsigned last);
void pciplan_buses_join(struct pciplan_buses *buses, const struct pciplan_buses *others);
bool pciplan_buses_any(const struct pciplan_buses *buses, unsigned first, unsigned last);
/*
 * The lowest number in first..last that is not in `buses`, and the highest up to which none is:
 * what a bridge and everything below it may use. False when there is none.
 */
bool pciplan_buses_free(const struct pciplan_buses *buses, unsigned first, unsigned last,
                        uint8_t *free_first, uint8_t *free_last);
