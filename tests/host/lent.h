/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's memory in the hands of a reader of a boot protocol. */
#pragma once

#include "boot/boot_info.h"
#include "lib/mem/view.h"

#define LENT_MAX 10000

/* What is asked for is lent as a copy of its own, so that the sanitizer sees a byte too far. */
struct lent_memory {
    uint8_t *bytes;
    uint64_t size;
    void *copies[LENT_MAX];
    unsigned count;
};

/* Takes a context that is a struct lent_memory. */
const void *lent_map(void *context, uint64_t address, uint64_t size);
/* Takes every copy back. */
void lent_return(struct lent_memory *memory);

/* A value of 1 to 8 bytes, little-endian. */
void lent_put(struct lent_memory *memory, uint64_t offset, uint64_t value, size_t size);

/*
 * Command lines about as long as a boot_info holds, at an offset of the memory, which build() makes
 * anew each time and read() reads.
 */
void lent_check_long_lines(struct lent_memory *memory, uint64_t offset, void (*build)(void),
                           const struct boot_info *(*read)(void));
