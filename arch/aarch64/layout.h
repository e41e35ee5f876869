/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the assembly of the entry and mmu.c must agree on: 4 KiB granule, 48-bit addresses in the
 * lower half alone, two memory types. Arm ARM (DDI 0487) section D8.
 */
#pragma once

/* Attribute 0: Device-nGnRE; 1: Normal, write-back, allocating. */
#define MMU_MAIR 0xff04

/* T0SZ 16, walks write-back and inner shareable, granule 4 KiB, no walks by TTBR1. */
#define MMU_TCR (16 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23)

#define MMU_VALID      (1 << 0)
#define MMU_TABLE      (1 << 1) /* above level 3; there it marks a page */
#define MMU_NORMAL     (1 << 2)
#define MMU_READ_ONLY  (1 << 7)
#define MMU_INNER      (3 << 8)
#define MMU_ACCESSED   (1 << 10)
#define MMU_NOT_GLOBAL (1 << 11)

/* The boot's tables use ASID 0, and no entry of theirs is found once these are in use. */
#define MMU_KERNEL_ASID 1

/* Of the stack that a CPU takes exceptions on. */
#define TRAP_STACK_SIZE 16384
