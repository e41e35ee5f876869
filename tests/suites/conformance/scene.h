/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of translation begin with: an engine in a domain, and a target to map for it. */
#pragma once

#include "tests/framework/transfer.h"

struct scene {
    struct dma_engine *engine;
    struct target target;
    uint32_t domain;
    uint64_t at; /* where tests map */
};

/* With `pages` of target, of which nothing is mapped yet. */
struct scene scene_new(struct test *test, struct dma_engine *engine, unsigned pages);
/* Detaches the engine, which ends the domain and its mappings. */
void scene_end(struct test *test, const struct scene *scene);
/* Maps pages first..last of the target, at the same pages from scene->at on. */
void scene_map(struct test *test, const struct scene *scene, unsigned first, unsigned last,
               uint32_t flags);
/* The last address that may be mapped for the engine, and that it reaches. */
uint64_t scene_last(struct test *test, const struct scene *scene);
/* Skips the test if that is not the last address that may be mapped. */
void scene_skip_beyond_reach(struct test *test, const struct scene *scene);
