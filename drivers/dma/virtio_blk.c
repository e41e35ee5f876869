// SPDX-License-Identifier: BSD-2-Clause
/*
 * virtio-blk (virtio 1.4 section 5.2) as an engine: write() is a disk read into the address, read()
 * a disk write from it. The content is in the first sectors of the disk, what was read in those
 * after them.
 */
#include <string.h>

#include "drivers/dma/virtio_engine.h"

#define F_RO           5
#define T_IN           0
#define T_OUT          1
#define S_OK           0
#define SECTOR         512u
#define LENGTH_MAX     65536u
#define CONTENT_SECTOR 0
#define READ_SECTOR    (LENGTH_MAX / SECTOR)
#define SECTORS        (2 * READ_SECTOR)
#define DATA_PAGES     (LENGTH_MAX / PAGE_SIZE)

/* Behind the rings: a page for header and status, the content, a buffer to report through. */
enum { HEADER_PAGE, CONTENT_PAGES, REPORT_PAGES = CONTENT_PAGES + DATA_PAGES };
#define OWN_PAGES (REPORT_PAGES + DATA_PAGES)

struct header {
    uint32_t type, reserved;
    uint64_t sector;
    uint8_t status; /* of the reply */
};

struct virtio_blk {
    struct virtio_engine engine; /* first: the shared part finds its state here */
    bool has_content;
};

static struct virtio_blk states[DMA_MAX_ENGINES];
static unsigned states_used;

static enum dma_result run(struct dma_engine *engine, uint32_t type, uint64_t sector,
                           uint64_t address, uint32_t length, uint64_t timeout_ns)
{
    struct header *header = (struct header *)virtio_engine_own_pages(engine);
    const struct virtq_segment segments[] = {
        {(uintptr_t)header, 16, false},
        {address, length, type == T_IN},
        {(uintptr_t)&header->status, 1, true},
    };
    uint32_t written;

    *header = (struct header){.type = type, .sector = sector, .status = 0xff};

    enum dma_result result = virtio_engine_run(engine, segments, 3, timeout_ns, &written);

    return result == DMA_COMPLETED && header->status != S_OK ? DMA_REFUSED : result;
}

static enum dma_result prepare(struct dma_engine *engine, uint64_t timeout_ns)
{
    struct virtio_blk *blk = engine->state;

    if (blk->has_content)
        return DMA_COMPLETED;

    enum dma_result result =
        run(engine, T_OUT, CONTENT_SECTOR, (uintptr_t)engine->content, LENGTH_MAX, timeout_ns);

    blk->has_content = result == DMA_COMPLETED;
    return result;
}

static enum dma_result write(struct dma_engine *engine, uint64_t address, uint32_t length,
                             uint64_t timeout_ns)
{
    return run(engine, T_IN, CONTENT_SECTOR, address, length, timeout_ns);
}

static enum dma_result read(struct dma_engine *engine, uint64_t address, uint32_t length,
                            uint64_t timeout_ns)
{
    return run(engine, T_OUT, READ_SECTOR, address, length, timeout_ns);
}

static enum dma_result report(struct dma_engine *engine, void *bytes, uint32_t length,
                              uint64_t timeout_ns)
{
    uint8_t *buffer = virtio_engine_own_pages(engine) + REPORT_PAGES * PAGE_SIZE;
    enum dma_result result = run(engine, T_IN, READ_SECTOR, (uintptr_t)buffer, length, timeout_ns);

    memcpy(bytes, buffer, length);
    return result;
}

static const struct dma_engine_ops ops = {
    .name = "virtio-blk",
    .start = virtio_engine_start,
    .needs_reset = virtio_engine_needs_reset,
    .prepare = prepare,
    .write = write,
    .read = read,
    .report = report,
};

bool virtio_blk_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics)
{
    struct virtio_blk *blk = &states[states_used];
    uint64_t sectors = 0;
    char text[LOCATION_TEXT];

    if (!virtio_engine_open(engine, &blk->engine, OWN_PAGES, 3, pages, diagnostics))
        return false;
    virtio_read_config(&blk->engine.device.transport, 0, 4, &sectors, sizeof(sectors));
    if (sectors < SECTORS) {
        sink_printf(diagnostics, "virtio-blk at %s: %llu sectors, expected at least %u",
                    location_text(&engine->place, text), (unsigned long long)sectors, SECTORS);
        engine->flaw = "its disk is too small";
    } else if (blk->engine.offered & VIRTIO_BIT(F_RO)) {
        engine->flaw = "its disk is read-only";
    }
    states_used++;
    engine->ops = &ops;
    engine->can_read = engine->can_write = true;
    engine->min_length = engine->step = SECTOR;
    engine->max_length = LENGTH_MAX;
    engine->content = virtio_engine_own_pages(engine) + CONTENT_PAGES * PAGE_SIZE;
    dma_fill_content(engine, (uint8_t *)engine->content, LENGTH_MAX);
    return true;
}
