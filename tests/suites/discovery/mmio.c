// SPDX-License-Identifier: BSD-2-Clause
/* The virtio-mmio blocks that firmware or the command line describes: virtio 1.4 section 4.2.2. */
#include "tests/framework/request.h"

#define SUITE "discovery.mmio"

static void judge(struct test *test, const struct machine_mmio *machine)
{
    unsigned long long base = machine->base;
    struct virtio_mmio_block block;

    if (!virtio_mmio_identify(machine, &block)) {
        note(test, "the block at 0x%llx can't be mapped", base);
        return;
    }
    if (!expect(test, MMIO_REG_D01, block.magic == VIRTIO_MMIO_MAGIC,
                "the block at 0x%llx: MagicValue reads 0x%x, expected 0x%x", base, block.magic,
                VIRTIO_MMIO_MAGIC))
        return;
    if (block.version == VIRTIO_MMIO_LEGACY)
        note(test, "the block at 0x%llx has the legacy interface", base);
    else
        expect(test, MMIO_REG_D02, block.version == VIRTIO_MMIO_VERSION,
               "the block at 0x%llx: Version reads %u, expected %u", base, block.version,
               VIRTIO_MMIO_VERSION);
}

/* Where a described address is wrong, a device is missed or something else is written to. */
TEST(described_blocks_are_virtio, .clauses = CLAUSES(MMIO_REG_D01, MMIO_REG_D02), .needs = 0)
{
    const struct machine *machine = test->fixture->platform->machine;

    for (unsigned i = 0; i < machine->mmio_count; i++)
        if (!machine->mmio[i].is_guess)
            judge(test, &machine->mmio[i]);
    if (!test->checks)
        skip(test, "nothing describes a virtio-mmio block");
}
