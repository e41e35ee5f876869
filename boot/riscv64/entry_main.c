// SPDX-License-Identifier: BSD-2-Clause
/* Where image_entry.S goes on in C, whatever the boot protocol. */
#include "boot/boot_info.h"
#include "boot/devicetree.h"
#include "boot/kmain.h"

/* Fills `info` from what the protocol's loader left at `address`. */
typedef void boot_reader(const struct mem_view *memory, uint64_t address, struct boot_info *info);

/* Paging is off. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    (void)context, (void)size;
    return (const void *)address;
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
    const struct mem_view memory = {.map = identity};

    read(&memory, address, &info);
    kmain(&info);
}
