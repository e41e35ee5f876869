// SPDX-License-Identifier: BSD-2-Clause
/*
 * What ends a run: an exception or the deadline. Runs on the trap stack (segments.c) with
 * interrupts off, so that a stack run into its guard page can still be reported.
 */
#include <stdio.h>

#include "arch/backtrace.h"
#include "arch/smp.h"
#include "arch/x86_64/internal.h"
#include "lib/array/array.h"

#define PAGE_FAULT 14

/* A trap has no parameter to bring its state along. */
static void (*trap_handler)(const struct arch_trap *trap);

static const char *const names[EXCEPTIONS] = {
    "divide error",
    "debug exception",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "no FPU",
    "double fault",
    "exception 9",
    "invalid TSS",
    "segment not present",
    "stack segment fault",
    "general protection fault",
    "page fault",
    "exception 15",
    "x87 error",
    "alignment check",
    "machine check",
    "SIMD error",
    "virtualization exception",
    "control protection exception",
};

void arch_on_trap(void (*handler)(const struct arch_trap *trap))
{
    trap_handler = handler;
}

static uint64_t read_cr2(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static uint64_t read_cr3(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static const char *name_of(const struct frame *frame, uint64_t address)
{
    if (frame->vector == VECTOR_DEADLINE)
        return "no end within the time limit";
    if (frame->vector == PAGE_FAULT && smp_is_guard(address))
        return "stack overflow";
    return names[frame->vector] ? names[frame->vector] : "reserved exception";
}

void trap(const struct frame *frame)
{
    uint64_t address = frame->vector == PAGE_FAULT ? read_cr2() : 0;
    const struct arch_trap info = {
        .name = name_of(frame, address),
        .is_deadline = frame->vector == VECTOR_DEADLINE,
        .cpu = segments_cpu(frame),
        .ip = frame->rip,
        .sp = frame->rsp,
        .fp = frame->rbp,
        .address = address,
        .error = frame->error,
        .frame = frame,
    };

    /* A handler that traps gets no second chance, or it would never end. */
    if (smp_claim_trap(info.cpu) && trap_handler)
        trap_handler(&info);
    arch_poweroff(2);
}

static void print_registers(const struct frame *f, arch_print_line print)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        {"rip", f->rip},     {"rsp", f->rsp},     {"rbp", f->rbp},    {"rfl", f->rflags},
        {"rax", f->rax},     {"rbx", f->rbx},     {"rcx", f->rcx},    {"rdx", f->rdx},
        {"rsi", f->rsi},     {"rdi", f->rdi},     {"r8 ", f->r8},     {"r9 ", f->r9},
        {"r10", f->r10},     {"r11", f->r11},     {"r12", f->r12},    {"r13", f->r13},
        {"r14", f->r14},     {"r15", f->r15},     {"vec", f->vector}, {"err", f->error},
        {"cr2", read_cr2()}, {"cr3", read_cr3()}, {"cs ", f->cs},     {"ss ", f->ss},
    };
    char line[4 * 24];

    for (unsigned i = 0; i < ARRAY_LENGTH(registers); i += 4) {
        int at = 0;

        for (unsigned j = i; j < i + 4; j++)
            at += snprintf(line + at, sizeof(line) - (size_t)at, "%s%s %016llx", j > i ? "  " : "",
                           registers[j].name, (unsigned long long)registers[j].value);
        print(line);
    }
}

void arch_trap_print(const struct arch_trap *info, arch_print_line print)
{
    print_registers(info->frame, print);
    backtrace_print(info->ip, info->fp, 0, print);
}
