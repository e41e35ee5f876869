// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/console/uart16550.h"

#include "arch/arch.h"

#define DATA                0
#define DIVISOR_LOW         0 /* with LINE_DIVISOR_ACCESS */
#define INTERRUPTS          1
#define DIVISOR_HIGH        1
#define FIFO_CONTROL        2
#define LINE_CONTROL        3
#define MODEM_CONTROL       4
#define LINE_STATUS         5
#define FIFO_ENABLE         0x07
#define LINE_8N1            0x03
#define LINE_DIVISOR_ACCESS 0x80
#define MODEM_DTR_RTS       0x03
#define STATUS_EMPTY        0x20
#define FIFO_DEPTH          16
#define POLLS_MAX           1000000

void uart16550_init(struct uart16550 *uart, uint16_t port)
{
    *uart = (struct uart16550){.port = port};
    port_write8(port + INTERRUPTS, 0);
    port_write8(port + LINE_CONTROL, LINE_DIVISOR_ACCESS);
    port_write8(port + DIVISOR_LOW, 1); /* 115200 baud */
    port_write8(port + DIVISOR_HIGH, 0);
    port_write8(port + LINE_CONTROL, LINE_8N1);
    port_write8(port + FIFO_CONTROL, FIFO_ENABLE);
    port_write8(port + MODEM_CONTROL, MODEM_DTR_RTS);
}

/* A whole FIFO is free, else (no UART, or one that is stuck) a byte is tried at a venture. */
static unsigned wait_for_room(struct uart16550 *uart)
{
    unsigned polls = uart->is_stuck ? 1 : POLLS_MAX;

    uart->is_stuck = false;
    while (polls--)
        if (port_read8(uart->port + LINE_STATUS) & STATUS_EMPTY)
            return FIFO_DEPTH;
    uart->is_stuck = true;
    return 1;
}

void uart16550_write(struct uart16550 *uart, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!uart->room)
            uart->room = wait_for_room(uart);
        port_write8(uart->port + DATA, (uint8_t)bytes[i]);
        uart->room--;
    }
}
