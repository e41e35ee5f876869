// SPDX-License-Identifier: BSD-2-Clause
#include "arch/arch.h"

#include "arch/x86_64/cpu.h"

#define DEBUG_EXIT_PORT 0xf4  /* isa-debug-exit, where the VMM was given one */
#define PM1A_CONTROL    0x604 /* QEMU's q35 and pc */
#define SLEEP_ENABLE    0x2000
#define KEYBOARD_PORT   0x64
#define KEYBOARD_RESET  0xfe

const char arch_name[] = "x86_64";

void arch_init(void)
{
    segments_init();
    interrupts_init();
    paging_init();
    pic_init();
    apic_init();
    clock_init();
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
    port_write8(KEYBOARD_PORT, KEYBOARD_RESET);
    __asm__ volatile("lidt %0; int3" : : "m"(no_idt));
    for (;;)
        __asm__ volatile("hlt");
}
