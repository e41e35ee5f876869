// SPDX-License-Identifier: BSD-2-Clause
/*
 * What ends a run: an exception or the deadline. Runs on the trap stack (vectors.S) with interrupts
 * off, so that a stack run into its guard page can still be reported. Arm ARM section D17.2.37
 * (ESR).
 */
#include "arch/trap.h"
#include "arch/aarch64/internal.h"
#include "arch/aarch64/layout.h"
#include "arch/backtrace.h"
#include "arch/smp.h"
#include "lib/array/array.h"

#define KIND_INTERRUPT 1
#define KIND_FIQ       2
#define KIND_SERROR    3

#define CLASS(esr)       ((esr) >> 26 & 0x3f)
#define CLASS_DATA_ABORT 0x25
#define FAULT(esr)       (0x3f & (esr))

/* File scope: the CPUs point to their stacks for ever, and the entry knows the first by name. */
extern uint8_t trap_stacks[MACHINE_MAX_CPUS][TRAP_STACK_SIZE];
uint8_t trap_stacks[MACHINE_MAX_CPUS][TRAP_STACK_SIZE] __attribute__((aligned(16)));

static const struct {
    uint8_t class;
    const char *name;
} classes[] = {
    {0x00, "undefined instruction"},
    {0x07, "FPU access trapped"},
    {0x0e, "illegal state"},
    {0x15, "SVC"},
    {0x16, "HVC"},
    {0x17, "SMC"},
    {0x18, "trapped register"},
    {0x20, "instruction abort"},
    {0x21, "instruction abort"},
    {0x22, "misaligned PC"},
    {CLASS_DATA_ABORT, "data abort"},
    {0x26, "misaligned SP"},
    {0x2f, "SError"},
    {0x31, "breakpoint"},
    {0x33, "single step"},
    {0x35, "watchpoint"},
    {0x3c, "BRK"},
};

void *trap_stack_top(unsigned cpu)
{
    return trap_stacks[cpu] + TRAP_STACK_SIZE;
}

static unsigned cpu_of(const struct frame *frame)
{
    return (unsigned)(((uintptr_t)frame - (uintptr_t)trap_stacks) / TRAP_STACK_SIZE);
}

/* The fault status of a data abort, without the table level of those that have one. */
static const char *name_of_abort(uint64_t esr)
{
    static const char *const by_level[] = {"address size fault", "translation fault",
                                           "access flag fault", "permission fault"};
    unsigned fault = FAULT(esr);

    if (fault < 16)
        return by_level[fault >> 2];
    switch (fault) {
    case 0x10:
        return "external abort";
    case 0x21:
        return "alignment fault";
    default:
        return "data abort";
    }
}

static const char *name_of(const struct frame *frame)
{
    unsigned class = CLASS(frame->esr);

    if (frame->kind % 4 == KIND_FIQ)
        return "FIQ";
    if (frame->kind % 4 == KIND_SERROR)
        return "SError";
    if (class == CLASS_DATA_ABORT)
        return smp_is_guard(frame->far) ? "stack overflow" : name_of_abort(frame->esr);
    for (unsigned i = 0; i < ARRAY_LENGTH(classes); i++)
        if (classes[i].class == class)
            return classes[i].name;
    return "exception of an unknown class";
}

void trap(const struct frame *frame, bool is_deadline)
{
    const struct arch_trap info = {
        .name = is_deadline ? "no end within the time limit" : name_of(frame),
        .is_deadline = is_deadline,
        .cpu = cpu_of(frame),
        .ip = frame->elr,
        .sp = frame->sp,
        .fp = frame->x[29],
        .address = is_deadline ? 0 : frame->far,
        .error = is_deadline ? 0 : frame->esr,
        .frame = frame,
    };

    trap_report(&info);
}

/* Labels of try.S. */
extern const uint8_t try_read_end[], try_read_failed[];

/* Whether it hit arch_try_read32() or try_semihosting(), which then return false. */
static bool is_tried(struct frame *frame)
{
    bool is_read =
        frame->elr >= (uintptr_t)arch_try_read32 && frame->elr <= (uintptr_t)try_read_end;

    if (!is_read && frame->elr != (uintptr_t)try_semihosting)
        return false;
    frame->elr = (uintptr_t)try_read_failed;
    return true;
}

void exception_entry(struct frame *frame);
void exception_entry(struct frame *frame)
{
    if (frame->kind % 4 != KIND_INTERRUPT && frame->kind % 4 != KIND_FIQ && is_tried(frame))
        return;
    if (frame->kind % 4 != KIND_INTERRUPT)
        trap(frame, false);
    interrupt_entry(frame);
}

static void print_registers(const struct frame *frame, arch_print_line print)
{
    /* In the order of struct frame. */
    static const char *const names[] = {
        "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",   "x10", "x11",
        "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",  "x22", "x23",
        "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "elr", "spsr", "esr", "far",
    };

    trap_print_registers(names, (const uint64_t *)frame, ARRAY_LENGTH(names), 4, print);
}

void arch_trap_print(const struct arch_trap *info, arch_print_line print)
{
    print_registers(info->frame, print);
    backtrace_print(info->ip, info->fp, 0, print);
}
