// SPDX-License-Identifier: BSD-2-Clause
/*
 * What ends a run: an exception or the deadline. Runs on the trap stack (segments.c) with
 * interrupts off, so that a stack run into its guard page can still be reported.
 */
#include "arch/trap.h"
#include "arch/backtrace.h"
#include "arch/smp.h"
#include "arch/x86_64/internal.h"
#include "lib/array/array.h"

#define PAGE_FAULT 14

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

    trap_report(&info);
}

static void print_registers(const struct frame *f, arch_print_line print)
{
    static const char *const registers[] = {
        "rip", "rsp", "rbp", "rfl", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
        "r10", "r11", "r12", "r13", "r14", "r15", "vec", "err", "cr2", "cr3", "cs", "ss",
    };
    const uint64_t values[] = {
        f->rip, f->rsp, f->rbp,    f->rflags, f->rax,     f->rbx,     f->rcx, f->rdx,
        f->rsi, f->rdi, f->r8,     f->r9,     f->r10,     f->r11,     f->r12, f->r13,
        f->r14, f->r15, f->vector, f->error,  read_cr2(), read_cr3(), f->cs,  f->ss,
    };

    _Static_assert(ARRAY_LENGTH(registers) == ARRAY_LENGTH(values), "a name for each");
    trap_print_registers(registers, values, ARRAY_LENGTH(values), 3, print);
}

void arch_trap_print(const struct arch_trap *info, arch_print_line print)
{
    print_registers(info->frame, print);
    backtrace_print(info->ip, info->fp, 0, print);
}
