// SPDX-License-Identifier: BSD-2-Clause
/* Firmware's console, for as long as nothing tells where a UART is. */
#include "arch/arch.h"
#include "drivers/console/uart.h"

static unsigned room(struct uart *uart)
{
    (void)uart;
    return 1;
}

static void put(struct uart *uart, uint8_t byte)
{
    (void)uart;
    arch_firmware_put(byte);
}

const struct uart_ops uart_firmware = {.room = room, .put = put};
