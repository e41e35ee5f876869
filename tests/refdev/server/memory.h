/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's memory, as the VMM shares it: files, mapped once each. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SHARED_REGIONS_MAX 64

struct shared_region {
    uint64_t address, size;
    uint8_t *bytes;
};

struct shared_memory {
    struct shared_region regions[SHARED_REGIONS_MAX];
    unsigned count;
};

void shared_clear(struct shared_memory *memory);
/*
 * Adds [address, address + size), which is at `offset` of the file; takes the descriptor. False:
 * it can't be mapped, or the table is full.
 */
bool shared_add(struct shared_memory *memory, int descriptor, uint64_t address, uint64_t size,
                uint64_t offset);
/* Removes every region that is in [address, address + size). */
void shared_remove(struct shared_memory *memory, uint64_t address, uint64_t size);
/* `size` bytes at a physical address; NULL: not all of them are in one region. */
void *shared_find(const struct shared_memory *memory, uint64_t address, uint64_t size);
