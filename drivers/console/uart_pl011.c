// SPDX-License-Identifier: BSD-2-Clause
/*
 * Arm's PrimeCell UART PL011 (DDI 0183), and the generic UART of Arm's BSA, the subset of it that
 * has nothing to set up.
 */
#include "arch/arch.h"
#include "drivers/console/uart.h"

#define DATA             0x00
#define FLAGS            0x18
#define LINE_CONTROL     0x2c
#define CONTROL          0x30
#define INTERRUPTS       0x38
#define FLAG_EMPTY       (1u << 7) /* the transmit FIFO */
#define LINE_8N1_FIFO    0x70
#define CONTROL_ENABLE   (1u << 0)
#define CONTROL_TRANSMIT (1u << 8)
#define FIFO_DEPTH       16

static void init(struct uart *uart)
{
    mmio_write32(uart->registers + INTERRUPTS, 0);
    mmio_write32(uart->registers + CONTROL, 0);
    mmio_write32(uart->registers + LINE_CONTROL, LINE_8N1_FIFO);
    mmio_write32(uart->registers + CONTROL, CONTROL_ENABLE | CONTROL_TRANSMIT);
}

static unsigned space(struct uart *uart)
{
    return mmio_read32(uart->registers + FLAGS) & FLAG_EMPTY ? FIFO_DEPTH : 0;
}

static void put(struct uart *uart, uint8_t byte)
{
    mmio_write32(uart->registers + DATA, byte);
}

const struct uart_ops uart_pl011 = {.init = init, .space = space, .put = put};
const struct uart_ops uart_sbsa = {.space = space, .put = put};
