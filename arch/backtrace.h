/* SPDX-License-Identifier: BSD-2-Clause */
/* Backtraces by frame pointers, the same on every CPU but for where a frame pointer points. */
#pragma once

#include "arch/arch.h"

/*
 * `ip`, then the return addresses that lead to it, innermost first, a line each. The caller's frame
 * pointer and, behind it, the return address are `record` bytes from where a frame pointer points.
 */
void backtrace_print(uint64_t ip, uint64_t fp, int record, arch_print_line print);
