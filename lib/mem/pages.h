/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages for whatever a device may reach: a stack over one range of memory. Nothing is freed alone;
 * whoever takes a mark gives back all that was taken since.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u

struct pages {
    uintptr_t base, next, end; /* end is exclusive */
};

void pages_init(struct pages *pages, void *base, size_t size);
/* `count` zeroed pages; NULL where there are not that many. */
void *pages_get(struct pages *pages, size_t count);
/* As many zeroed pages as hold that many bytes; NULL where there are not that many. */
void *pages_for(struct pages *pages, size_t bytes);
/* A pool of `count` pages of another; an empty one, and false, where there are not that many. */
bool pages_share(struct pages *pages, size_t count, struct pages *part);
size_t pages_left(const struct pages *pages);

/*
 * The next page is a multiple of `alignment`, a power of two; false, and nothing has changed, where
 * there is no such page left.
 */
bool pages_align(struct pages *pages, size_t alignment);

uintptr_t pages_mark(const struct pages *pages);
/* `mark` is of this pool, and nothing that was taken before it has been given back since. */
void pages_release(struct pages *pages, uintptr_t mark);
