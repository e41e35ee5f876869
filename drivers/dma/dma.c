// SPDX-License-Identifier: BSD-2-Clause
/* The table of engines, and what is the same for all of them: limits, start, content. */
#include "drivers/dma/dma.h"

#include "drivers/dma/engines.h"
#include "lib/array/array.h"

const char *dma_result_text(enum dma_result result)
{
    static const char *const texts[] = {
        [DMA_COMPLETED] = "completed",
        [DMA_REFUSED] = "reported an error",
        [DMA_NO_ANSWER] = "did not answer",
        [DMA_CANNOT] = "cannot do it",
    };

    return texts[result];
}

static const struct kind {
    uint16_t vendor, device; /* on PCI */
    uint32_t virtio_id;      /* on virtio-mmio; 0: never there */
    bool (*open)(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics);
} kinds[] = {
    {VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE(2), 2, virtio_blk_open},
    {VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE(4), 4, virtio_rng_open},
    {0x1b36, 0x0005, 0, testdev_open},
    {0x1234, 0x11e8, 0, edu_open},
};

static const struct kind *kind_of(const struct device_location *place)
{
    for (const struct kind *kind = kinds; kind < kinds + ARRAY_LENGTH(kinds); kind++)
        if (place->function
                ? place->function->vendor == kind->vendor && place->function->device == kind->device
                : place->block->device == kind->virtio_id)
            return kind;
    return NULL;
}

/* What every engine gets, and where from. */
struct supply {
    struct pages *pages;
    size_t alignment;
    const struct sink *diagnostics;
};

/* Opens the engine at `place`, if one is there; returns how many that makes. */
static unsigned open_engine(struct device_location place, const struct supply *supply,
                            struct dma_engine *engine)
{
    const struct kind *kind = kind_of(&place);

    if (!kind)
        return 0;
    *engine = (struct dma_engine){.place = place, .needs_start = true, .reach = UINT64_MAX};
    /* Engines are polled. A line that nobody lowers would block other devices on it. */
    if (place.function)
        pci_command(place.function, PCI_COMMAND_INTX_DISABLE, 0);
    pages_align(supply->pages, supply->alignment);
    return kind->open(engine, supply->pages, supply->diagnostics);
}

/* The same for the next of `count` engines, if there is room. */
static unsigned add_engine(struct device_location place, const struct supply *supply,
                           struct dma_engine *engines, unsigned count)
{
    char text[LOCATION_TEXT];

    if (count < DMA_MAX_ENGINES)
        return open_engine(place, supply, &engines[count]);
    if (kind_of(&place))
        sink_printf(supply->diagnostics, "DMA engine at %s is not used, expected %d at most",
                    location_text(&place, text), DMA_MAX_ENGINES);
    return 0;
}

unsigned dma_find_engines(const struct platform *platform, struct pages *pages, size_t alignment,
                          struct dma_engine *engines, const struct sink *diagnostics)
{
    const struct supply supply = {pages, alignment, diagnostics};
    const struct pci *pci = &platform->pci;
    unsigned count = 0;

    for (unsigned i = 0; i < pci->function_count; i++)
        count += add_engine((struct device_location){.function = &pci->functions[i]}, &supply,
                            engines, count);
    for (unsigned i = 0; i < platform->block_count; i++)
        count += add_engine((struct device_location){.block = &platform->blocks[i]}, &supply,
                            engines, count);
    return count;
}

static bool can(const struct dma_engine *engine, uint32_t length)
{
    return length >= engine->min_length && length <= engine->max_length &&
           length % engine->step == 0;
}

static bool ready(struct dma_engine *engine)
{
    bool needs_reset = engine->ops->needs_reset && engine->ops->needs_reset(engine);

    if (!engine->needs_start && !needs_reset)
        return true;
    engine->needs_start = !engine->ops->start(engine);
    return !engine->needs_start;
}

/*
 * After anything but success the engine's own state can't be relied on, so it starts again before
 * its next transfer. One that may still be under way is ended at once, before anyone looks at the
 * memory; that start does not count, because the rings may be unreachable now and a device that
 * can't read them is broken (QEMU's virtio devices then ask for a reset).
 */
static enum dma_result settle(struct dma_engine *engine, enum dma_result result)
{
    if (result == DMA_NO_ANSWER)
        engine->ops->start(engine);
    engine->needs_start = result != DMA_COMPLETED;
    return result;
}

enum dma_result dma_prepare(struct dma_engine *engine, uint64_t timeout_ns)
{
    if (!ready(engine))
        return DMA_CANNOT;
    if (!engine->ops->prepare)
        return DMA_COMPLETED;
    return settle(engine, engine->ops->prepare(engine, timeout_ns));
}

enum dma_result dma_write(struct dma_engine *engine, uint64_t address, uint32_t length,
                          uint64_t timeout_ns)
{
    if (!engine->can_write || !can(engine, length) || !ready(engine))
        return DMA_CANNOT;
    return settle(engine, engine->ops->write(engine, address, length, timeout_ns));
}

enum dma_result dma_read(struct dma_engine *engine, uint64_t address, uint32_t length,
                         uint64_t timeout_ns)
{
    if (!engine->can_read || !can(engine, length) || !ready(engine))
        return DMA_CANNOT;
    return settle(engine, engine->ops->read(engine, address, length, timeout_ns));
}

enum dma_result dma_report(struct dma_engine *engine, void *bytes, uint32_t length,
                           uint64_t timeout_ns)
{
    if (!engine->can_read || !can(engine, length) || !ready(engine))
        return DMA_CANNOT;
    return settle(engine, engine->ops->report(engine, bytes, length, timeout_ns));
}

bool dma_raise_msi(struct dma_engine *engine, const struct arch_msi *message)
{
    return engine->ops->raise_msi && ready(engine) && engine->ops->raise_msi(engine, message);
}

bool dma_set_line(struct dma_engine *engine, bool is_raised)
{
    if (!engine->ops->set_line || !ready(engine))
        return false;
    engine->ops->set_line(engine, is_raised);
    return true;
}

/* Each byte that is DMA_POISON becomes its complement. */
static uint64_t without_poison(uint64_t word)
{
    for (unsigned shift = 0; shift < 64; shift += 8)
        if ((word >> shift & 0xff) == DMA_POISON)
            word ^= 0xffull << shift;
    return word;
}

/* SplitMix64's finaliser: hardly two words of one engine are alike, nor of two engines. */
void dma_fill_content(const struct dma_engine *engine, uint8_t *bytes, uint32_t length)
{
    const struct device_location *place = &engine->place;
    uint64_t who = place->function ? place->function->bdf : place->block->machine->base;

    for (uint32_t i = 0; i < length; i += 8) {
        uint64_t word = (who << 32) + i + 0x9e3779b97f4a7c15;

        word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
        word = (word ^ word >> 27) * 0x94d049bb133111eb;
        *(uint64_t *)(bytes + i) = without_poison(word ^ word >> 31);
    }
}

uint8_t *dma_take_footprint(struct dma_engine *engine, struct pages *pages, uint32_t count)
{
    uint8_t *block = pages_get(pages, count);

    engine->footprint = (uintptr_t)block;
    engine->footprint_size = count * (uint64_t)PAGE_SIZE;
    return block;
}
