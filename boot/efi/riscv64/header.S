/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PE header (Microsoft's PE format) by hand, as no linker makes such a file for this CPU: offsets in
 * the file are those in memory, and two sections hold everything. There is nothing to relocate.
 */
#define MACHINE_RISCV64  0x5064
#define CHARACTERISTICS  0x0206         /* executable, no line numbers, no debug information */
#define PE32_PLUS        0x20b
#define EFI_APPLICATION  10
#define DIRECTORIES      6
#define PAGE             4096
#define CODE             0x60000020     /* to read and to execute */
#define DATA             0xc0000040     /* to read and to write */

    .section .header, "a"
    .ascii "MZ"
    .org 0x3c
    .long 0x40
    .ascii "PE\0\0"
    .short MACHINE_RISCV64
    .short 2
    .long 0, 0, 0
    .short optional_end - optional
    .short CHARACTERISTICS
optional:
    .short PE32_PLUS
    .byte 0, 0
    .long pe_code_size
    .long pe_data_memory
    .long 0
    .long pe_entry
    .long PAGE                          /* where the code begins */
    .quad 0                             /* the preferred address: any */
    .long PAGE, PAGE                    /* alignment in memory and in the file */
    .short 0, 0, 0, 0, 0, 0
    .long 0
    .long pe_size
    .long PAGE                          /* of the headers */
    .long 0
    .short EFI_APPLICATION
    .short 0
    .quad 0, 0, 0, 0
    .long 0
    .long DIRECTORIES
    .fill DIRECTORIES, 8, 0
optional_end:
    .ascii ".text\0\0\0"
    .long pe_code_size, PAGE, pe_code_size, PAGE, 0, 0, 0, CODE
    .ascii ".data\0\0\0"
    .long pe_data_memory, pe_data, pe_data_size, pe_data, 0, 0, 0, DATA
