// SPDX-License-Identifier: BSD-2-Clause
#include "tests/suites/conformance/scene.h"

#include "tests/framework/properties.h"

struct scene scene_new(struct test *test, struct dma_engine *engine, unsigned pages)
{
    struct scene scene = {.engine = engine,
                          .target = target_new(test, pages),
                          .domain = fixture_domain(test, 0),
                          .at = free_iova(test)};

    if (viommu_granule(fixture_iommu(test)) > PAGE_SIZE)
        skip(test, "the granule is larger than a page of the target");
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
    require_ok(test, viommu_map(scene->domain, scene->at + first * PAGE_SIZE,
                                scene->at + (last + 1) * PAGE_SIZE - 1,
                                target_physical(&scene->target) + first * PAGE_SIZE, flags));
}

uint64_t scene_last(struct test *test, const struct scene *scene)
{
    uint64_t last = last_mappable(test, scene->engine->endpoint);

    return last < scene->engine->reach ? last : scene->engine->reach;
}

/* An IOMMU that takes fewer bits of an address looks the same. */
void scene_skip_beyond_reach(struct test *test, const struct scene *scene)
{
    if (scene->engine->reach < last_mappable(test, scene->engine->endpoint))
        skip(test, "%s does not reach beyond 0x%llx, or the IOMMU does not",
             scene->engine->ops->name, (unsigned long long)scene->engine->reach);
}
