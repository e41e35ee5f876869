/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel that the application carries, and how much memory it takes; for the section that includes it. */
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
