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
#define EXCEPTIONS       0x20
#define VECTOR_PIC       0x20
#define VECTOR_MSI_FIRST 0x40
#define VECTOR_MSI_LAST  0xef
#define VECTOR_DEADLINE  0xf0
#define VECTOR_SPURIOUS  0xff

/* Commands of apic_send(); a SIPI takes the number of a page below 1 MiB in its low byte. */
#define APIC_INIT 0x4500
#define APIC_SIPI 0x4600
/* The highest id that xAPIC mode and a message can name. */
#define APIC_ID_MAX 254

/* The line of the first 8259 that the second one hangs on. */
#define PIC_CASCADE 2

/* What vectors.S pushes; the order is the order in memory. */
struct frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Subleaf 0 of a CPUID leaf: EAX, EBX, ECX, EDX. */
static inline void read_cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(0));
}

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

void segments_init(unsigned cpu); /* GDT and TSS, of the CPU that calls */
/* The CPU whose trap stack holds the frame. */
unsigned segments_cpu(const struct frame *frame);
void interrupts_init(void); /* IDT */
void interrupts_load(void); /* the same IDT on another CPU */
void paging_init(void);
void pic_init(void); /* both 8259s remapped, every line masked */
void apic_init(void);
void clock_init(void);

void apic_start_timer(uint32_t ticks); /* one shot; 0 stops it */
/* Ticks of the timer that pass in `ns`. */
uint64_t apic_timer_ticks(uint64_t ns);
void apic_end_of_interrupt(void);
/* Of the CPU that calls. */
uint32_t apic_id(void);
/*
 * Sends an interprocessor interrupt to the CPU with that id; false when there is no way to name it
 * or the last one is not accepted.
 */
bool apic_send(uint64_t id, uint32_t command);
/* The page below 1 MiB, writable, from which CPUs start; 0: there is none. */
void startup_init(uint64_t page);
void pic_mask(unsigned line, bool masked);
void pic_end_of_interrupt(unsigned line);

/* Whether the deadline is over; else the timer runs on towards it, if there is one. */
bool deadline_is_over(void);

/* Called by vectors.S with interrupts off. */
void interrupt_entry(struct frame *frame);
/* Reports an exception or the deadline. */
_Noreturn void trap(const struct frame *frame);
