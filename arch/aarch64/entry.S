/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every CPU goes through, the one that the loader started and those that PSCI starts: EL2 is left
 * for EL1, the MMU is turned on, exceptions get their vectors and a stack of their own. Runs at
 * whatever address the image is at, and touches no memory before the MMU is on. Arm ARM (DDI 0487)
 * chapters D17 (registers) and D8 (translation).
 */
#include "arch/aarch64/layout.h"

#define CURRENT_EL2     (2 << 2)
#define SPSR_EL1H_MASKED 0x3c5
#define HCR_RW          (1 << 31)       /* EL1 is AArch64; nothing is trapped, no stage 2 */
#define CPTR_NO_TRAPS   0x33ff
#define CNTHCT_EL1      3               /* counter and timer are EL1's */
#define ICC_SRE_EL1_TOO 0xf             /* EL1 may use the system registers of a GICv3 */
#define SCTLR_RES1      0x30d00800
#define SCTLR_M         (1 << 0)
#define SCTLR_C         (1 << 2)
#define SCTLR_SA        (1 << 3)
#define SCTLR_I         (1 << 12)
#define CPACR_FPEN      (3 << 20)
#define TCR_IPS_SHIFT   32
#define PA_RANGE_48     5

    .text

/* Returns at EL1, on SP_EL1, everything masked, the MMU off. Spoils x9. */
    .globl cpu_enter_el1
cpu_enter_el1:
    msr daifset, #15
    ldr x9, =SCTLR_RES1
    msr sctlr_el1, x9
    mrs x9, CurrentEL
    cmp x9, #CURRENT_EL2
    b.ne 2f
    ldr x9, =HCR_RW
    msr hcr_el2, x9
    isb
    mrs x9, midr_el1
    msr vpidr_el2, x9
    mrs x9, mpidr_el1
    msr vmpidr_el2, x9
    mov x9, #CNTHCT_EL1
    msr cnthctl_el2, x9
    msr cntvoff_el2, xzr
    ldr x9, =CPTR_NO_TRAPS
    msr cptr_el2, x9
    msr hstr_el2, xzr
    msr vttbr_el2, xzr
    mrs x9, id_aa64pfr0_el1
    ubfx x9, x9, #24, #4
    cbz x9, 1f
    mov x9, #ICC_SRE_EL1_TOO
    msr S3_4_C12_C9_5, x9               /* ICC_SRE_EL2 */
    isb
    msr S3_4_C12_C11_0, xzr             /* ICH_HCR_EL2 */
1:  mov x9, #SPSR_EL1H_MASKED
    msr spsr_el2, x9
    msr elr_el2, x30
    eret
2:  isb
    ret

/* Turns the MMU on with the tables that x0, a TTBR, names. They must map this code at its own address.
   Spoils x9 and x10. */
    .globl cpu_enable_mmu
cpu_enable_mmu:
    tlbi vmalle1
    dsb nsh
    ldr x9, =MMU_MAIR
    msr mair_el1, x9
    ldr x9, =MMU_TCR
    mrs x10, id_aa64mmfr0_el1
    and x10, x10, #15
    cmp x10, #PA_RANGE_48
    b.ls 1f
    mov x10, #PA_RANGE_48
1:  orr x9, x9, x10, lsl #TCR_IPS_SHIFT
    msr tcr_el1, x9
    msr ttbr0_el1, x0
    isb
    ldr x9, =(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I)
    msr sctlr_el1, x9
    isb
    ret

/*
 * Leaves the CPU on the stack that ends at x0, SP_EL0, with the exceptions' own, SP_EL1, ending at
 * x1: so one that ran into its guard page can still be reported. Spoils x9.
 */
    .globl cpu_take_stacks
cpu_take_stacks:
    msr spsel, #1
    mov sp, x1
    msr spsel, #0
    mov sp, x0
    adrp x9, vectors
    add x9, x9, :lo12:vectors
    msr vbar_el1, x9
    ldr x9, =CPACR_FPEN
    msr cpacr_el1, x9
    isb
    ret

/* Where PSCI starts a CPU: x0 is its struct start (smp.c), the MMU is off. */
    .globl secondary_entry
secondary_entry:
    mov x19, x0
    bl cpu_enter_el1
    adrp x0, mmu_tables
    add x0, x0, :lo12:mmu_tables
    mov x9, #MMU_KERNEL_ASID
    orr x0, x0, x9, lsl #48
    bl cpu_enable_mmu
    ldp x0, x1, [x19]
    bl cpu_take_stacks
    ldr x0, [x19, #16]
    mov x29, xzr
    bl smp_main
    b .
