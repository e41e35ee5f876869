// SPDX-License-Identifier: BSD-2-Clause
/*
 * QEMU's iommu-testdev (docs/specs/iommu-testdev, since QEMU 11): writes one fixed word, repeated,
 * to an address through the IOMMU. Then it reads a physical address without the IOMMU and reports
 * whether the word is there; that is ignored, because the caller verifies memory. It can write
 * nothing else and keeps nothing that it reads, so it is an engine that only writes.
 */
#include "drivers/dma/engines.h"
#include "lib/array/array.h"

/* BAR 0 */
#define TRIGGER      0x00 /* reading it carries an armed transfer out */
#define VIRTUAL_LOW  0x04
#define VIRTUAL_HIGH 0x08
#define LENGTH       0x0c
#define RESULT       0x10
#define DOORBELL     0x14
#define ATTRIBUTES   0x18
#define CHECK_LOW    0x1c
#define CHECK_HIGH   0x20

#define DOORBELL_ARM         1u
#define ATTRIBUTES_NONSECURE (1u << 1)
#define RESULT_DONE          0u
#define RESULT_BUSY          0xfffffffeu
#define RESULT_READ_FAILED   0xdead0003u /* of the check, as is the next */
#define RESULT_MISMATCH      0xdead0004u
#define WRITTEN_VALUE        0x12345678u

struct testdev {
    volatile uint8_t *registers;
};

static struct testdev states[DMA_MAX_ENGINES];
static unsigned states_used;

static bool start(struct dma_engine *engine)
{
    const struct testdev *testdev = engine->state;

    pci_command(engine->place.function, PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER, 0);
    mmio_write32(testdev->registers + DOORBELL, 0);
    return true;
}

static void write_pair(const struct testdev *testdev, unsigned low, unsigned high, uint64_t value)
{
    mmio_write32(testdev->registers + low, (uint32_t)value);
    mmio_write32(testdev->registers + high, (uint32_t)(value >> 32));
}

static enum dma_result write(struct dma_engine *engine, uint64_t address, uint32_t length,
                             uint64_t timeout_ns)
{
    const struct testdev *testdev = engine->state;
    struct wait wait = arch_wait_begin(timeout_ns);
    uint32_t result;

    write_pair(testdev, VIRTUAL_LOW, VIRTUAL_HIGH, address);
    /* The check reads physical memory, so never at `address`: registers may be there. */
    write_pair(testdev, CHECK_LOW, CHECK_HIGH, engine->footprint);
    mmio_write32(testdev->registers + LENGTH, length);
    mmio_write32(testdev->registers + ATTRIBUTES, ATTRIBUTES_NONSECURE);
    mmio_write32(testdev->registers + DOORBELL, DOORBELL_ARM);
    dma_wmb();
    (void)mmio_read32(testdev->registers + TRIGGER);
    while ((result = mmio_read32(testdev->registers + RESULT)) == RESULT_BUSY)
        if (!arch_wait_goes_on(&wait))
            return DMA_NO_ANSWER;
    dma_rmb(); /* what was written is read after this */
    return result == RESULT_DONE || result == RESULT_READ_FAILED || result == RESULT_MISMATCH
               ? DMA_COMPLETED
               : DMA_REFUSED;
}

static const struct dma_engine_ops ops = {
    .name = "iommu-testdev",
    .start = start,
    .write = write,
};

/*
 * QEMU's pci-testdev has the same vendor and device id. Its registers do not keep what is written;
 * addresses alone start nothing in either of them.
 */
static bool keeps_addresses(const struct testdev *testdev)
{
    static const uint64_t values[] = {0x5aa5c33c96690ff0, 0xa55a3cc36996f00f, 0};
    bool keeps = true;

    for (unsigned i = 0; i < ARRAY_LENGTH(values); i++) {
        write_pair(testdev, VIRTUAL_LOW, VIRTUAL_HIGH, values[i]);
        keeps &= mmio_read32(testdev->registers + VIRTUAL_LOW) == (uint32_t)values[i] &&
                 mmio_read32(testdev->registers + VIRTUAL_HIGH) == values[i] >> 32;
    }
    return keeps;
}

bool testdev_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics)
{
    static uint32_t content[PAGE_SIZE / sizeof(uint32_t)];
    struct testdev *testdev = &states[states_used];
    char text[LOCATION_TEXT];

    testdev->registers = pci_map_bar(engine->place.function, 0);
    if (testdev->registers && !keeps_addresses(testdev)) {
        sink_printf(diagnostics,
                    "1b36:0005 at %s: its registers keep no address, so it is no iommu-testdev; "
                    "not driven",
                    location_text(&engine->place, text));
        return false;
    }
    if (!testdev->registers || !dma_take_footprint(engine, pages, 1)) {
        sink_printf(diagnostics, "iommu-testdev at 0x%04x: no BAR 0 or no memory",
                    engine->place.function->bdf);
        return false;
    }
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(uint32_t); i++)
        content[i] = WRITTEN_VALUE;
    states_used++;
    engine->ops = &ops;
    engine->state = testdev;
    engine->can_write = true;
    engine->min_length = sizeof(uint32_t);
    engine->step = 1;
    engine->max_length = sizeof(content);
    engine->content = (const uint8_t *)content;
    return true;
}
