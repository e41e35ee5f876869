/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines, one file each. A new one is a file with an open function, a line here, and a row in
 * the table of dma.c.
 */
#pragma once

#include "drivers/dma/dma.h"

/*
 * Fills `engine` for the device at `engine->place`, which dma.c has identified, with memory from
 * `pages`; false: the device can't be used, and a diagnostic says why.
 */
bool edu_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics);
bool virtio_blk_open(struct dma_engine *engine, struct pages *pages,
                     const struct sink *diagnostics);
bool virtio_rng_open(struct dma_engine *engine, struct pages *pages,
                     const struct sink *diagnostics);
bool testdev_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics);

/* Bytes that differ by position and by engine, none DMA_POISON; `length` is a multiple of 8. */
void dma_fill_content(const struct dma_engine *engine, uint8_t *bytes, uint32_t length);
/* Takes the engine's own pages; NULL when there are none left. */
uint8_t *dma_take_footprint(struct dma_engine *engine, struct pages *pages, uint32_t count);
