// SPDX-License-Identifier: BSD-2-Clause
/* GDT, TSS and IDT: AMD64 Architecture Programmer's Manual volume 2, chapters 4, 8 and 12. */
#include <string.h>

#include "arch/x86_64/internal.h"

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

/* Exceptions get a stack of their own: the one that faulted may have run into its guard page. */
struct segments {
    uint8_t trap_stack[TRAP_STACK_SIZE];
    uint64_t gdt[5];
    struct tss tss;
} __attribute__((aligned(16)));

/* The CPU points to them for ever. */
static struct segments all[MACHINE_MAX_CPUS];
static struct gate idt[256];

void segments_init(unsigned cpu)
{
    struct segments *own = &all[cpu];
    uint64_t base = (uintptr_t)&own->tss;
    const struct table_pointer pointer = {sizeof(own->gdt) - 1, (uintptr_t)own->gdt};

    own->tss.ist[0] = (uintptr_t)own->trap_stack + sizeof(own->trap_stack);
    own->tss.io_map = sizeof(own->tss);
    own->gdt[1] = 0x00af9b000000ffff;
    own->gdt[2] = 0x00cf93000000ffff;
    own->gdt[3] = (sizeof(own->tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
                  (base >> 24 & 0xff) << 56;
    own->gdt[4] = base >> 32;
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

unsigned segments_cpu(const struct frame *frame)
{
    return (unsigned)(((uintptr_t)frame - (uintptr_t)all) / sizeof(all[0]));
}

void interrupts_load(void)
{
    const struct table_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void interrupts_init(void)
{
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
    interrupts_load();
}
