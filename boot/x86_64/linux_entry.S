/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of the Linux x86 boot protocol (Linux, Documentation/arch/x86/boot.rst), ESI or RSI = zero
 * page: at the start of the image in 32-bit protected mode with paging off, 0x200 bytes on in long mode
 * with an identity map that need not reach further than the image and the zero page.
 *
 * The image runs where it was linked for, and first moves there: kvmtool and QEMU put it at 1 MiB,
 * whatever its header prefers, others at any multiple of its alignment. Until then every address is
 * relative, and nothing outside the image and the zero page's scratch field is written. Image and
 * destination don't overlap: below is checked by the linker script, above by the header's alignment,
 * which is more than the image has bytes.
 *
 * boot/efi/ enters 0x240 bytes on as at 0x200, RSI = its handoff, of which the same field is free.
 */
#define ZERO_PAGE_SCRATCH 0x1e4 /* 4 bytes */
#define ENTRY_64 0x200
#define ENTRY_EFI 0x240
#define CR0_PG (1 << 31)
#define CR4_PCIDE (1 << 17)

    .section .text.entry, "ax"
    .code32
    .globl linux_entry_32
    .globl linux_entry_64
    .globl efi_entry_64
linux_entry_32:
    movl $linux_read, %ebp
move_there:
    cli
    cld
    leal ZERO_PAGE_SCRATCH + 4(%esi), %esp
    call 1f
1:  popl %eax
    subl $(1b - linux_entry_32), %eax
    movl %esi, %ebx
    movl %eax, %esi
    movl $kernel_begin, %edi
    cmpl %edi, %esi
    je 2f
    movl $bss_begin, %ecx
    subl %edi, %ecx
    shrl $2, %ecx
    rep movsl
2:  movl $long_mode, %eax
    jmp *%eax

    .org ENTRY_64
    .code64
linux_entry_64:
    movl $linux_read, %ebp
    jmp 3f

    .org ENTRY_EFI
efi_entry_64:
    movl $efi_read, %ebp
3:  cli
    cld
    leaq gdt(%rip), %rax
    movq %rax, gdt_pointer + 2(%rip)
    leaq leave_long_mode(%rip), %rax
    movl %eax, leave_pointer(%rip)
    lgdt gdt_pointer(%rip)
    ljmpl *leave_pointer(%rip)

    .code32
leave_long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    /* Paging can't go while this is on. */
    movl %cr4, %eax
    andl $~CR4_PCIDE, %eax
    movl %eax, %cr4
    movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    jmp move_there

    /* Here, not in .rodata: the image may not have moved yet. */
    .align 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff    /* 32-bit code */
    .quad 0x00cf93000000ffff    /* data */
gdt_pointer:
    .word . - gdt - 1
    .quad 0
leave_pointer:
    .long 0
    .word 8
