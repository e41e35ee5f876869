/* SPDX-License-Identifier: BSD-2-Clause */
/* The engines themselves, and what they share. */
#pragma once

#include "drivers/dma/dma.h"

/*
 * Each recognises nothing but prepares for what is at `engine->place`; false: unusable, with a
 * diagnostic.
 */
bool edu_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics);
bool virtio_blk_open(struct dma_engine *engine, struct pages *pages,
                     const struct sink *diagnostics);
bool virtio_rng_open(struct dma_engine *engine, struct pages *pages,
                     const struct sink *diagnostics);
bool testdev_open(struct dma_engine *engine, struct pages *pages, const struct sink *diagnostics);

/* Position-dependent bytes that tell one engine from another; `length` a multiple of 8. */
void dma_fill_content(const struct dma_engine *engine, uint8_t *bytes, uint32_t length);
/* Takes the engine's own pages; NULL when there are none left. */
uint8_t *dma_take_footprint(struct dma_engine *engine, struct pages *pages, uint32_t count);
