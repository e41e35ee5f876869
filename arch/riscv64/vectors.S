/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where every trap leads (Privileged section 4.1.2). sscratch is the end of the hart's trap stack, and 0
 * while a handler runs on it; one that hits a handler goes on there, and does not return. A struct frame
 * (internal.h) under the FPU's registers, then trap_entry().
 */
#define FRAME_SEPC    (31 * 8)
#define FRAME_SCAUSE  (33 * 8)
#define FRAME_FPU     (36 * 8)
#define FRAME_FCSR    (FRAME_FPU + 32 * 8)
#define FRAME_SIZE    (FRAME_FCSR + 16)

    .macro general_registers op
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op x\n, (8 * (\n - 1))(sp)
    .endr
    .endm

    .macro fpu_registers op
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op f\n, (FRAME_FPU + 8 * \n)(sp)
    .endr
    .endm

    .text
    .balign 4
    .globl trap_vector
trap_vector:
    csrrw sp, sscratch, sp
    bnez sp, 1f
    csrr sp, sscratch
1:  addi sp, sp, -FRAME_SIZE
    general_registers sd
    csrrw t0, sscratch, zero
    sd t0, 8(sp)                        /* x2 */
    csrr t0, sepc
    csrr t1, sstatus
    sd t0, FRAME_SEPC(sp)
    sd t1, (FRAME_SEPC + 8)(sp)
    csrr t0, scause
    csrr t1, stval
    sd t0, FRAME_SCAUSE(sp)
    sd t1, (FRAME_SCAUSE + 8)(sp)
    fpu_registers fsd
    frcsr t0
    sd t0, FRAME_FCSR(sp)

    mv a0, sp
    call trap_entry

    ld t0, FRAME_FCSR(sp)
    fscsr t0
    fpu_registers fld
    ld t0, FRAME_SEPC(sp)
    ld t1, (FRAME_SEPC + 8)(sp)
    csrw sepc, t0
    csrw sstatus, t1
    addi t0, sp, FRAME_SIZE
    csrw sscratch, t0
    general_registers ld
    ld sp, 8(sp)
    sret
