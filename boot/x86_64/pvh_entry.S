/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PVH entry: 32-bit protected mode, paging off, EBX = start info. Goes to long mode on an identity
 * map of the first 4 GiB in 2 MiB pages and calls pvh_main(). arch_init() replaces map and tables.
 */
#define CR0_MP (1 << 1)
#define CR0_EM (1 << 2)
#define CR0_TS (1 << 3)
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

    .section .text.entry, "ax"
    .code32
    .globl pvh_entry
pvh_entry:
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

    movl $boot_level4, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
    movl %eax, %cr4
    movl $EFER, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl %cr0, %eax
    andl $~(CR0_EM | CR0_TS), %eax
    orl $(CR0_PG | CR0_MP), %eax
    movl %eax, %cr0
    fninit
    lgdt boot_gdt_pointer
    ljmpl $8, $long_mode

    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabsq $stack_top, %rsp
    xorl %ebp, %ebp
    movl %ebx, %edi
    call pvh_main
3:  cli
    hlt
    jmp 3b

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
