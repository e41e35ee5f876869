/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory that is made of a few ranges, each an allocation of exactly its size, so that
 * AddressSanitizer sees a read outside it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MEMORY_MAX_RANGES 12

struct memory_range {
    uint64_t base, size;
    uint8_t *bytes;
};

struct memory {
    struct memory_range ranges[MEMORY_MAX_RANGES];
    unsigned count;
};

/* The map() of a struct mem_view whose context is a struct memory. */
const void *memory_map(void *context, uint64_t address, uint64_t size);

/* Adds a range that is a copy of `bytes`, and returns the copy. */
uint8_t *memory_copy(struct memory *memory, uint64_t base, const void *bytes, size_t size);
/* Adds a range that is the allocation itself. */
void memory_take(struct memory *memory, uint64_t base, uint8_t *bytes, size_t size);
/* Adds a range that holds a file; ends the program where there is none. */
void memory_load(struct memory *memory, uint64_t base, const char *path);
/* Takes every range back. */
void memory_release(struct memory *memory);
