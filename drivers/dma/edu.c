// SPDX-License-Identifier: BSD-2-Clause
/*
 * QEMU's educational device (docs/specs/edu): one transfer at a time between memory and a buffer of
 * 4 KiB inside the device, of any length and alignment, 100 ms of virtual time each. It never
 * reports an error. It drops the bits of an address that its property dma_mask has not, by default
 * all from bit 28 on, and no register shows the mask: a machine has to set dma_mask to all ones, or
 * transfers above 256 MiB go to the wrong place.
 */
#include <string.h>

#include "drivers/dma/engines.h"
#include "drivers/pci/msi.h"

#define INTERRUPT_STATE 0x24
#define INTERRUPT_RAISE 0x60
#define INTERRUPT_ACK   0x64
#define DMA_SOURCE      0x80
#define DMA_DESTINATION 0x88
#define DMA_COUNT       0x90
#define DMA_COMMAND     0x98
#define DMA_START       1u
#define DMA_TO_MEMORY   2u
#define BUFFER_ADDRESS  0x40000
/* The buffer has 4096 bytes, but QEMU 7.2 takes a transfer of all of them for an overrun. */
#define BUFFER_SIZE 4095u

/* The footprint: a page of content, a page to report into. */
enum { CONTENT_PAGE, REPORT_PAGE, FOOTPRINT_PAGES };

struct edu {
    volatile uint8_t *registers;
    bool holds_content;
};

static struct edu states[DMA_MAX_ENGINES];
static unsigned states_used;

static void write64(const struct edu *edu, unsigned offset, uint64_t value)
{
    mmio_write64(edu->registers + offset, value);
}

static enum dma_result wait_idle(const struct edu *edu, uint64_t timeout_ns)
{
    struct wait wait = arch_wait_begin(timeout_ns);

    while (mmio_read32(edu->registers + DMA_COMMAND) & DMA_START)
        if (!arch_wait_slowly(&wait))
            return DMA_NO_ANSWER;
    dma_rmb(); /* what was transferred is read after this */
    return DMA_COMPLETED;
}

static enum dma_result transfer(struct dma_engine *engine, uint64_t address, uint32_t length,
                                uint32_t direction, uint64_t timeout_ns)
{
    const struct edu *edu = engine->state;
    bool to_memory = direction == DMA_TO_MEMORY;

    write64(edu, DMA_SOURCE, to_memory ? BUFFER_ADDRESS : address);
    write64(edu, DMA_DESTINATION, to_memory ? address : BUFFER_ADDRESS);
    write64(edu, DMA_COUNT, length);
    dma_wmb();
    mmio_write32(edu->registers + DMA_COMMAND, DMA_START | direction);
    return wait_idle(edu, timeout_ns);
}

/* A transfer under way can't be stopped; it is waited for. */
static bool start(struct dma_engine *engine)
{
    const struct edu *edu = engine->state;

    pci_command(engine->place.function, PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER, 0);
    return wait_idle(edu, 1000000000) == DMA_COMPLETED;
}

static enum dma_result load(struct dma_engine *engine, uint64_t timeout_ns)
{
    return transfer(engine, engine->footprint + CONTENT_PAGE * PAGE_SIZE, BUFFER_SIZE, 0,
                    timeout_ns);
}

static enum dma_result prepare(struct dma_engine *engine, uint64_t timeout_ns)
{
    struct edu *edu = engine->state;

    if (edu->holds_content)
        return DMA_COMPLETED;

    enum dma_result result = load(engine, timeout_ns);

    edu->holds_content = result == DMA_COMPLETED;
    return result;
}

/*
 * A read has overwritten the content, so it is loaded again. That may have failed without a sign
 * where the endpoint is blocked, so only prepare(), which is promised the footprint, notes it as
 * loaded.
 */
static enum dma_result write(struct dma_engine *engine, uint64_t address, uint32_t length,
                             uint64_t timeout_ns)
{
    const struct edu *edu = engine->state;
    enum dma_result result = edu->holds_content ? DMA_COMPLETED : load(engine, timeout_ns);

    if (result != DMA_COMPLETED)
        return result;
    return transfer(engine, address, length, DMA_TO_MEMORY, timeout_ns);
}

static enum dma_result read(struct dma_engine *engine, uint64_t address, uint32_t length,
                            uint64_t timeout_ns)
{
    struct edu *edu = engine->state;

    edu->holds_content = false;
    return transfer(engine, address, length, 0, timeout_ns);
}

static enum dma_result report(struct dma_engine *engine, void *bytes, uint32_t length,
                              uint64_t timeout_ns)
{
    uint8_t *page = (uint8_t *)engine->footprint + REPORT_PAGE * PAGE_SIZE;

    memset(page, 0, PAGE_SIZE);

    enum dma_result result = transfer(engine, (uintptr_t)page, length, DMA_TO_MEMORY, timeout_ns);

    memcpy(bytes, page, length);
    return result;
}

static bool raise_msi(struct dma_engine *engine, const struct arch_msi *message)
{
    const struct edu *edu = engine->state;

    if (!pci_msi_enable(engine->place.function, message))
        return false;
    mmio_write32(edu->registers + INTERRUPT_RAISE, 1);
    mmio_write32(edu->registers + INTERRUPT_ACK, 1);
    return true;
}

/* The read makes sure that the write has reached the device. */
static void set_line(struct dma_engine *engine, bool is_raised)
{
    const struct edu *edu = engine->state;
    const struct pci_function *function = engine->place.function;

    pci_command(function, is_raised ? 0 : PCI_COMMAND_INTX_DISABLE,
                is_raised ? PCI_COMMAND_INTX_DISABLE : 0);
    mmio_write32(edu->registers + (is_raised ? INTERRUPT_RAISE : INTERRUPT_ACK), 1);
    mmio_read32(edu->registers + INTERRUPT_STATE);
}

static const struct dma_engine_ops ops = {
    .name = "edu",
    .start = start,
    .prepare = prepare,
    .write = write,
    .read = read,
    .report = report,
    .raise_msi = raise_msi,
    .set_line = set_line,
};

bool edu_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics)
{
    struct edu *edu = &states[states_used];
    uint8_t *content = dma_take_footprint(engine, pages, FOOTPRINT_PAGES);

    edu->registers = pci_map_bar(engine->place.function, 0);
    if (!edu->registers || !content) {
        sink_printf(diagnostics, "edu at 0x%04x: no BAR 0 or no memory",
                    engine->place.function->bdf);
        return false;
    }
    states_used++;
    dma_fill_content(engine, content, PAGE_SIZE);
    engine->ops = &ops;
    engine->state = edu;
    engine->can_read = engine->can_write = true;
    engine->min_length = engine->step = 1;
    engine->max_length = BUFFER_SIZE;
    engine->content = content;
    engine->is_slow = true;
    engine->may_fall_short = true; /* QEMU's property dma_mask, of 28 bits by default */
    engine->can_raise_msi = pci_has_msi(engine->place.function);
    return true;
}
