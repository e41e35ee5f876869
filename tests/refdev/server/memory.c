// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/server/memory.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 16

/* While firmware runs, the VMM sends the same few files hundreds of times. */
static struct file {
    dev_t device;
    ino_t inode;
    uint64_t size;
    uint8_t *bytes;
} files[FILES_MAX];
static unsigned file_count;

static const struct file *map(int descriptor)
{
    struct file *file = &files[file_count];
    struct stat status;
    void *bytes;

    if (fstat(descriptor, &status))
        return NULL;
    for (unsigned i = 0; i < file_count; i++)
        if (files[i].device == status.st_dev && files[i].inode == status.st_ino)
            return &files[i];
    if (file_count == FILES_MAX)
        return NULL;
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    *file = (struct file){status.st_dev, status.st_ino, (uint64_t)status.st_size, bytes};
    file_count++;
    return file;
}

void shared_clear(struct shared_memory *memory)
{
    memory->count = 0;
}

bool shared_add(struct shared_memory *memory, int descriptor, uint64_t address, uint64_t size,
                uint64_t offset)
{
    const struct file *file = map(descriptor);

    close(descriptor);
    if (!file || memory->count == SHARED_REGIONS_MAX || offset > file->size ||
        size > file->size - offset)
        return false;
    memory->regions[memory->count++] = (struct shared_region){address, size, file->bytes + offset};
    return true;
}

static bool is_inside(const struct shared_region *region, uint64_t address, uint64_t size)
{
    return region->address >= address && region->size <= size &&
           region->address - address <= size - region->size;
}

void shared_remove(struct shared_memory *memory, uint64_t address, uint64_t size)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < memory->count; i++)
        if (!is_inside(&memory->regions[i], address, size))
            memory->regions[kept++] = memory->regions[i];
    memory->count = kept;
}

void *shared_find(const struct shared_memory *memory, uint64_t address, uint64_t size)
{
    for (unsigned i = 0; i < memory->count; i++) {
        const struct shared_region *region = &memory->regions[i];

        if (address >= region->address && size <= region->size &&
            address - region->address <= region->size - size)
            return region->bytes + (address - region->address);
    }
    return NULL;
}
