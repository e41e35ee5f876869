/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x0 = kernel, x1 = handoff: to the kernel's entry for it (boot/aarch64/image_entry.S), which turns the MMU
 * off. Then the caches are passed by: what they hold of the kernel's memory and of the handoff goes to
 * memory, and out of them.
 */
#include "boot/efi.h"

#define ENTRY_EFI 64

    .text
    .globl app_jump
app_jump:
    adrp x3, kernel_memory
    ldr x3, [x3, :lo12:kernel_memory]
    add x4, x0, x3
    mov x3, x0
    bl write_back
    ldr x4, =EFI_HANDOFF_SIZE
    add x4, x4, x1
    mov x3, x1
    bl write_back
    dsb sy
    ic iallu
    dsb sy
    isb
    add x3, x0, #ENTRY_EFI
    mov x0, x1
    br x3

/* From x3 to x4. */
write_back:
    mrs x5, ctr_el0
    ubfx x5, x5, #16, #4                /* log2 of the words of the smallest line */
    mov x6, #4
    lsl x6, x6, x5
1:  dc civac, x3
    add x3, x3, x6
    cmp x3, x4
    b.lo 1b
    ret

    .section .rdata, "dr"
#include "boot/efi/kernel.S"
