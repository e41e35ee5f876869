// SPDX-License-Identifier: BSD-2-Clause
#include "lib/mem/pages.h"

#include <string.h>

#include "lib/assert/assert.h"

void pages_init(struct pages *pages, void *base, size_t size)
{
    pages->base = ((uintptr_t)base + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
    pages->end = ((uintptr_t)base + size) & ~(uintptr_t)(PAGE_SIZE - 1);
    if (pages->end < pages->base)
        pages->end = pages->base;
    pages->next = pages->base;
}

void *pages_get(struct pages *pages, size_t count)
{
    void *start = (void *)pages->next;

    if (count > pages_left(pages))
        return NULL;
    pages->next += count * PAGE_SIZE;
    return memset(start, 0, count * PAGE_SIZE);
}

void *pages_for(struct pages *pages, size_t bytes)
{
    return pages_get(pages, (bytes + PAGE_SIZE - 1) / PAGE_SIZE);
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

bool pages_align(struct pages *pages, size_t alignment)
{
    uintptr_t skipped = -pages->next & (alignment - 1);

    if (skipped >= pages->end - pages->next)
        return false;
    pages->next += skipped;
    return true;
}

uintptr_t pages_mark(const struct pages *pages)
{
    return pages->next;
}

void pages_release(struct pages *pages, uintptr_t mark)
{
    ASSERT(mark >= pages->base && mark <= pages->next);
    pages->next = mark;
}
