// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/console/uart.h"

#include "arch/arch.h"
#include "lib/array/array.h"

#define REGISTERS_SIZE 4096
#define POLLS_MAX      1000000

static const struct uart_ops *const kinds[] = {
    [MACHINE_UART_16550_PORT] = &uart_16550,  [MACHINE_UART_16550] = &uart_16550,
    [MACHINE_UART_PL011] = &uart_pl011,       [MACHINE_UART_SBSA] = &uart_sbsa,
    [MACHINE_UART_FIRMWARE] = &uart_firmware,
};

bool uart_open(struct uart *uart, const struct machine_uart *where)
{
    const struct uart_ops *ops = where->kind < ARRAY_LENGTH(kinds) ? kinds[where->kind] : NULL;

    *uart = (struct uart){.ops = ops, .where = *where};
    if (!ops)
        return false;
    if (where->kind == MACHINE_UART_FIRMWARE)
        return arch_has_firmware_console();
    if (where->kind != MACHINE_UART_16550_PORT) {
        uart->registers = arch_map(where->base, REGISTERS_SIZE, ARCH_DEVICE);
        if (!uart->registers)
            return false;
    }
    if (ops->init)
        ops->init(uart);
    return true;
}

/* No UART, or one that is stuck: a byte is tried at a venture. */
static unsigned wait_for_space(struct uart *uart)
{
    unsigned polls = uart->is_stuck ? 1 : POLLS_MAX;

    uart->is_stuck = false;
    while (polls--) {
        unsigned space = uart->ops->space(uart);

        if (space)
            return space;
    }
    uart->is_stuck = true;
    return 1;
}

void uart_write(struct uart *uart, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!uart->space)
            uart->space = wait_for_space(uart);
        uart->ops->put(uart, (uint8_t)bytes[i]);
        uart->space--;
    }
}
