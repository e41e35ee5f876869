/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this directory offer each other, and nobody else: the trap frame, vectors,
 * CPUID and MSRs, and the steps of arch_init() and arch_start(). Interrupt controllers: apic.h.
 */
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
void clock_init(void);

/* The page below 1 MiB, writable, from which CPUs start; 0: there is none. */
void startup_init(uint64_t page);

/* Called by vectors.S with interrupts off. */
void interrupt_entry(struct frame *frame);
/* Reports an exception or the deadline. */
_Noreturn void trap(const struct frame *frame);
