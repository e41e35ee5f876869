/* SPDX-License-Identifier: BSD-2-Clause */
/* Where every line goes. Works from the first moment on, in an exception too. */
#pragma once

void console_init(void);
/* `text` and a newline, in one go. */
void console_line(const char *text);
