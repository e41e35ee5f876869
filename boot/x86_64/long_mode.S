/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PVH entry (32-bit protected mode, paging off, EBX = start info) and what every boot protocol goes
 * on with, long_mode:
 *
 * From 32-bit protected mode with paging off, where the image is where it was linked for, to long mode
 * on an identity map of the first 4 GiB in 2 MiB pages; EBP = a boot_reader, EBX = what it reads.
 * arch_init() replaces map and tables.
 *
 * The control registers are set as a whole: kvmtool starts with the caches off in CR0, a loader that
 * was in long mode itself may leave anything in CR4.
 */
#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_NE (1 << 5)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)
#define EFER 0xc0000080
#define EFER_LME (1 << 8)
#define PAGE_PRESENT_WRITABLE 3
#define PAGE_LARGE (1 << 7)

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

    .globl long_mode
long_mode:
    cli
    cld
    movl $stack_top, %esp
    movl $bss_begin, %edi
    movl $stack_guard, %ecx
    subl %edi, %ecx
    shrl $2, %ecx
    xorl %eax, %eax
    rep stosl

    /* Four page directories of 512 entries, one after the other: 4 GiB. */
    movl $boot_directories, %edi
    movl $(PAGE_PRESENT_WRITABLE | PAGE_LARGE), %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $0x200000, %eax
    loop 1b

    movl $(boot_directories + PAGE_PRESENT_WRITABLE), %eax
    movl $boot_pointers, %edi
    movl $4, %ecx
2:  movl %eax, (%edi)
    addl $8, %edi
    addl $4096, %eax
    loop 2b
    movl $(boot_pointers + PAGE_PRESENT_WRITABLE), boot_level4

    movl $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
    movl %eax, %cr4
    movl $boot_level4, %eax
    movl %eax, %cr3
    movl $EFER, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl $(CR0_PG | CR0_NE | CR0_MP | CR0_PE), %eax
    movl %eax, %cr0
    fninit
    lgdt boot_gdt_pointer
    ljmpl $8, $1f

    .code64
1:  movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl $stack_top, %esp
    movl %ebp, %edi
    movl %ebx, %esi
    xorl %ebp, %ebp
    call kmain

    .section .rodata
    .align 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 64-bit code */
    .quad 0x00cf93000000ffff    /* data */
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

    .bss
    .align 4096
boot_level4:
    .skip 4096
boot_pointers:
    .skip 4096
boot_directories:
    .skip 4 * 4096
