/* SPDX-License-Identifier: BSD-2-Clause */
/* The PVH entry: 32-bit protected mode, paging off, EBX = start info. */
    .section .note.Xen, "a", @note
    .align 4
    .long 2f - 1f
    .long 4f - 3f
    .long 18                    /* XEN_ELFNOTE_PHYS32_ENTRY */
1:  .asciz "Xen"
2:  .align 4
3:  .quad pvh_entry             /* QEMU reads as many bytes as a pointer of the ELF class has */
4:

    .text
    .code32
pvh_entry:
    movl $pvh_read, %ebp
    jmp long_mode
