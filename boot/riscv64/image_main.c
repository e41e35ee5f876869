// SPDX-License-Identifier: BSD-2-Clause
#include "boot/devicetree.h"
#include "boot/kmain.h"

/* Paging is off. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    (void)context, (void)size;
    return (const void *)address;
}

_Noreturn void image_main(uint64_t device_tree);
_Noreturn void image_main(uint64_t device_tree)
{
    static struct boot_info info; /* too large for a stack frame */
    const struct mem_view memory = {.map = identity};

    info.protocol = "image";
    devicetree_read(&memory, device_tree, &info);
    kmain(&info);
}
