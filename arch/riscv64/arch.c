// SPDX-License-Identifier: BSD-2-Clause
#include "arch/arch.h"

#include "arch/riscv64/internal.h"
#include "arch/riscv64/layout.h"
#include "arch/riscv64/sbi.h"
#include "arch/smp.h"

/* sifive_test, as QEMU's virt machine has it: what is written ends the VM. */
#define TEST_PASS       0x5555
#define TEST_FAIL(code) ((code) << 16 | 0x3333)

const char arch_name[] = "riscv64";

/* No machine with this CPU has anything at a place of its own. */
const struct machine arch_machine = {.uart = {.kind = MACHINE_UART_FIRMWARE}};

/* The end of a run has no parameter to bring it along. NULL: none. */
static volatile uint8_t *test_register;

void arch_init(void)
{
    mmu_init();
}

void arch_start(const struct machine *machine)
{
    if (machine->sifive_test)
        test_register = arch_map(machine->sifive_test, sizeof(uint32_t), ARCH_DEVICE);
    clock_init(machine->timer_hz);
    interrupts_init(machine);
    smp_init(machine, cpu_hart());
    SET_CSR("sstatus", SSTATUS_SIE);
}

/*
 * One way after the other. Where the test register is firmware's alone, its access is a trap, which
 * has no handler by now, comes back here and goes on with the next way.
 */
void arch_poweroff(unsigned code)
{
    static unsigned way; /* a trap in between has no other memory */

    arch_irq_mask();
    arch_on_trap(NULL);
    while (way < 2)
        switch (way++) {
        case 0:
            if (test_register)
                mmio_write32(test_register, code ? TEST_FAIL(code) : TEST_PASS);
            break;
        default:
            sbi_call(SBI_SRST, SBI_SRST_RESET, SBI_SRST_OFF, code ? SBI_SRST_FAILURE : 0, 0);
        }
    for (;;)
        __asm__ volatile("wfi");
}
