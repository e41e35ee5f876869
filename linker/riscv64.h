/* SPDX-License-Identifier: BSD-2-Clause */
/* Where QEMU's virt machine puts it; it runs anywhere (boot/riscv64/image_entry.S). */
#define OUTPUT_CPU   riscv
#define LOAD_ADDRESS 0x80200000
#define ENTRY_SYMBOL image_entry
#define ENTRY_CHECK                                                                                \
    ASSERT(image_entry == kernel_begin, "the Image header is not at the start")                    \
    ASSERT(efi_entry == kernel_begin + 64, "the entry from UEFI is not behind the Image header")
