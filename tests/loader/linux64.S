/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loader that enters a bzImage as Firecracker does: in long mode, at 0x200 bytes into the protected-mode
 * part, with a zero page of its own making, CS = 0x08 and an identity map of the first GiB. It is itself
 * started by its PVH note; the bzImage is the first module (QEMU's -initrd).
 *
 * KERNEL, which the Makefile defines, is where the protected-mode part goes. Elsewhere than at 1 MiB the
 * header must permit it (boot.rst, relocatable_kernel and kernel_alignment), or nothing is entered.
 */
#define MODLIST 16
#define CMDLINE 24
#define RSDP 32
#define MEMMAP 40
#define MEMMAP_ENTRIES 48

#define ZERO_PAGE 0x7000
#define STACK 0x8ff0
#define LEVEL_4 0x9000
#define POINTERS 0xa000
#define DIRECTORY 0xb000
#define USUAL_PLACE 0x100000
#define ENTRY_64 0x200

#define SETUP_SECTS 0x1f1
#define KERNEL_ALIGNMENT 0x230
#define RELOCATABLE 0x234
#define HEADER_END 0x268
#define E820_COUNT 0x1e8
#define E820_TABLE 0x2d0

    .section .note.Xen, "a", @note
    .align 4
    .long 4, 8, 18              /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad loader

    .text
    .code32
    .globl loader
loader:
    cld
    movl $ZERO_PAGE, %edi
    movl $((DIRECTORY + 0x1000 - ZERO_PAGE) / 4), %ecx
    xorl %eax, %eax
    rep stosl

    /* The zero page: the header of the file, and the command line and memory map of the start info. */
    movl MODLIST(%ebx), %eax
    movl (%eax), %ebp           /* the file */
    movl $KERNEL, %ecx
    cmpl $USUAL_PLACE, %ecx
    je 5f
    cmpb $0, RELOCATABLE(%ebp)
    je refuse
    movl KERNEL_ALIGNMENT(%ebp), %edx
    decl %edx
    testl %edx, %ecx
    jnz refuse
5:
    movl 8(%eax), %edx          /* its size */
    leal SETUP_SECTS(%ebp), %esi
    movl $(ZERO_PAGE + SETUP_SECTS), %edi
    movl $(HEADER_END - SETUP_SECTS), %ecx
    rep movsb
    movb $0xff, ZERO_PAGE + 0x210
    movl CMDLINE(%ebx), %eax
    movl %eax, ZERO_PAGE + 0x228
    movl RSDP(%ebx), %eax
    movl %eax, ZERO_PAGE + 0x070
    movl MEMMAP_ENTRIES(%ebx), %eax
    movb %al, ZERO_PAGE + E820_COUNT
    movl MEMMAP(%ebx), %esi
    movl $(ZERO_PAGE + E820_TABLE), %edi
1:  movl $5, %ecx
    rep movsl
    addl $4, %esi
    decl %eax
    jnz 1b

    /* The protected-mode part, behind setup_sects + 1 sectors. */
    movzbl SETUP_SECTS(%ebp), %eax
    incl %eax
    shll $9, %eax
    leal (%ebp, %eax), %esi
    subl %eax, %edx
    movl %edx, %ecx
    movl $KERNEL, %edi
    rep movsb

    movl $(POINTERS + 3), LEVEL_4
    movl $(DIRECTORY + 3), POINTERS
    movl $0x83, %eax
    xorl %ecx, %ecx
2:  movl %eax, DIRECTORY(, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $512, %ecx
    jne 2b

    movl $LEVEL_4, %eax
    movl %eax, %cr3
    movl $0x20, %eax            /* PAE */
    movl %eax, %cr4
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x100, %eax            /* EFER.LME */
    wrmsr
    movl %cr0, %eax
    orl $0x80000001, %eax
    movl %eax, %cr0
    lgdt gdt_pointer
    ljmpl $8, $3f

refuse:
    cli
    hlt
    jmp refuse

    .code64
3:  movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $STACK, %esp
    movl $STACK, %ebp
    movl $ZERO_PAGE, %esi
    movl $(KERNEL + ENTRY_64), %eax
    jmp *%rax

    .balign 8
gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 64-bit code */
    .quad 0x00cf93000000ffff    /* data */
gdt_pointer:
    .word . - gdt - 1
    .long gdt
