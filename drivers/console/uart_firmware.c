// SPDX-License-Identifier: BSD-2-Clause
/* Firmware's console, as long as no UART is known. */
#include "arch/arch.h"
#include "drivers/console/uart.h"

static unsigned space(struct uart *uart)
{
    (void)uart;
    return 1;
}

static void put(struct uart *uart, uint8_t byte)
{
    (void)uart;
    arch_firmware_put(byte);
}

const struct uart_ops uart_firmware = {.space = space, .put = put};
