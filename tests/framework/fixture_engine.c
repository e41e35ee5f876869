// SPDX-License-Identifier: BSD-2-Clause
/* The choice among the DMA engines that fixture_open() has found. */
#include <string.h>

#include "tests/framework/fixture.h"

static bool shares_endpoint(const struct dma_engine *engine, struct dma_engine *const *others,
                            unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (others[i]->endpoint == engine->endpoint)
            return true;
    return false;
}

/*
 * The n-th managed engine that satisfies `wanted`, quick ones first; NULL when there are fewer.
 * Each is another endpoint, so that what is asked for one says nothing about the next.
 */
static struct dma_engine *find_engine(struct test *test, unsigned n,
                                      bool (*wanted)(const struct dma_engine *))
{
    struct fixture *fixture = test->fixture;
    struct dma_engine *found[DMA_MAX_ENGINES];
    unsigned count = 0;

    for (unsigned slow = 0; slow < 2; slow++)
        for (unsigned i = 0; i < fixture->engine_count; i++) {
            struct dma_engine *engine = &fixture->engines[i];

            if (!engine->is_managed || !dma_is_usable(engine) || engine->is_slow != slow ||
                !wanted(engine) || shares_endpoint(engine, found, count))
                continue;
            if (count == n)
                return engine;
            found[count++] = engine;
        }
    return NULL;
}

static bool reads_and_writes(const struct dma_engine *engine)
{
    return engine->can_read && engine->can_write;
}

static bool writes(const struct dma_engine *engine)
{
    return engine->can_write;
}

static bool is_exact(const struct dma_engine *engine)
{
    return reads_and_writes(engine) && engine->min_length == 1 && engine->step == 1;
}

static bool raises_msi(const struct dma_engine *engine)
{
    return engine->can_raise_msi;
}

struct dma_engine *fixture_engine(struct test *test)
{
    return find_engine(test, 0, reads_and_writes);
}

struct dma_engine *fixture_writer(struct test *test, unsigned n)
{
    return find_engine(test, n, writes);
}

struct dma_engine *fixture_exact_engine(struct test *test)
{
    return find_engine(test, 0, is_exact);
}

struct dma_engine *fixture_msi_engine(struct test *test)
{
    return find_engine(test, 0, raises_msi);
}

static bool is_translated(struct fixture *fixture, const struct dma_engine *engine)
{
    struct topology_match match;

    if (engine->bypasses)
        return false;
    if (fixture->has_iommu)
        return !viommu_has(&fixture->iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG);
    return platform_find_endpoint(fixture->platform, &engine->place, &match);
}

struct dma_engine *fixture_untranslated_engine(struct test *test, const char *name, unsigned n)
{
    struct fixture *fixture = test->fixture;

    for (unsigned i = 0; i < fixture->engine_count; i++)
        if (!strcmp(fixture->engines[i].ops->name, name) &&
            !is_translated(fixture, &fixture->engines[i]) && !n--)
            return &fixture->engines[i];
    return NULL;
}
