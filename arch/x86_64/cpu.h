/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this directory share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"

/* Selectors of the final GDT. */
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TSS  0x18

/* Vectors: 0..31 exceptions, then the 8259 pair, messages, the deadline, the spurious one. */
#define VECTOR_PIC       0x20
#define VECTOR_MSI_FIRST 0x40
#define VECTOR_MSI_LAST  0xdf
#define VECTOR_DEADLINE  0xf0
#define VECTOR_SPURIOUS  0xff

/* What vectors.S pushes; the order is the order in memory. */
struct frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

void segments_init(void);   /* GDT and TSS */
void interrupts_init(void); /* IDT */
void paging_init(void);
void pic_init(void); /* both 8259s remapped, every line masked */
void apic_init(void);
void clock_init(void);

void apic_start_timer(uint64_t ns); /* one shot; 0 stops it */
/* Timer ticks that pass while `wait` waits `ns`. */
uint64_t apic_ticks_during(void (*wait)(uint64_t ns), uint64_t ns);
void apic_end_of_interrupt(void);
uint8_t apic_id(void);
void pic_mask(unsigned line, bool masked);
void pic_end_of_interrupt(unsigned line);
/* Ticks of the APIC timer per second at divide-by-16, measured by clock_init(). */
extern uint64_t apic_timer_rate;

/* Called by vectors.S with interrupts off. */
void interrupt_entry(struct frame *frame);
