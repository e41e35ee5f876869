/* SPDX-License-Identifier: BSD-2-Clause */
/* The one layout of every ELF image; what differs between CPUs is in linker/<cpu>.h. */
OUTPUT_ARCH(OUTPUT_CPU)
ENTRY(ENTRY_SYMBOL)

PHDRS
{
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
    note PT_NOTE FLAGS(4);
    stack PT_GNU_STACK FLAGS(6);
}

SECTIONS
{
    . = LOAD_ADDRESS;
    kernel_begin = .;
    .text : ALIGN(4096) {
        KEEP(*(.text.entry))
        *(.text .text.*)
    } :text
    . = ALIGN(4096);
    text_end = .;

    .rodata : ALIGN(4096) {
        *(.rodata .rodata.* .srodata .srodata.*)
        . = ALIGN(8);
        tests_begin = .;
        KEEP(*(.tests))
        tests_end = .;
    } :rodata
    .note : ALIGN(4) {
        note_begin = .;
        KEEP(*(.note.Xen))
        note_end = .;
    } :rodata :note
    /* Of an image that runs where it was not linked for. */
    .rela.dyn : ALIGN(8) {
        relocations_begin = .;
        *(.rela .rela.*)
        relocations_end = .;
    } :rodata
    . = ALIGN(4096);
    rodata_end = .;

    .data : ALIGN(4096) {
        *(.data .data.*)
    } :data
    .bss : ALIGN(64) {
        bss_begin = .;
        *(.bss .bss.* COMMON)
        . = ALIGN(4096);
        stack_guard = .;
        . += 4096;
        stack_bottom = .;
        . += 128K;
        stack_top = .;
        bss_end = .;
    } :data
    kernel_end = .;
    kernel_size = kernel_end - kernel_begin;

    /DISCARD/ : {
        *(.comment) *(.eh_frame) *(.note.GNU-stack) *(.gnu.*)
        *(.interp) *(.dynamic) *(.dynsym) *(.dynstr) *(.hash)
    }
}

ASSERT(kernel_begin >= 1M, "the image begins in the memory of the loader")
ASSERT(kernel_begin % 4096 == 0 && stack_guard % 4096 == 0, "a page is not aligned")
ASSERT((stack_guard - bss_begin) % 4 == 0, "the entry clears .bss by words of 4 bytes")
ASSERT(tests_end > tests_begin, "no test was linked")
ASSERT((tests_end - tests_begin) % 8 == 0, "the table of tests has gaps")
ENTRY_CHECK
ASSERT(ENTRY_SYMBOL >= kernel_begin && ENTRY_SYMBOL < text_end, "the entry is not in .text")
ASSERT(kernel_end - kernel_begin < 16M, "the image is larger than 16 MiB")
