/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16 vectors (Arm ARM section D1.3). The kernel runs on SP_EL0, so that an exception finds SP_EL1, a
 * stack of its own; one that hits a handler goes on there. Each makes a struct frame (internal.h) under
 * the FPU's registers and calls exception_entry().
 */
#define FRAME_SP    (31 * 8)
#define FRAME_ELR   (32 * 8)
#define FRAME_ESR   (34 * 8)
#define FRAME_KIND  (36 * 8)
#define FRAME_FPU   (38 * 8)
#define FRAME_FPSR  (FRAME_FPU + 32 * 16)
#define FRAME_SIZE  (FRAME_FPSR + 16)
#define KIND_SP_EL1 4                   /* the first of those that hit a handler */

    .macro general_registers op
    .irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \op x\n, [sp, #(8 * \n)]
    .endr
    .endm

    .macro fpu_registers op
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op q\n, [sp, #(FRAME_FPU + 16 * \n)]
    .endr
    .endm

    .text
    .balign 2048
    .globl vectors
vectors:
kind = 0
    .rept 16
    .balign 128
    sub sp, sp, #FRAME_SIZE
    stp x0, x1, [sp]
    mov x0, #kind
    b common
kind = kind + 1
    .endr

common:
    general_registers str
    fpu_registers str
    mrs x1, sp_el0
    cmp x0, #KIND_SP_EL1
    b.lo 1f
    add x1, sp, #FRAME_SIZE
1:  str x1, [sp, #FRAME_SP]
    mrs x1, elr_el1
    mrs x2, spsr_el1
    stp x1, x2, [sp, #FRAME_ELR]
    mrs x1, esr_el1
    mrs x2, far_el1
    stp x1, x2, [sp, #FRAME_ESR]
    str x0, [sp, #FRAME_KIND]
    mrs x1, fpsr
    mrs x2, fpcr
    add x3, sp, #FRAME_FPSR
    stp x1, x2, [x3]

    mov x0, sp
    bl exception_entry

    add x3, sp, #FRAME_FPSR
    ldp x1, x2, [x3]
    msr fpsr, x1
    msr fpcr, x2
    ldp x1, x2, [sp, #FRAME_ELR]
    msr elr_el1, x1
    msr spsr_el1, x2
    fpu_registers ldr
    general_registers ldr
    ldp x0, x1, [sp]
    add sp, sp, #FRAME_SIZE
    eret
