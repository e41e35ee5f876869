/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where another CPU begins: in real mode, in a copy of startup_code that is at a page below 1 MiB.
 * It goes on in the image in protected mode and to long mode with the control registers that smp.c
 * left in `startup`, and calls startup_main(). Intel SDM volume 3, section 10.4.
 */
#define CR0_PE 1
#define CODE_32 0x08
#define DATA 0x10
#define CODE_64 0x18
#define EFER 0xc0000080

    .text
    .code16
    .globl startup_code
    .globl startup_code_end
startup_code:
    cli
    movw %cs, %ax
    movw %ax, %ds
    lgdtl startup_gdt_pointer - startup_code
    movl %cr0, %eax
    orl $CR0_PE, %eax
    movl %eax, %cr0
    ljmpl $CODE_32, $startup_32
startup_gdt_pointer:
    .word startup_gdt_end - startup_gdt - 1
    .long startup_gdt
startup_code_end:

    .code32
startup_32:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl startup, %eax
    movl %eax, %cr3
    movl startup + 8, %eax
    movl %eax, %cr4
    movl $EFER, %ecx
    movl startup + 16, %eax
    xorl %edx, %edx
    wrmsr
    movl startup + 24, %eax
    movl %eax, %cr0
    ljmpl $CODE_64, $startup_64

    .code64
startup_64:
    movq startup + 32, %rsp
    movl startup + 40, %edi
    xorl %ebp, %ebp
    fninit
    call startup_main

    .section .rodata
    .balign 8
startup_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff    /* 32-bit code */
    .quad 0x00cf93000000ffff    /* data */
    .quad 0x00af9b000000ffff    /* 64-bit code */
startup_gdt_end:
