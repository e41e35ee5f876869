/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bzImage (Linux, Documentation/arch/x86/boot.rst): the setup header, the real-mode code, and the
 * kernel, which is the protected-mode part.
 *
 * Loaders enter at file offset 0x200 in real mode: QEMU at CS:IP = 1020:0000 as the protocol says,
 * kvmtool at 1000:0200. The code therefore first goes to where IP is the offset in the file. The first
 * 4 KiB of the file, all zero but for the header, then become the zero page, and the code is behind.
 */
#define PROTOCOL 0x20e
#define CMDLINE_MAX 4095
#define LOADED_HIGH (1 << 0)
#define HAS_ENTRY_64 (1 << 0)
#define ALIGNMENT 21                /* log2: that of the page tables, and more than the image's size */
#define SECTOR 512

#define E820_COUNT 0x1e8
#define E820_TABLE 0x2d0
#define E820_ENTRY 20
#define E820_MAX 128
#define SMAP 0x534d4150
#define CR0_PE 1
#define CODE_32 0x10                /* the selectors are the protocol's */
#define DATA 0x18

    .section .setup, "awx"
    .code16
file:
    .org 0x1f1
    .byte (setup_end - file) / SECTOR - 1
    .word 0                         /* root_flags */
    .long (kernel_end_of_file - kernel_file) / 16
    .word 0                         /* ram_size */
    .word 0xffff                    /* vid_mode: normal */
    .word 0                         /* root_dev */
    .word 0xaa55
    .byte 0xeb, header_end - 1f     /* a jump of two bytes; its distance is the header's size */
1:  .ascii "HdrS"
    .word PROTOCOL
    .long 0                         /* realmode_swtch */
    .word 0                         /* start_sys_seg */
    .word version - file - 0x200
    .byte 0                         /* type_of_loader */
    .byte LOADED_HIGH
    .word 0                         /* setup_move_size */
code32_start:
    .long 0x100000
    .long 0, 0                      /* ramdisk_image, ramdisk_size */
    .long 0                         /* bootsect_kludge */
    .word 0                         /* heap_end_ptr */
    .byte 0, 0                      /* ext_loader_ver, ext_loader_type */
    .long 0                         /* cmd_line_ptr */
    .long 0x7fffffff                /* initrd_addr_max */
    .long 1 << ALIGNMENT
    .byte 1                         /* relocatable_kernel: it moves to pref_address by itself */
    .byte ALIGNMENT
    .word HAS_ENTRY_64
    .long CMDLINE_MAX
    .long 0                         /* hardware_subarch: PC */
    .quad 0                         /* hardware_subarch_data */
    .long 0, 0                      /* payload_offset, payload_length */
    .quad 0                         /* setup_data */
    .quad kernel_begin              /* pref_address */
    .long kernel_size               /* init_size, with .bss */
    .long 0                         /* handover_offset: no EFI stub */
header_end:
    .org 0x268
    jmp setup

    .org 0x1000
setup:
    cli
    cld
    call 1f
1:  popw %bx
    subw $(1b - file), %bx
    sarw $4, %bx
    movw %cs, %ax
    addw %bx, %ax
    pushw %ax
    pushw $2f
    lretw
2:  movw %ax, %ds
    movw %ax, %es

    /* A loader that enters in real mode describes the memory by INT 15h only. */
    cmpb $0, E820_COUNT
    jne enter_protected_mode
    movw $E820_TABLE, %di
    xorl %ebx, %ebx
3:  movl $0xe820, %eax
    movl $SMAP, %edx
    movl $E820_ENTRY, %ecx
    int $0x15
    jc enter_protected_mode
    cmpl $SMAP, %eax
    jne enter_protected_mode
    addw $E820_ENTRY, %di
    incb E820_COUNT
    cmpb $E820_MAX, E820_COUNT
    je enter_protected_mode
    testl %ebx, %ebx
    jnz 3b

enter_protected_mode:
    cli
    xorl %esi, %esi
    movw %ds, %si
    shll $4, %esi
    addl %esi, gdt_pointer + 2
    addl %esi, protected_pointer
    lgdtl gdt_pointer
    movl %cr0, %eax
    orl $CR0_PE, %eax
    movl %eax, %cr0
    ljmpl *protected_pointer

    .code32
protected_mode:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss
    xorl %ebp, %ebp
    xorl %edi, %edi
    xorl %ebx, %ebx
    jmp *code32_start(%esi)

    .balign 8
gdt:
    .quad 0, 0
    .quad 0x00cf9b000000ffff        /* 32-bit code */
    .quad 0x00cf93000000ffff        /* data */
gdt_pointer:
    .word . - gdt - 1
    .long gdt
protected_pointer:
    .long protected_mode
    .word CODE_32
version:
    .ascii "viommu-guest "
    .asciz VERSION
    .balign SECTOR
setup_end:

    .section .kernel, "a"
kernel_file:
    .incbin KERNEL_FILE
    .balign 16
kernel_end_of_file:
