/* SPDX-License-Identifier: BSD-2-Clause */
/* A PC's interrupt controllers: the local APIC, I/O APICs, and the 8259 pair. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/machine/machine.h"

/* Commands of apic_send(); a SIPI takes the number of a page below 1 MiB in its low byte. */
#define APIC_INIT 0x4500
#define APIC_SIPI 0x4600
/* The highest id that xAPIC mode and a message can name. */
#define APIC_ID_MAX 254

/* The line of the first 8259 that the second one hangs on. */
#define PIC_CASCADE 2

void apic_init(void);
/* Of the CPU that calls. */
uint32_t apic_id(void);
/*
 * Sends an interprocessor interrupt to the CPU with that id; false when there is no way to name it
 * or the last one is not accepted.
 */
bool apic_send(uint64_t id, uint32_t command);
void apic_end_of_interrupt(void);
void apic_start_timer(uint32_t ticks); /* one shot; 0 stops it */
/* Ticks of the timer that pass in `ns`. */
uint64_t apic_timer_ticks(uint64_t ns);

/* Finds the I/O APICs and masks every pin. */
void ioapic_init(const struct machine_interrupts *interrupts);
/* The line arrives as `vector` at this CPU; false: no I/O APIC has it. */
bool ioapic_route(uint32_t line, bool is_edge, uint8_t vector);
void ioapic_mask(uint32_t line);

void pic_init(void); /* both 8259s remapped, every line masked */
void pic_mask(unsigned line, bool masked);
void pic_end_of_interrupt(unsigned line);
