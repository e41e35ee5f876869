/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts that machine_read_fdt() is made of, and what they ask each other. */
#pragma once

#include "lib/machine/machine.h"

/* The interrupt controller with what sends messages to it. */
void machine_read_fdt_controller(struct machine *machine, const struct sink *diagnostics);
/* PLICs, APLICs and IMSICs. False: there are none that can be driven; they are named then. */
bool machine_read_fdt_riscv(struct machine *machine, const struct sink *diagnostics);
/*
 * What interrupts the supervisor mode of the CPU `node`: fills everything but its id. False:
 * nothing does.
 */
bool machine_fdt_context(const struct machine *machine, uint32_t node, struct machine_cpu *cpu);
/* PCI host bridges. */
void machine_read_fdt_hosts(struct machine *machine, const struct sink *diagnostics);

/*
 * Whether that node is the GIC, or one of wired[], and which one; in a tree without either any
 * controller will do, as nothing interrupts.
 */
bool machine_fdt_is_driven(const struct machine *machine, uint32_t controller, unsigned *index);
/*
 * An interrupt of the controller `parent`, of `cells` cells at `index` as the GIC (3: type, number,
 * flags; 4: something more), the PLIC and the APLIC (1: number; 2: flags, too) have them; the line is as arch_line_claim() counts.
 * False: it is neither, or of another controller, or of numbers that no such controller has.
 */
bool machine_fdt_interrupt(const struct machine *machine, uint32_t parent,
                           const struct fdt_property *property, uint32_t index, uint32_t cells,
                           uint32_t *line, bool *is_edge);
/* The first interrupt of a node, by interrupts-extended or interrupts. False: there is none. */
bool machine_fdt_first_interrupt(const struct machine *machine, uint32_t node, uint32_t *line,
                                 bool *is_edge);
