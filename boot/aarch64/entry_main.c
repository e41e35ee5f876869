// SPDX-License-Identifier: BSD-2-Clause
/* Where image_entry.S goes on in C, whatever the boot protocol. */
#include "boot/boot_info.h"
#include "boot/devicetree.h"
#include "boot/kmain.h"

#define GIB_SHIFT  30
#define MAP_SHIFT  39
#define ELF_OFFSET 0x200000

/* Fills `info` from what the protocol's loader left at `address`. */
typedef void boot_reader(const struct mem_view *memory, uint64_t address, struct boot_info *info);

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

boot_reader image_read;
void image_read(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    info->protocol = "image";
    devicetree_read(memory, address, info);
}

_Noreturn void entry_main(boot_reader *read, uint64_t address);
_Noreturn void entry_main(boot_reader *read, uint64_t address)
{
    static struct boot_info info; /* too large for a stack frame */
    const struct mem_view memory = {.map = identity, .context = &address};

    /* QEMU tells the entry of an ELF file nothing, and leaves the tree where memory begins. */
    if (!address)
        address = (uintptr_t)kernel_begin - ELF_OFFSET;
    read(&memory, address, &info);
    kmain(&info);
}
