/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a reader of tables reaches physical memory: it asks for a range and gets a pointer that is
 * good for all of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mem_view {
    /* `size` readable bytes; NULL where the range cannot be read as a whole. */
    const void *(*map)(void *context, uint64_t address, uint64_t size);
    void *context;
};

/* The range, or NULL; one that is empty or wraps is never handed to map(). */
static inline const void *mem_map(const struct mem_view *view, uint64_t address, uint64_t size)
{
    return size && size - 1 <= UINT64_MAX - address ? view->map(view->context, address, size)
                                                    : NULL;
}

/* False, and nothing is copied, where the range can't be read as a whole. */
bool mem_copy(const struct mem_view *view, uint64_t address, void *to, uint64_t size);
