/* SPDX-License-Identifier: BSD-2-Clause */
/* Where every line goes. Works from the first moment on, in an exception too. */
#pragma once

#include "lib/machine/machine.h"

/*
 * Opens the UART and prints what was said before there was one (the first few KiB of it); nothing
 * happens when that UART is open already or there is none.
 */
void console_init(const struct machine_uart *uart);
/*
 * Where a UART is on a machine that describes none: at an address that a VMM is known to have, if
 * what answers there is one, else firmware's console. False: neither. After arch_init().
 */
bool console_guess(struct machine_uart *uart);
/* `text` and a newline, in one go. */
void console_line(const char *text);
