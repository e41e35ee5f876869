/* SPDX-License-Identifier: BSD-2-Clause */
/* RCX = kernel, RDX = handoff: to the kernel's entry for it (boot/x86_64/linux_entry.S). */
#define ENTRY_EFI 0x240

    .text
    .globl app_jump
app_jump:
    movq %rdx, %rsi
    addq $ENTRY_EFI, %rcx
    jmpq *%rcx

    .section .rdata, "dr"
#include "boot/efi/kernel.S"
