/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this directory offer each other, and nobody else: the trap frame, system
 * registers, and the steps of arch_init() and arch_start().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"

/* The virtual timer (Arm BSA, section on PPIs); machines where it is another are not known. */
#define DEADLINE_INTID 27

/* What vectors.S stores; the order is the order in memory. */
struct frame {
    uint64_t x[31], sp;
    uint64_t elr, spsr, esr, far;
    uint64_t kind; /* number of the vector */
    uint64_t padding;
};

#define READ_SYSTEM(name)                                                                          \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : : "memory");                             \
        value_;                                                                                    \
    })
#define WRITE_SYSTEM(name, value)                                                                  \
    __asm__ volatile("msr " name ", %0\n\tisb" : : "rZ"((uint64_t)(value)) : "memory")

static inline uint64_t mmio_read64(const volatile void *address)
{
    uint64_t value;

    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

/* The affinity fields of MPIDR_EL1, as PSCI, the device tree and the GIC name a CPU. */
#define AFFINITY_MASK 0xff00ffffffull

static inline uint64_t cpu_affinity(void)
{
    return READ_SYSTEM("mpidr_el1") & AFFINITY_MASK;
}

/* The kernel's own page tables. */
void mmu_init(void);
void clock_init(void);
void interrupts_init(const struct machine_interrupts *interrupts);

/* The end of the stack that the CPU takes exceptions on. */
void *trap_stack_top(unsigned cpu);

/* A call of semihosting's (Arm's specification, chapter 5); false: nobody listens. */
bool try_semihosting(uint64_t operation, const void *parameter);

/* Called for an interrupt, with interrupts off. */
void interrupt_entry(const struct frame *frame);
/* Reports an exception or the deadline. */
_Noreturn void trap(const struct frame *frame, bool is_deadline);
