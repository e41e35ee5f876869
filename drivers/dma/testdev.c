// SPDX-License-Identifier: BSD-2-Clause
/*
 * QEMU's iommu-testdev (docs/specs/iommu-testdev, QEMU 11 and later): writes one word of a fixed
 * value to an address through the IOMMU when told to, reads it back and says how that went. It can
 * write nothing else, so it is an engine that writes only.
 */
#include "drivers/dma/engines.h"

/* BAR 0 */
#define TRIGGER      0x00 /* reading it starts an armed transfer */
#define VIRTUAL_LOW  0x04
#define VIRTUAL_HIGH 0x08
#define LENGTH       0x0c
#define RESULT       0x10
#define DOORBELL     0x14
#define ATTRIBUTES   0x18
#define CHECK_LOW    0x1c /* physical address at which it looks for what it wrote */
#define CHECK_HIGH   0x20

#define DOORBELL_ARM  1u
#define RESULT_BUSY   0xfffffffeu
#define NON_SECURE    (1u << 1)
#define WRITTEN_VALUE 0x12345678u
#define WORDS         16

struct testdev {
    volatile uint8_t *registers;
};

static struct testdev states[DMA_MAX_ENGINES];
static unsigned states_used;

static bool start(struct dma_engine *engine)
{
    pci_command(engine->function, PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER, 0);
    return true;
}

static enum dma_result write_word(const struct testdev *testdev, uint64_t address,
                                  uint64_t patience_ns)
{
    uint64_t began = arch_now_ns();
    uint32_t result;

    mmio_write32(testdev->registers + VIRTUAL_LOW, (uint32_t)address);
    mmio_write32(testdev->registers + VIRTUAL_HIGH, (uint32_t)(address >> 32));
    mmio_write32(testdev->registers + CHECK_LOW, (uint32_t)address);
    mmio_write32(testdev->registers + CHECK_HIGH, (uint32_t)(address >> 32));
    mmio_write32(testdev->registers + LENGTH, sizeof(uint32_t));
    mmio_write32(testdev->registers + ATTRIBUTES, NON_SECURE);
    mmio_write32(testdev->registers + DOORBELL, DOORBELL_ARM);
    (void)mmio_read32(testdev->registers + TRIGGER);
    while ((result = mmio_read32(testdev->registers + RESULT)) == RESULT_BUSY)
        if (arch_now_ns() - began > patience_ns)
            return DMA_NO_ANSWER;
    /* Its own comparison is with the physical address, which it can't know; any end is an end. */
    return DMA_COMPLETED;
}

static enum dma_result write(struct dma_engine *engine, uint64_t address, uint32_t length,
                             uint64_t patience_ns)
{
    for (uint32_t done = 0; done < length; done += sizeof(uint32_t)) {
        enum dma_result result = write_word(engine->state, address + done, patience_ns);

        if (result != DMA_COMPLETED)
            return result;
    }
    return DMA_COMPLETED;
}

static const struct dma_engine_ops ops = {
    .name = "iommu-testdev",
    .start = start,
    .write = write,
};

bool testdev_open(struct dma_engine *engine, struct pages *pages, const struct sink *complaints)
{
    static uint32_t content[WORDS];
    struct testdev *testdev = &states[states_used];

    testdev->registers = pci_map_bar(engine->function, 0);
    if (!testdev->registers || !dma_take_footprint(engine, pages, 1)) {
        sink_printf(complaints, "iommu-testdev at 0x%04x: no BAR 0 or no memory",
                    engine->function->bdf);
        return false;
    }
    for (unsigned i = 0; i < WORDS; i++)
        content[i] = WRITTEN_VALUE;
    states_used++;
    engine->ops = &ops;
    engine->state = testdev;
    engine->can_write = true;
    engine->min_length = engine->step = sizeof(uint32_t);
    engine->max_length = sizeof(content);
    engine->content = (const uint8_t *)content;
    return true;
}
