/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this directory offer each other, and nobody else: the trap frame, CSRs,
 * and the steps of arch_init() and arch_start(). "Privileged" is the RISC-V Privileged
 * Architecture.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"

/* Interrupts by their numbers in scause, sie and sip (Privileged section 4.1.3). */
#define INTERRUPT_TIMER    5
#define INTERRUPT_EXTERNAL 9

/* What vectors.S stores; the order is the order in memory. */
struct frame {
    uint64_t x[31]; /* x1 .. x31 */
    uint64_t sepc, sstatus, scause, stval;
    uint64_t padding;
};

#define READ_CSR(name)                                                                             \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("csrr %0, " name : "=r"(value_) : : "memory");                            \
        value_;                                                                                    \
    })
#define WRITE_CSR(name, value)                                                                     \
    __asm__ volatile("csrw " name ", %0" : : "rJ"((uint64_t)(value)) : "memory")
#define SET_CSR(name, bits)                                                                        \
    __asm__ volatile("csrs " name ", %0" : : "rJ"((uint64_t)(bits)) : "memory")
#define CLEAR_CSR(name, bits)                                                                      \
    __asm__ volatile("csrc " name ", %0" : : "rJ"((uint64_t)(bits)) : "memory")

/* The id of the calling hart. S-mode has no register for it, so each hart keeps in tp the
 * id it was started with; there is no thread-local storage that would need the register. */
static inline uint64_t cpu_hart(void)
{
    uint64_t hart;

    __asm__("mv %0, tp" : "=r"(hart));
    return hart;
}

/* The kernel's own page tables. */
void mmu_init(void);
void clock_init(uint64_t timer_hz);
/* The interrupt controllers, for the calling hart alone. */
void interrupts_init(const struct machine *machine);

/* The end of the stack that the hart takes traps on. */
void *trap_stack_top(unsigned cpu);

/* Called for an interrupt, with interrupts off. */
void interrupt_entry(const struct frame *frame, unsigned interrupt);
/* Reports an exception or the deadline. */
_Noreturn void trap(const struct frame *frame, bool is_deadline);
