// SPDX-License-Identifier: BSD-2-Clause
/* GDT, TSS and IDT: AMD64 Architecture Programmer's Manual volume 2, chapters 4, 8 and 12. */
#include <string.h>

#include "arch/x86_64/cpu.h"

#define TRAP_STACK_SIZE 16384
#define GATE_INTERRUPT  0x8e /* present, ring 0, 64-bit interrupt gate */

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const char vector_stubs[];

static struct tss tss;
static struct gate idt[256];
static uint64_t gdt[5];
/* Exceptions get a stack of their own: the one that faulted may have run into its guard page. */
static uint8_t trap_stack[TRAP_STACK_SIZE] __attribute__((aligned(16)));

void segments_init(void)
{
    uint64_t base = (uintptr_t)&tss;
    const struct table_pointer pointer = {sizeof(gdt) - 1, (uintptr_t)gdt};

    tss.ist[0] = (uintptr_t)trap_stack + sizeof(trap_stack);
    tss.io_map = sizeof(tss);
    gdt[1] = 0x00af9b000000ffff;
    gdt[2] = 0x00cf93000000ffff;
    gdt[3] =
        (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[4] = base >> 32;
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %2, %%eax\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movl %%eax, %%ss\n\t"
                     "ltr %w3"
                     :
                     : "m"(pointer), "i"(SELECTOR_CODE), "i"(SELECTOR_DATA), "r"(SELECTOR_TSS)
                     : "rax", "memory");
}

void interrupts_init(void)
{
    const struct table_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    for (unsigned vector = 0; vector < 256; vector++) {
        uint64_t stub = (uintptr_t)vector_stubs + vector * 16;

        idt[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_CODE,
            .ist = vector < VECTOR_PIC || vector == VECTOR_DEADLINE,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}
