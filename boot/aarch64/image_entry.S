/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Image header and the entry of Linux's arm64 boot protocol (Documentation/arch/arm64/booting.rst):
 * x0 is the device tree, the MMU is off, EL1 or EL2, the image anywhere at a multiple of 2 MiB. An ELF
 * loader may enter here too.
 *
 * Until the MMU is on, memory is Device memory for loads and stores, and what is written passes the
 * caches by. So as little as possible is: two page tables, which map the GiB of the image and that of
 * what x0 points to as Normal memory. Relocations and .bss, then kmain(); arch_init() replaces the
 * tables.
 *
 * boot/efi/ enters behind the header, x0 = its handoff, with the MMU on and the caches written back.
 */
#include "arch/aarch64/layout.h"
#include "linker/aarch64.h"

#define IMAGE_FLAGS       0xa           /* little-endian, 4 KiB pages, placed anywhere */
#define GIB_SHIFT         30
#define BLOCK             (MMU_VALID | MMU_NORMAL | MMU_INNER | MMU_ACCESSED | MMU_NOT_GLOBAL)
#define TABLE             (MMU_VALID | MMU_TABLE)
#define CACHE_LINE_MIN    16
#define RELOCATION_SIZE   24            /* offset, type, addend */

    .macro address register, symbol
    adrp \register, \symbol
    add \register, \register, :lo12:\symbol
    .endm

    .section .text.entry, "ax"
    .globl image_entry
image_entry:
    b 1f
    nop
    .quad 0                             /* from a multiple of 2 MiB */
    .quad kernel_size
    .quad IMAGE_FLAGS
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

    .globl efi_entry
efi_entry:
    address x20, efi_read
    b 2f
1:  address x20, devicetree_read
2:  mov x19, x0
    bl cpu_enter_el1

    /* A cache may hold anything of the tables' addresses, to be written back or to be found. */
    bl forget_tables
    address x0, boot_level0
    address x1, boot_level1
    address x2, kernel_begin
    orr x3, x1, #TABLE
    ubfx x4, x2, #39, #9
    str x3, [x0, x4, lsl #3]
    mov x3, x2
    bl map_gib
    address x3, kernel_end
    bl map_gib
    mov x3, x19
    bl map_gib
    dsb sy
    bl forget_tables
    address x0, boot_level0
    bl cpu_enable_mmu

    /* Each relocation is: at `offset` stands the address `addend`, both as linked. */
    address x0, kernel_begin
    ldr x1, =LOAD_ADDRESS
    sub x0, x0, x1
    address x1, relocations_begin
    address x2, relocations_end
3:  cmp x1, x2
    b.hs 4f
    ldr x3, [x1]
    ldr x4, [x1, #16]
    add x4, x4, x0
    str x4, [x3, x0]
    add x1, x1, #RELOCATION_SIZE
    b 3b

4:  address x0, bss_begin
    address x1, stack_guard
5:  stp xzr, xzr, [x0], #16
    cmp x0, x1
    b.lo 5b

    address x0, stack_top
    address x1, trap_stacks
    add x1, x1, #TRAP_STACK_SIZE
    bl cpu_take_stacks
    mov x0, x20
    mov x1, x19
    mov x29, xzr
    bl kmain
    b .

/* Maps the GiB that x3 is in, if it is in the 512 GiB of the table at x1. */
map_gib:
    ubfx x4, x3, #GIB_SHIFT, #9
    eor x5, x3, x2
    lsr x5, x5, #39
    cbnz x5, 6f
    lsr x3, x3, #GIB_SHIFT
    lsl x3, x3, #GIB_SHIFT
    ldr x5, =BLOCK
    orr x3, x3, x5
    str x3, [x1, x4, lsl #3]
6:  ret

/* Takes the tables out of the caches, whatever is there. */
forget_tables:
    address x0, boot_level0
    mov x1, #(2 * 4096 / CACHE_LINE_MIN)
7:  dc ivac, x0
    add x0, x0, #CACHE_LINE_MIN
    subs x1, x1, #1
    b.ne 7b
    dsb sy
    ret

    /* Not in .bss, which is cleared while they are in use. */
    .data
    .balign 4096
boot_level0:
    .skip 4096
boot_level1:
    .skip 4096
