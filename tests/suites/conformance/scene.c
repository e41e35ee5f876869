// SPDX-License-Identifier: BSD-2-Clause
#include "tests/suites/conformance/scene.h"

#include "tests/framework/properties.h"

struct scene scene_new(struct test *test, struct dma_engine *engine, unsigned units)
{
    struct scene scene = {.engine = engine,
                          .target = target_new(test, units),
                          .domain = fixture_domain(test, 0),
                          .at = free_iova(test)};

    scene.unit = scene.target.unit;
    prepare_engine(test, engine);
    attach_engine(test, scene.domain, engine);
    return scene;
}

void scene_end(struct test *test, const struct scene *scene)
{
    require_ok(test, viommu_detach(scene->domain, scene->engine->endpoint));
}

void scene_map(struct test *test, const struct scene *scene, unsigned first, unsigned last,
               uint32_t flags)
{
    uint64_t unit = scene->unit;

    require_ok(test, viommu_map(scene->domain, scene->at + first * unit,
                                scene->at + (last + 1) * unit - 1,
                                target_physical(&scene->target) + first * unit, flags));
}

void scene_map_unit(struct test *test, const struct scene *scene, unsigned at, unsigned to)
{
    uint64_t unit = scene->unit, first = scene->at + at * unit;

    require_ok(test, viommu_map(scene->domain, first, first + unit - 1,
                                target_physical(&scene->target) + to * unit, READ_WRITE));
}

uint64_t scene_last(struct test *test, const struct scene *scene)
{
    uint64_t last = last_taken(test, scene->engine->endpoint);

    return last < scene->engine->reach ? last : scene->engine->reach;
}

/* An IOMMU that takes fewer bits of an address looks the same. */
void scene_skip_beyond_reach(struct test *test, const struct scene *scene)
{
    if (scene->engine->reach < last_taken(test, scene->engine->endpoint))
        skip(test, "%s does not reach beyond 0x%llx, or the IOMMU does not",
             scene->engine->ops->name, (unsigned long long)scene->engine->reach);
}
