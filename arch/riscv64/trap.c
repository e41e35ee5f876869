// SPDX-License-Identifier: BSD-2-Clause
/*
 * What ends a run: an exception or the deadline. Runs on the trap stack (vectors.S) with interrupts
 * off, so that a stack run into its guard page can still be reported. Privileged section 4.1.8
 * (scause).
 */
#include "arch/trap.h"
#include "arch/backtrace.h"
#include "arch/riscv64/internal.h"
#include "arch/riscv64/layout.h"
#include "arch/smp.h"
#include "lib/array/array.h"

#define IS_INTERRUPT(scause) ((scause) >> 63)
#define LOAD_PAGE_FAULT      13
#define STORE_PAGE_FAULT     15

/* The frame pointer points behind its record (psABI, section on the frame pointer convention). */
#define RECORD_OFFSET (-16)

#define X(n) x[-1 + (n)]

/* File scope: the harts point to their stacks for ever, and the entry knows the first by name. */
extern uint8_t trap_stacks[MACHINE_MAX_CPUS][TRAP_STACK_SIZE];
uint8_t trap_stacks[MACHINE_MAX_CPUS][TRAP_STACK_SIZE] __attribute__((aligned(16)));

static const char *const names[] = {
    [0] = "misaligned instruction",
    [1] = "instruction access fault",
    [2] = "illegal instruction",
    [3] = "breakpoint",
    [4] = "misaligned load",
    [5] = "load access fault",
    [6] = "misaligned store",
    [7] = "store access fault",
    [8] = "call from U-mode",
    [9] = "call from S-mode",
    [12] = "instruction page fault",
    [LOAD_PAGE_FAULT] = "load page fault",
    [STORE_PAGE_FAULT] = "store page fault",
};

void *trap_stack_top(unsigned cpu)
{
    return trap_stacks[cpu] + TRAP_STACK_SIZE;
}

static unsigned cpu_of(const struct frame *frame)
{
    return (unsigned)(((uintptr_t)frame - (uintptr_t)trap_stacks) / TRAP_STACK_SIZE);
}

static const char *name_of(const struct frame *frame)
{
    uint64_t cause = frame->scause;

    if ((cause == LOAD_PAGE_FAULT || cause == STORE_PAGE_FAULT) && smp_is_guard(frame->stval))
        return "stack overflow";
    if (cause < ARRAY_LENGTH(names) && names[cause])
        return names[cause];
    return "exception of an unknown cause";
}

void trap(const struct frame *frame, bool is_deadline)
{
    const struct arch_trap info = {
        .name = is_deadline ? "no end within the time limit" : name_of(frame),
        .is_deadline = is_deadline,
        .cpu = cpu_of(frame),
        .ip = frame->sepc,
        .sp = frame->X(2),
        .fp = frame->X(8),
        .address = frame->stval,
        .error = frame->scause,
        .frame = frame,
    };

    trap_report(&info);
}

/* Labels of try.S. */
extern const uint8_t try_read_end[], try_read_failed[];

/* Whether it hit arch_try_read32(), which then returns false. */
static bool is_tried(struct frame *frame)
{
    if (frame->sepc < (uintptr_t)arch_try_read32 || frame->sepc > (uintptr_t)try_read_end)
        return false;
    frame->sepc = (uintptr_t)try_read_failed;
    return true;
}

void trap_entry(struct frame *frame);
void trap_entry(struct frame *frame)
{
    if (!IS_INTERRUPT(frame->scause) && is_tried(frame))
        return;
    if (!IS_INTERRUPT(frame->scause))
        trap(frame, false);
    interrupt_entry(frame, (unsigned)frame->scause);
}

static void print_registers(const struct frame *frame, arch_print_line print)
{
    /* In the order of struct frame. */
    static const char *const registers[] = {
        "ra", "sp",  "gp",  "tp", "t0", "t1", "t2", "fp",   "s1",      "a0",     "a1",    "a2",
        "a3", "a4",  "a5",  "a6", "a7", "s2", "s3", "s4",   "s5",      "s6",     "s7",    "s8",
        "s9", "s10", "s11", "t3", "t4", "t5", "t6", "sepc", "sstatus", "scause", "stval",
    };

    trap_print_registers(registers, (const uint64_t *)frame, ARRAY_LENGTH(registers), 7, print);
}

void arch_trap_print(const struct arch_trap *info, arch_print_line print)
{
    print_registers(info->frame, print);
    backtrace_print(info->ip, info->fp, RECORD_OFFSET, print);
}
