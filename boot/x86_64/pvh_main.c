// SPDX-License-Identifier: BSD-2-Clause
#include "boot/kmain.h"
#include "boot/pvh.h"

#define START_PAGE_LIMIT 0xa0000 /* a SIPI cannot name a page from here to 0xbffff */

/* pvh_entry.S maps the first 4 GiB, page 0 too. */
static const void *identity(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return address <= UINT32_MAX && size <= UINT32_MAX - address ? (const void *)address : NULL;
}

_Noreturn void pvh_main(uint32_t start_info);
_Noreturn void pvh_main(uint32_t start_info)
{
    static struct boot_info info; /* too large for a stack frame */
    const struct mem_view memory = {.map = identity};

    pvh_read(&memory, start_info, &info);
    info.start_page = boot_take_page(&info, START_PAGE_LIMIT);
    kmain(&info);
}
