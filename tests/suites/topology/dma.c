// SPDX-License-Identifier: BSD-2-Clause
/* What the descriptions of the topology say, against the DMA of every engine. */
#include "tests/framework/transfer.h"

#define SUITE "topology.dma"

#define PREPARE_NS 2000000000ull

/*
 * The proof that an endpoint's id is the one that the IOMMU sees its requests under, behind
 * whatever bridges it may be, and shared or not.
 */
TEST(every_dma_engine_goes_by_its_endpoint, .clauses = CLAUSES(TOPO_DMA_D01),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    struct target target = target_new(test, 1);
    uint64_t iova = free_iova(test);
    uint32_t domain = fixture_domain(test, 0);
    unsigned judged = 0;

    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *engine = &test->fixture->engines[i];

        if (!engine->is_managed || !engine->can_write || !dma_is_usable(engine))
            continue;
        prepare_engine(test, engine);
        attach_engine(test, domain, engine);
        expect_write_denied(test, TOPO_DMA_D01, engine, iova, &target, transfer_length(engine));
        require_ok(test, viommu_map(domain, iova, iova + target.unit - 1, target_physical(&target),
                                    READ_WRITE));
        expect_write_lands(test, TOPO_DMA_D01, engine, iova, &target, 0, transfer_length(engine));
        require_ok(test, viommu_detach(domain, engine->endpoint));
        judged++;
    }
    if (!judged)
        skip(test, "there is no DMA engine");
}

/*
 * Whether a description has an IOMMU for the engine, be it one that is not open here, or a
 * description that is not used.
 */
static bool is_described(struct test *test, const struct dma_engine *engine)
{
    const struct platform *platform = test->fixture->platform;
    struct topology_match match;

    return platform_find_endpoint(platform, &engine->place, &match) ||
           location_find_endpoint(&engine->place, &platform->unused, &match);
}

/* Who names an IOMMU by an option, and no endpoint, says nothing of what is left out. */
static bool has_description(const struct topology *topology)
{
    bool is_described = topology->range_count || topology->has_maps;

    for (unsigned i = 0; i < topology->iommu_count; i++)
        is_described |= topology->iommus[i].source != TOPOLOGY_OPTIONS;
    return is_described;
}

/*
 * No description says by which id the engine could be let through, if the IOMMU has it after all.
 */
static void prepare_outside(struct test *test, struct dma_engine *engine, bool has_bypass)
{
    if (has_bypass) {
        viommu_set_bypass(fixture_iommu(test), 1);
        prepare_engine(test, engine);
        viommu_set_bypass(fixture_iommu(test), 0);
        return;
    }

    enum dma_result result = dma_prepare(engine, PREPARE_NS);

    require(test, TOPO_DMA_D02, result == DMA_COMPLETED, "%s: cannot load its content: %s",
            engine->ops->name, dma_result_text(result));
}

/* Where bypass is off, or not even offered, what passes the IOMMU without being attached is
 * blocked. */
TEST(what_is_not_described_is_not_translated, .clauses = CLAUSES(TOPO_DMA_D02),
     .needs = NEEDS_IOMMU)
{
    struct target target = target_new(test, 1);
    bool has_bypass = viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_BYPASS_CONFIG);
    unsigned judged = 0;

    if (!has_description(&test->fixture->platform->topology))
        skip(test, "nothing describes the topology, so that nothing is left out of it");
    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *engine = &test->fixture->engines[i];

        if (engine->bypasses || !engine->can_write || is_described(test, engine))
            continue;
        prepare_outside(test, engine, has_bypass);
        expect_write_lands(test, TOPO_DMA_D02, engine, target_physical(&target), &target, 0,
                           transfer_length(engine));
        judged++;
    }
    if (has_bypass)
        viommu_set_bypass(fixture_iommu(test), 1);
    if (!judged)
        skip(test, "there is no DMA engine that no description covers");
}
