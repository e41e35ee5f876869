// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/console/console.h"

#include <stdbool.h>
#include <string.h>

#include "drivers/console/uart16550.h"

#define COM1 0x3f8

/* There is one console, and an exception must find it without being told. */
static struct uart16550 uart;
static volatile bool is_in_line;

void console_init(void)
{
    uart16550_init(&uart, COM1);
}

void console_line(const char *text)
{
    /* An exception may come in the middle of a line; what it has to say starts a new one. */
    if (is_in_line)
        uart16550_write(&uart, "\n", 1);
    is_in_line = true;
    uart16550_write(&uart, text, strlen(text));
    uart16550_write(&uart, "\n", 1);
    is_in_line = false;
}
