// SPDX-License-Identifier: BSD-2-Clause
#include "arch/arch.h"

#include "arch/aarch64/internal.h"
#include "arch/aarch64/psci.h"
#include "arch/smp.h"

#define SEMIHOSTING_WRITE  0x04       /* SYS_WRITE0: text up to its NUL */
#define SEMIHOSTING_EXIT   0x20       /* SYS_EXIT_EXTENDED */
#define SEMIHOSTING_REASON 0x20026ull /* ADP_Stopped_ApplicationExit */

const char arch_name[] = "aarch64";

/* No device is at the same address on every machine with this CPU. */
const struct machine arch_machine = {0};

void arch_init(void)
{
    mmu_init();
}

void arch_start(const struct machine *machine)
{
    psci_init(machine->psci);
    clock_init();
    interrupts_init(&machine->interrupts);
    smp_init(machine, cpu_affinity());
    __asm__ volatile("msr daifclr, #15");
}

bool semihosting_answers(void)
{
    const char nothing[] = "";

    return try_semihosting(SEMIHOSTING_WRITE, nothing);
}

void semihosting_put(uint8_t byte)
{
    const char text[] = {(char)byte, 0};

    try_semihosting(SEMIHOSTING_WRITE, text);
}

static void semihosting_exit(unsigned code)
{
    const uint64_t block[] = {SEMIHOSTING_REASON, code};
    register uint64_t x0 __asm__("x0") = SEMIHOSTING_EXIT;
    register uint64_t x1 __asm__("x1") = (uintptr_t)block;

    __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
}

/*
 * Tries one mechanism after the other. Without semihosting its instruction is undefined; the trap,
 * which has no handler by now, calls this again, which continues with the next one.
 */
void arch_poweroff(unsigned code)
{
    static unsigned next; /* a trap in between has no other memory */

    arch_irq_mask();
    arch_on_trap(NULL);
    while (next < 3)
        switch (next++) {
        case 0:
            semihosting_exit(code);
            break;
        case 1:
            psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
            break;
        default:
            psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
        }
    for (;;)
        __asm__ volatile("wfi");
}
