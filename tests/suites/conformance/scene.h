/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of translation begin with: an engine in a domain, and a target to map for it. */
#pragma once

#include "tests/framework/transfer.h"

struct scene {
    struct dma_engine *engine;
    struct target target;
    uint32_t domain, unit; /* of memory.h */
    uint64_t at;           /* where tests map: a multiple of a unit */
};

/* With so many units of target, of which nothing is mapped yet. */
struct scene scene_new(struct test *test, struct dma_engine *engine, unsigned units);
/* Detaches the engine, which ends the domain and its mappings. */
void scene_end(struct test *test, const struct scene *scene);
/* Maps units first..last of the target, at the same units from scene->at on. */
void scene_map(struct test *test, const struct scene *scene, unsigned first, unsigned last,
               uint32_t flags);
/* Maps unit `at` from scene->at on to unit `to` of the target. */
void scene_map_unit(struct test *test, const struct scene *scene, unsigned at, unsigned to);
/* The last address that may be mapped for the engine, and that it reaches. */
uint64_t scene_last(struct test *test, const struct scene *scene);
/* Skips the test if that is not the last address that may be mapped. */
void scene_skip_beyond_reach(struct test *test, const struct scene *scene);
