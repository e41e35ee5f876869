/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * try_semihosting(): its instruction is undefined where nobody listens. arch_try_read32(): an exception between its first instruction and try_read_end, an external abort that is
 * reported late included, is no crash; trap.c goes on at try_read_failed.
 */
    .text
    .globl try_semihosting
try_semihosting:                /* operation, its parameter; whether anybody listens */
    hlt #0xf000
    mov w0, #1
    ret

    .globl arch_try_read32, try_read_end, try_read_failed
arch_try_read32:
    ldr w2, [x0]
    dsb sy
    isb
try_read_end:
    str w2, [x1]
    mov w0, #1
    ret
try_read_failed:
    mov w0, #0
    ret
