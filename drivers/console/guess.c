// SPDX-License-Identifier: BSD-2-Clause
/* The UART of a machine that describes none, or none that can be read. */
#include "arch/arch.h"
#include "drivers/console/console.h"
#include "lib/array/array.h"

#define REGISTERS_SIZE 4096

/* PrimeCell identification: the low bytes of four words (DDI 0183, section 3.3). */
#define PRIMECELL       0xff0
#define PRIMECELL_VALUE 0xb105f00du

#define LINE_STATUS       5
#define LINE_STATUS_EMPTY 0x60 /* holding and shift register */
#define MODEM_STATUS      6

/*
 * Where VMMs for arm64 have it, as their sources say: QEMU's virt and Cloud Hypervisor, kvmtool,
 * Firecracker, crosvm.
 */
static const struct machine_uart guesses[] = {
    {MACHINE_UART_PL011, 0x9000000, 0, 4},
    {MACHINE_UART_16550, 0x1000000, 0, 1},
    {MACHINE_UART_16550, 0x40002000, 0, 1},
    {MACHINE_UART_16550, 0x3f8, 0, 1},
};

static bool is_pl011(const volatile uint8_t *registers)
{
    uint32_t id = 0, word;

    for (unsigned i = 0; i < 4; i++) {
        if (!arch_try_read32(registers + PRIMECELL + 4 * i, &word))
            return false;
        id |= (word & 0xff) << 8 * i;
    }
    return id == PRIMECELL_VALUE;
}

/* Idle, as it is before anybody has used it, and no memory of zeros or ones. */
static bool is_16550(const volatile uint8_t *registers)
{
    uint32_t word;

    return arch_try_read32(registers, &word) &&
           (mmio_read8(registers + LINE_STATUS) & ~1u) == LINE_STATUS_EMPTY &&
           !(mmio_read8(registers + MODEM_STATUS) & 0x0f) && !mmio_read8(registers + 1);
}

bool console_guess(struct machine_uart *uart)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(guesses); i++) {
        uint64_t page = guesses[i].base & -(uint64_t)REGISTERS_SIZE;
        const volatile uint8_t *registers = arch_map(page, REGISTERS_SIZE, ARCH_DEVICE);

        if (!registers)
            continue;
        registers += guesses[i].base - page;
        if (guesses[i].kind == MACHINE_UART_PL011 ? is_pl011(registers) : is_16550(registers)) {
            *uart = guesses[i];
            return true;
        }
    }
    if (!arch_has_firmware_console())
        return false;
    *uart = (struct machine_uart){.kind = MACHINE_UART_FIRMWARE};
    return true;
}
