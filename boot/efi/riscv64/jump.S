/* SPDX-License-Identifier: BSD-2-Clause */
/* a0 = kernel, a1 = handoff: to the kernel's entry for it (boot/riscv64/image_entry.S), paging off. */
#define ENTRY_EFI 64

    .text
    .globl app_jump
app_jump:
    csrw sie, zero
    csrw satp, zero
    sfence.vma
    fence.i
    addi a2, a0, ENTRY_EFI
    mv a0, a1
    jr a2

    .section .rodata
#include "boot/efi/kernel.S"
