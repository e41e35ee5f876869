// SPDX-License-Identifier: BSD-2-Clause
#include "boot/handoff.h"

#define GIB_SHIFT  30
#define MAP_SHIFT  39
#define ELF_OFFSET 0x200000

/* From the linker script. */
extern const char kernel_begin[];

/* image_entry.S maps the GiB that begins with what the loader left, if that is near enough. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    const uint64_t *left = context;
    bool is_near = *left >> MAP_SHIFT == (uintptr_t)kernel_begin >> MAP_SHIFT;
    bool is_inside = address >> GIB_SHIFT == *left >> GIB_SHIFT &&
                     (address + size - 1) >> GIB_SHIFT == *left >> GIB_SHIFT;

    return is_near && is_inside ? (const void *)address : NULL;
}

void boot_read_handoff(boot_reader *read, uint64_t address, struct boot_info *info)
{
    const struct mem_view memory = {.map = identity, .context = &address};

    /* QEMU passes nothing to the entry of an ELF file, and leaves the tree where memory begins. */
    if (!address)
        address = (uintptr_t)kernel_begin - ELF_OFFSET;
    read(&memory, address, info);
}
