// SPDX-License-Identifier: BSD-2-Clause
#include "boot/handoff.h"

/* Paging is off. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    (void)context, (void)size;
    return (const void *)address;
}

void boot_read_handoff(boot_reader *read, uint64_t address, struct boot_info *info)
{
    const struct mem_view memory = {.map = identity};

    read(&memory, address, info);
}
