// SPDX-License-Identifier: BSD-2-Clause
#include "lib/mem/pages.h"

#include <string.h>

static uintptr_t round_up(uintptr_t value, uintptr_t align)
{
    return (value + align - 1) & ~(align - 1);
}

void pages_init(struct pages *pages, void *base, size_t size)
{
    pages->base = round_up((uintptr_t)base, PAGE_SIZE);
    pages->end = ((uintptr_t)base + size) & ~(uintptr_t)(PAGE_SIZE - 1);
    if (pages->end < pages->base)
        pages->end = pages->base;
    pages->next = pages->base;
}

void *pages_get_aligned(struct pages *pages, size_t count, size_t align)
{
    uintptr_t start = round_up(pages->next, align);

    if (start < pages->next || start > pages->end || count > (pages->end - start) / PAGE_SIZE)
        return NULL;
    pages->next = start + count * PAGE_SIZE;
    return memset((void *)start, 0, count * PAGE_SIZE);
}

void *pages_get(struct pages *pages, size_t count)
{
    return pages_get_aligned(pages, count, PAGE_SIZE);
}

bool pages_share(struct pages *pages, size_t count, struct pages *part)
{
    void *base = pages_get(pages, count);

    pages_init(part, base, base ? count * PAGE_SIZE : 0);
    return base;
}

size_t pages_left(const struct pages *pages)
{
    return (pages->end - pages->next) / PAGE_SIZE;
}

uintptr_t pages_mark(const struct pages *pages)
{
    return pages->next;
}

void pages_release(struct pages *pages, uintptr_t mark)
{
    pages->next = mark;
}
