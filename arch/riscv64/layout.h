/* SPDX-License-Identifier: BSD-2-Clause */
/* What the assembly and the C of this directory must agree on. */
#pragma once

/* Of the stack that a hart takes traps on. */
#define TRAP_STACK_SIZE 16384

/* sstatus (Privileged Architecture section 4.1.1): interrupts are on; the FPU is, in its initial
 * state. */
#define SSTATUS_SIE        (1 << 1)
#define SSTATUS_FS_INITIAL (1 << 13)
