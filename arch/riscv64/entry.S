/* SPDX-License-Identifier: BSD-2-Clause */
/* What every hart goes through, the one that the loader started and those that SBI starts. */
#include "arch/riscv64/layout.h"

    .text

/*
 * Leaves the hart on the stack that ends at a0, with that for traps ending at a1: so one that ran into
 * its guard page can still be reported. The FPU is on. Spoils t0.
 */
    .globl cpu_take_stacks
cpu_take_stacks:
    mv sp, a0
    csrw sscratch, a1
    lla t0, trap_vector
    csrw stvec, t0
    li t0, SSTATUS_FS_INITIAL
    csrs sstatus, t0
    fscsr zero
    ret

/* Where SBI starts a hart (section 9.1): a0 is its id, a1 its struct start (smp.c), paging and interrupts
   are off. */
    .globl secondary_entry
secondary_entry:
    csrw sie, zero
    mv tp, a0
    mv s1, a1
    ld t0, 0(s1)
    sfence.vma
    csrw satp, t0
    sfence.vma
    ld a0, 8(s1)
    ld a1, 16(s1)
    call cpu_take_stacks
    ld a0, 24(s1)
    mv fp, zero
    call smp_main
1:  wfi
    j 1b
