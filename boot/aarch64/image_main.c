// SPDX-License-Identifier: BSD-2-Clause
#include "boot/devicetree.h"
#include "boot/kmain.h"

#define GIB_SHIFT  30
#define MAP_SHIFT  39
#define ELF_OFFSET 0x200000

/* From the linker script. */
extern const char kernel_begin[];

/* image_entry.S maps the GiB that the tree begins in, if that is near enough to the image. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    const uint64_t *device_tree = context;
    bool is_near = *device_tree >> MAP_SHIFT == (uintptr_t)kernel_begin >> MAP_SHIFT;
    bool is_inside = address >> GIB_SHIFT == *device_tree >> GIB_SHIFT &&
                     (address + size - 1) >> GIB_SHIFT == *device_tree >> GIB_SHIFT;

    return is_near && is_inside ? (const void *)address : NULL;
}

_Noreturn void image_main(uint64_t device_tree);
_Noreturn void image_main(uint64_t device_tree)
{
    static struct boot_info info; /* too large for a stack frame */
    const struct mem_view memory = {.map = identity, .context = &device_tree};

    info.protocol = "image";
    /* QEMU tells the entry of an ELF file nothing, and leaves the tree where memory begins. */
    if (!device_tree)
        device_tree = (uintptr_t)kernel_begin - ELF_OFFSET;
    devicetree_read(&memory, device_tree, &info);
    kmain(&info);
}
