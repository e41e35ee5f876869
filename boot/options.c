// SPDX-License-Identifier: BSD-2-Clause
#include "boot/options.h"

static bool overlaps(const struct machine_mmio *block, uint64_t first, uint64_t last)
{
    return block->base <= last && block->base + (block->size - 1) >= first;
}

static bool overlaps_memory(const struct boot_info *boot, const struct machine_mmio *block)
{
    for (unsigned i = 0; i < boot->memory_count; i++)
        if (boot->memory[i].kind == BOOT_USABLE &&
            overlaps(block, boot->memory[i].first, boot->memory[i].last))
            return true;
    return false;
}

/* The known block that `block` overlaps; NULL: none. */
static struct machine_mmio *overlapped(struct machine *machine, const struct machine_mmio *block)
{
    for (unsigned i = 0; i < machine->mmio_count; i++) {
        struct machine_mmio *known = &machine->mmio[i];

        if (overlaps(block, known->base, known->base + (known->size - 1)))
            return known;
    }
    return NULL;
}

static void add_block(const struct boot_info *boot, struct machine *machine,
                      const struct machine_mmio *block, const struct sink *complaints)
{
    struct machine_mmio *known = overlapped(machine, block);
    const char *expected = NULL;

    if (overlaps_memory(boot, block))
        expected = "no usable memory there";
    else if (known && (known->base != block->base || known->size != block->size))
        expected = "no overlap with another block";
    else if (!known && machine->mmio_count == MACHINE_MAX_MMIO)
        expected = "fewer blocks in all";
    if (expected)
        sink_printf(complaints,
                    "options: virtio-mmio block of 0x%llx bytes at 0x%llx, expected %s; ignored",
                    (unsigned long long)block->size, (unsigned long long)block->base, expected);
    else
        *(known ? known : &machine->mmio[machine->mmio_count++]) = *block;
}

void boot_options(const struct boot_info *boot, const struct options *options,
                  struct machine *machine, const struct sink *complaints)
{
    for (unsigned i = 0; i < options->blocks.count; i++)
        add_block(boot, machine, &options->blocks.blocks[i], complaints);
}
