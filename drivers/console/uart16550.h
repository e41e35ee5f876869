/* SPDX-License-Identifier: BSD-2-Clause */
/* A 16550 at I/O ports, polled, output only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uart16550 {
    uint16_t port;
    unsigned room; /* bytes that the transmit FIFO surely takes */
    bool is_stuck; /* it was waited for in vain; not once more for every byte */
};

void uart16550_init(struct uart16550 *uart, uint16_t port);
/* Never waits for ever: a byte that the UART does not take in time is dropped. */
void uart16550_write(struct uart16550 *uart, const char *bytes, size_t count);
