// SPDX-License-Identifier: BSD-2-Clause
#include "boot/handoff.h"

#define START_PAGE_LIMIT 0xa0000 /* a SIPI cannot name a page from here to 0xbffff */

/* long_mode.S maps the first 4 GiB, page 0 too. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return address <= UINT32_MAX && size <= UINT32_MAX - address ? (const void *)address : NULL;
}

void boot_read_handoff(boot_reader *read, uint64_t address, struct boot_info *info)
{
    const struct mem_view memory = {.map = identity};

    read(&memory, address, info);
    info->start_page = boot_take_page(info, START_PAGE_LIMIT);
}
