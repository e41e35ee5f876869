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
