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
    .balign 8
    .globl kernel_memory
kernel_memory:
    .quad KERNEL_MEMORY
    .globl kernel_bytes
    .balign 4096
kernel_bytes:
    .incbin KERNEL_FILE
    .globl kernel_bytes_end
kernel_bytes_end:
