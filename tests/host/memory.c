// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/memory.h"

#include <stdlib.h>
#include <string.h>

#include "tests/host/unit.h"

const void *memory_map(void *context, uint64_t address, uint64_t size)
{
    const struct memory *memory = context;

    CHECK(size != 0 && size - 1 <= UINT64_MAX - address);
    for (unsigned i = 0; i < memory->count; i++) {
        const struct memory_range *range = &memory->ranges[i];

        if (address >= range->base && address - range->base <= range->size &&
            size <= range->size - (address - range->base))
            return range->bytes + (address - range->base);
    }
    return NULL;
}

void memory_take(struct memory *memory, uint64_t base, uint8_t *bytes, size_t size)
{
    if (memory->count == MEMORY_MAX_RANGES)
        abort();
    memory->ranges[memory->count++] = (struct memory_range){base, size, bytes};
}

uint8_t *memory_copy(struct memory *memory, uint64_t base, const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size);

    if (size)
        memcpy(copy, bytes, size);
    memory_take(memory, base, copy, size);
    return copy;
}

void memory_load(struct memory *memory, uint64_t base, const char *path)
{
    size_t size;
    uint8_t *bytes = unit_read_file(path, &size);

    memory_take(memory, base, bytes, size);
}

void memory_release(struct memory *memory)
{
    while (memory->count)
        free(memory->ranges[--memory->count].bytes);
}
