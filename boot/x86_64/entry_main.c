// SPDX-License-Identifier: BSD-2-Clause
#include "boot/x86_64/entry_main.h"

#include "boot/kmain.h"

#define START_PAGE_LIMIT 0xa0000 /* a SIPI cannot name a page from here to 0xbffff */

/* long_mode.S maps the first 4 GiB, page 0 too. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return address <= UINT32_MAX && size <= UINT32_MAX - address ? (const void *)address : NULL;
}

void entry_main(boot_reader *read, uint64_t address)
{
    static struct boot_info info; /* too large for a stack frame */
    const struct mem_view memory = {.map = identity};

    read(&memory, address, &info);
    info.start_page = boot_take_page(&info, START_PAGE_LIMIT);
    kmain(&info);
}
