// SPDX-License-Identifier: BSD-2-Clause
#include "arch/arch.h"
#include "drivers/console/uart.h"

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

static uint16_t port(const struct uart *uart, unsigned index)
{
    return (uint16_t)(uart->where.base + index);
}

static volatile uint8_t *address(const struct uart *uart, unsigned index)
{
    return uart->registers + (index << uart->where.shift);
}

static uint8_t read(const struct uart *uart, unsigned index)
{
    if (!uart->registers)
        return port_read8(port(uart, index));
    return (uint8_t)mmio_read(address(uart, index), uart->where.width == 4 ? 4 : 1);
}

static void write(const struct uart *uart, unsigned index, uint8_t value)
{
    if (!uart->registers)
        port_write8(port(uart, index), value);
    else
        mmio_write(address(uart, index), uart->where.width == 4 ? 4 : 1, value);
}

static void init(struct uart *uart)
{
    write(uart, INTERRUPTS, 0);
    write(uart, LINE_CONTROL, LINE_DIVISOR_ACCESS);
    write(uart, DIVISOR_LOW, 1); /* 115200 baud */
    write(uart, DIVISOR_HIGH, 0);
    write(uart, LINE_CONTROL, LINE_8N1);
    write(uart, FIFO_CONTROL, FIFO_ENABLE);
    write(uart, MODEM_CONTROL, MODEM_DTR_RTS);
}

static unsigned room(struct uart *uart)
{
    return read(uart, LINE_STATUS) & STATUS_EMPTY ? FIFO_DEPTH : 0;
}

static void put(struct uart *uart, uint8_t byte)
{
    write(uart, DATA, byte);
}

const struct uart_ops uart_16550 = {.init = init, .room = room, .put = put};
