// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/console/console.h"

#include <stdbool.h>
#include <string.h>

#include "drivers/console/uart.h"

/* File scope: there is one console, and an exception passes no pointer to it. */
static struct uart uart;
static bool is_open;
static volatile bool is_in_line;
static char early[4096]; /* what was said before there was a UART */
static size_t early_length;

static void write(const char *bytes, size_t count)
{
    size_t space = sizeof(early) - early_length;

    if (is_open) {
        uart_write(&uart, bytes, count);
        return;
    }
    count = count < space ? count : space;
    memcpy(early + early_length, bytes, count);
    early_length += count;
}

void console_init(const struct machine_uart *where)
{
    if (is_open && where->kind == uart.where.kind && where->base == uart.where.base)
        return;
    is_open = uart_open(&uart, where);
    if (!is_open)
        return;
    uart_write(&uart, early, early_length);
    early_length = 0;
}

void console_line(const char *text)
{
    /* An exception may come in the middle of a line; what it has to say starts a new one. */
    if (is_in_line)
        write("\n", 1);
    is_in_line = true;
    write(text, strlen(text));
    write("\n", 1);
    is_in_line = false;
}
