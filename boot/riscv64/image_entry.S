/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Image header and the entry of Linux's RISC-V boot protocol (Documentation/arch/riscv/boot.rst and
 * boot-image-header.rst): a0 is the hart's id, a1 the device tree, S-mode, paging off, the image anywhere
 * at a multiple of 2 MiB. QEMU enters an ELF file here too, at its lowest address.
 *
 * Relocations and .bss, then kmain(); arch_init() turns paging on.
 *
 * boot/efi/ enters behind the header, paging off, a0 = its handoff.
 */
#include "arch/riscv64/layout.h"
#include "boot/efi.h"
#include "linker/riscv64.h"

#define TEXT_OFFSET     0x200000        /* from the start of memory */
#define HEADER_VERSION  2               /* 0.2 */
#define RELOCATION_SIZE 24              /* offset, type, addend */

    .section .text.entry, "ax"
    .globl image_entry
image_entry:
    .option push
    .option norvc
    j 1f
    nop
    .option pop
    .quad TEXT_OFFSET
    .quad kernel_size
    .quad 0                             /* little-endian */
    .long HEADER_VERSION
    .long 0
    .quad 0
    .ascii "RISCV\0\0\0"
    .ascii "RSC\x05"
    .long 0

    .globl efi_entry
efi_entry:
    mv a1, a0
    ld a0, EFI_HANDOFF_BOOT_CPU(a1)
    lla s2, efi_read
    j 2f
1:  lla s2, devicetree_read
2:  csrw sie, zero
    mv tp, a0                           /* for ever (internal.h) */
    mv s1, a1

    /* Each relocation is: at `offset` stands the address `addend`, both as linked. */
    lla a0, kernel_begin
    li a1, LOAD_ADDRESS
    sub a0, a0, a1
    lla a1, relocations_begin
    lla a2, relocations_end
3:  bgeu a1, a2, 4f
    ld a3, 0(a1)
    ld a4, 16(a1)
    add a3, a3, a0
    add a4, a4, a0
    sd a4, 0(a3)
    addi a1, a1, RELOCATION_SIZE
    j 3b

4:  lla a0, bss_begin
    lla a1, stack_guard
5:  sd zero, 0(a0)
    addi a0, a0, 8
    bltu a0, a1, 5b

    lla a0, stack_top
    lla a1, trap_stacks
    li a2, TRAP_STACK_SIZE
    add a1, a1, a2
    call cpu_take_stacks
    mv a0, s2
    mv a1, s1
    mv fp, zero
    call kmain
6:  wfi
    j 6b
