// SPDX-License-Identifier: BSD-2-Clause
#include "lib/mem/view.h"

#include <string.h>

bool mem_copy(const struct mem_view *view, uint64_t address, void *to, uint64_t size)
{
    const void *from = mem_map(view, address, size);

    if (from)
        memcpy(to, from, size);
    return from;
}
