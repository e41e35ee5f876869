// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/lent.h"

#include <stdlib.h>
#include <string.h>

#include "tests/host/unit.h"

const void *lent_map(void *context, uint64_t address, uint64_t size)
{
    struct lent_memory *memory = context;

    if (address > memory->size || size > memory->size - address)
        return NULL;
    void *copy = memcpy(malloc(size), memory->bytes + address, size);

    memory->copies[memory->count++] = copy;
    return copy;
}

void lent_return(struct lent_memory *memory)
{
    while (memory->count)
        free(memory->copies[--memory->count]);
}

void lent_put(struct lent_memory *memory, uint64_t offset, uint64_t value, size_t size)
{
    memcpy(memory->bytes + offset, &value, size); /* the host is little-endian, too */
}

void lent_check_long_lines(struct lent_memory *memory, uint64_t offset, void (*build)(void),
                           const struct boot_info *(*read)(void))
{
    static const struct {
        unsigned length, kept, complaints;
    } lines[] = {{4094, 4094, 0}, {4095, 4095, 0}, {4096, 4095, 1}, {6000, 4095, 1}};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        build();
        memset(memory->bytes + offset, 'x', lines[i].length);
        memory->bytes[offset + lines[i].length] = 0;
        const struct boot_info *info = read();

        CHECK_EQ(strlen(info->cmdline), lines[i].kept);
        CHECK_EQ(info->complaint_count, lines[i].complaints);
    }
}
