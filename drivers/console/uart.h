/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs, polled, output only: a 16550 at I/O ports or memory mapped, a PL011, one that firmware
 * drives. One that is stuck never holds the kernel up: what it does not take in time is dropped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/machine/machine.h"

struct uart;

struct uart_ops {
    void (*init)(struct uart *uart); /* NULL: it is set up */
    /* Bytes that the UART surely takes now; 0: none yet. */
    unsigned (*space)(struct uart *uart);
    void (*put)(struct uart *uart, uint8_t byte);
};

struct uart {
    const struct uart_ops *ops;
    struct machine_uart where;
    volatile uint8_t *registers; /* NULL: at I/O ports */
    unsigned space;              /* bytes that it surely takes */
    bool is_stuck;               /* it was waited for in vain; not once more for every byte */
};

/* False: it is none that is known, or its registers can't be mapped. */
bool uart_open(struct uart *uart, const struct machine_uart *where);
void uart_write(struct uart *uart, const char *bytes, size_t count);

extern const struct uart_ops uart_16550, uart_pl011, uart_sbsa, uart_firmware;
