// SPDX-License-Identifier: BSD-2-Clause
#include "arch/arch.h"

#include "arch/smp.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"
#include "arch/x86_64/tsc.h"

#define DEBUG_EXIT_PORT 0xf4  /* isa-debug-exit, where the VMM was given one */
#define PM1A_CONTROL    0x604 /* QEMU's q35 and pc */
#define SLEEP_ENABLE    0x2000
#define SLEEP_CONTROL   0x600 /* Cloud Hypervisor; with a PM1A_CONTROL, bits that a 1 clears */
#define SLEEP_S5        0x34
#define KEYBOARD_PORT   0x64
#define KEYBOARD_RESET  0xfe

#define COM1 0x3f8

const char arch_name[] = "x86_64";

const struct machine arch_machine = {
    .uart = {.kind = MACHINE_UART_16550_PORT, .base = COM1, .width = 1},
    .interrupts = {.kind = MACHINE_APIC},
};

void arch_init(void)
{
    segments_init(0);
    interrupts_init();
    paging_init();
}

void arch_start(const struct machine *machine)
{
    pic_init();
    apic_init();
    ioapic_init(&machine->interrupts);
    tsc_init(machine);
    clock_init();
    startup_init(machine->start_page);
    smp_init(machine, apic_id());
    __asm__ volatile("sti");
}

void arch_poweroff(unsigned code)
{
    const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = {0};

    __asm__ volatile("cli");
    port_write8(DEBUG_EXIT_PORT, (uint8_t)code);
    port_write16(PM1A_CONTROL, SLEEP_ENABLE);
    port_write8(SLEEP_CONTROL, SLEEP_S5);
    port_write8(KEYBOARD_PORT, KEYBOARD_RESET);
    __asm__ volatile("lidt %0; int3" : : "m"(no_idt));
    for (;;)
        __asm__ volatile("hlt");
}
