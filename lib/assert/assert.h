/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can only be false by our own fault, in code that has nobody to return an error to. A false
 * one is an exception on whatever CPU this is, and so ends in the crash report, with the text and a
 * backtrace. What a device, firmware or a command line can bring about is never asserted.
 */
#pragma once

#define ASSERT(condition) ((condition) ? (void)0 : assert_failed("assertion " #condition))

_Noreturn void assert_failed(const char *text);
/* The text of the one that failed; NULL: none has. */
const char *assert_text(void);
