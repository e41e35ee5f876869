/* SPDX-License-Identifier: BSD-2-Clause */
/* A loader that knows no PVH note enters an ELF file in long mode, by Linux's protocol. */
#define OUTPUT_CPU                                                                                 \
    i386:                                                                                          \
    x86 - 64
#define LOAD_ADDRESS 0x200000
#define ENTRY_SYMBOL linux_entry_64
#define ENTRY_CHECK                                                                                \
    ASSERT(note_end > note_begin, "no PVH note was linked")                                        \
    ASSERT(linux_entry_32 == kernel_begin, "Linux's 32-bit entry is not at the start")             \
    ASSERT(linux_entry_64 == kernel_begin + 0x200, "Linux's 64-bit entry is not 0x200 bytes on")   \
    ASSERT(efi_entry_64 == kernel_begin + 0x240, "the entry from UEFI is not 0x240 bytes on")      \
    ASSERT(kernel_end <= 8M, "OVMF keeps memory of its own from 8 MiB on")                         \
    ASSERT(bss_begin - kernel_begin < 1M - 64K, "loaded at 1 MiB the image overlaps its place")
