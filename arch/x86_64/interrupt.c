// SPDX-License-Identifier: BSD-2-Clause
/* Exceptions, the deadline and claimed vectors. */
#include <stdio.h>

#include "arch/x86_64/cpu.h"

#define BACKTRACE_MAX 24
#define FLAG_IF       (1ull << 9)
#define EXCEPTIONS    32
#define PAGE_FAULT    14

/* More interrupts than this and a line is masked: a level that no handler takes away leaves no time
 * for anything else, the deadline included. */
#define LINE_LIMIT 100000

struct claim {
    arch_irq_handler handler;
    void *context;
    unsigned count;
};

/* Interrupts have no parameter to bring their state along. */
static struct claim msi_claims[VECTOR_MSI_LAST - VECTOR_MSI_FIRST + 1];
static struct claim line_claims[16];
static unsigned msi_used;
static void (*trap_handler)(const struct arch_trap *trap);

extern const char kernel_begin[], text_end[], stack_bottom[], stack_top[];

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
    uint64_t address;

    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    return address;
}

static void trap(struct frame *frame)
{
    bool is_deadline = frame->vector == VECTOR_DEADLINE;
    const char *name = frame->vector < EXCEPTIONS ? names[frame->vector] : NULL;
    const struct arch_trap info = {
        .name = is_deadline ? "no end within the time limit"
                : name      ? name
                            : "exception",
        .is_deadline = is_deadline,
        .ip = frame->rip,
        .sp = frame->rsp,
        .fp = frame->rbp,
        .address = frame->vector == PAGE_FAULT ? read_cr2() : 0,
        .error = frame->error,
        .frame = frame,
    };

    if (trap_handler)
        trap_handler(&info);
    arch_poweroff(2);
}

void interrupt_entry(struct frame *frame)
{
    uint64_t vector = frame->vector;

    if (vector < EXCEPTIONS || vector == VECTOR_DEADLINE) {
        trap(frame);
    } else if (vector < VECTOR_PIC + 16) {
        struct claim *claim = &line_claims[vector - VECTOR_PIC];

        if (claim->handler)
            claim->handler(claim->context);
        if (++claim->count == LINE_LIMIT)
            pic_mask((unsigned)vector - VECTOR_PIC, true);
        pic_end_of_interrupt((unsigned)vector - VECTOR_PIC);
    } else if (vector >= VECTOR_MSI_FIRST && vector <= VECTOR_MSI_LAST) {
        const struct claim *claim = &msi_claims[vector - VECTOR_MSI_FIRST];

        if (claim->handler)
            claim->handler(claim->context);
        apic_end_of_interrupt();
    }
}

bool arch_msi_claim(arch_irq_handler handler, void *context, struct arch_msi *msi)
{
    if (msi_used == sizeof(msi_claims) / sizeof(msi_claims[0]))
        return false;
    msi_claims[msi_used] = (struct claim){.handler = handler, .context = context};
    msi->address = 0xfee00000u | (uint32_t)apic_id() << 12;
    msi->data = VECTOR_MSI_FIRST + msi_used++;
    return true;
}

bool arch_line_claim(unsigned line, arch_irq_handler handler, void *context)
{
    if (line >= 16 || line_claims[line].handler)
        return false;
    line_claims[line] = (struct claim){.handler = handler, .context = context};
    pic_mask(line, false);
    return true;
}

void arch_irq_mask(void)
{
    __asm__ volatile("cli");
}

void arch_irq_release_all(void)
{
    for (unsigned line = 0; line < 16; line++) {
        if (line_claims[line].handler)
            pic_mask(line, true);
        line_claims[line] = (struct claim){0};
    }
    for (unsigned i = 0; i < msi_used; i++)
        msi_claims[i] = (struct claim){0};
    msi_used = 0;
}

static void print_registers(const struct frame *f, arch_print_line print)
{
    static const struct {
        const char *names[4];
        unsigned char offset[4]; /* in words of the frame */
    } rows[] = {
        {{"rip", "rsp", "rbp", "rfl"}, {17, 20, 8, 19}},
        {{"rax", "rbx", "rcx", "rdx"}, {14, 13, 12, 11}},
        {{"rsi", "rdi", "r8 ", "r9 "}, {10, 9, 7, 6}},
        {{"r10", "r11", "r12", "r13"}, {5, 4, 3, 2}},
        {{"r14", "r15", "vec", "err"}, {1, 0, 15, 16}},
    };
    const uint64_t *words = (const uint64_t *)f;
    char line[120];

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int at = 0;

        for (unsigned j = 0; j < 4; j++)
            at += snprintf(line + at, sizeof(line) - (size_t)at, "%s %016llx  ", rows[i].names[j],
                           (unsigned long long)words[rows[i].offset[j]]);
        print(line);
    }
}

static bool on_stack(uint64_t address)
{
    return address >= (uintptr_t)stack_bottom && address <= (uintptr_t)stack_top - 16 &&
           !(address & 7);
}

void arch_trap_print(const struct arch_trap *info, arch_print_line print)
{
    uint64_t fp = info->fp;
    char line[80];

    print_registers(info->frame, print);
    snprintf(line, sizeof(line), "cr2 %016llx", (unsigned long long)read_cr2());
    print(line);
    snprintf(line, sizeof(line), "at   0x%llx", (unsigned long long)info->ip);
    print(line);
    for (unsigned i = 0; i < BACKTRACE_MAX && on_stack(fp); i++) {
        const uint64_t *link = (const uint64_t *)fp;

        if (link[1] < (uintptr_t)kernel_begin || link[1] >= (uintptr_t)text_end)
            break;
        snprintf(line, sizeof(line), "from 0x%llx", (unsigned long long)link[1]);
        print(line);
        if (link[0] <= fp)
            break;
        fp = link[0];
    }
}
