/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory that is the input, from address FUZZ_MEMORY on. Each range that a reader asks for
 * is a copy of its own, so that AddressSanitizer sees a byte too far.
 */
#pragma once

#include "tests/unit/fuzz/fuzz.h"

#define FUZZ_MEMORY           0x1000u
#define FUZZ_GUEST_MEMORY_MAX 16384

static struct {
    const uint8_t *bytes;
    size_t size;
    bool is_sealing; /* checksums of ACPI structures are made good */
    unsigned guest_memory_count;
    void *lent[FUZZ_GUEST_MEMORY_MAX];
} fuzz_memory;

static void fuzz_seal_structure(uint8_t *bytes, uint64_t size)
{
    if (size >= 20 && !memcmp(bytes, "RSD PTR ", 8)) {
        bytes[8] = (uint8_t)(bytes[8] - bytes_sum(bytes, 20));
        if (size >= 36)
            bytes[32] = (uint8_t)(bytes[32] - bytes_sum(bytes, size));
    } else if (size >= 36 && bytes_le32(bytes + 4) == size) {
        fuzz_seal(bytes, size);
    }
}

static const void *fuzz_map(void *context, uint64_t address, uint64_t size)
{
    uint64_t offset = address - FUZZ_MEMORY;
    bool was_reading = fuzz_is_reading;

    (void)context;
    FUZZ_CHECK(size && size - 1 <= UINT64_MAX - address);
    if (address < FUZZ_MEMORY || offset > fuzz_memory.size || size > fuzz_memory.size - offset)
        return NULL;
    fuzz_is_reading = false;
    FUZZ_CHECK(fuzz_memory.guest_memory_count < FUZZ_GUEST_MEMORY_MAX);
    uint8_t *copy = fuzz_copy(fuzz_memory.bytes + offset, size);

    if (fuzz_memory.is_sealing)
        fuzz_seal_structure(copy, size);
    fuzz_memory.lent[fuzz_memory.guest_memory_count++] = copy;
    fuzz_is_reading = was_reading;
    return copy;
}

static const struct mem_view fuzz_view = {.map = fuzz_map};

static inline void fuzz_memory_begin(const uint8_t *bytes, size_t size, bool is_sealing)
{
    fuzz_memory.bytes = bytes;
    fuzz_memory.size = size;
    fuzz_memory.is_sealing = is_sealing;
}

static inline void fuzz_memory_end(void)
{
    while (fuzz_memory.guest_memory_count)
        free(fuzz_memory.lent[--fuzz_memory.guest_memory_count]);
}
