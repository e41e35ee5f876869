// SPDX-License-Identifier: BSD-2-Clause
/*
 * The device from every CPU in turn: what one CPU has mapped or unmapped holds for all of them.
 * Virtio 1.4 sections 5.13.6.5 and 5.13.6.6.
 */
#include "tests/framework/cpu.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.cpus"
#define NEEDS (NEEDS_CPUS | NEEDS_MAP_UNMAP)

/* A page of a target, and the result of the step before the judgement. */
struct scene {
    struct dma_engine *engine;
    struct target target;
    uint32_t domain;
    uint64_t at;
    enum dma_result result;
};

static void open_scene(struct test *test, struct scene *scene)
{
    *scene = (struct scene){.engine = fixture_engine(test),
                            .target = target_new(test, 1),
                            .domain = fixture_domain(test, 0),
                            .at = free_iova(test)};
    prepare_engine(test, scene->engine);
    attach_engine(test, scene->domain, scene->engine);
}

static void map(struct test *test, void *context)
{
    const struct scene *scene = context;

    require_ok(test, viommu_map(scene->domain, scene->at, scene->at + scene->target.unit - 1,
                                target_physical(&scene->target), READ_WRITE));
}

static void unmap(struct test *test, void *context)
{
    const struct scene *scene = context;

    require_ok(test, viommu_unmap(scene->domain, scene->at, scene->at + scene->target.unit - 1));
}

static void transfer(struct scene *scene, bool is_denied)
{
    target_poison(&scene->target);
    scene->result = dma_write(scene->engine, scene->at, transfer_length(scene->engine),
                              transfer_timeout(scene->engine, is_denied));
}

static void transfer_mapped(struct test *test, void *context)
{
    (void)test;
    transfer(context, false);
}

static void transfer_unmapped(struct test *test, void *context)
{
    (void)test;
    transfer(context, true);
}

static void judge_landed(struct test *test, void *context)
{
    const struct scene *scene = context;

    expect_landed(test, IOMMU_MAP_P01, scene->engine, scene->at, &scene->target, 0,
                  transfer_length(scene->engine), scene->result);
}

static void judge_untouched(struct test *test, void *context)
{
    const struct scene *scene = context;

    expect_untouched(test, IOMMU_UNMAP_P02, scene->engine, scene->at, &scene->target,
                     transfer_length(scene->engine));
}

static void submit_each_type(struct test *test, void *context)
{
    uint32_t domain = fixture_domain(test, 0), endpoint = fixture_endpoint_id(test, 0);
    uint64_t first = free_iova(test), last = first + viommu_granule(fixture_iommu(test)) - 1;

    (void)context;
    expect_status(test, IOMMU_OP_D01, viommu_attach(domain, endpoint, 0), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_OP_D01,
                  viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
    expect_refused(test, IOMMU_MAP_D07,
                   viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE));
    expect_status(test, IOMMU_OP_D01, viommu_unmap(domain, first, last), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_OP_D01, viommu_detach(domain, endpoint), VIRTIO_IOMMU_S_OK);
}

/*
 * One request of each type from every CPU: catches a device or VMM that handles register accesses
 * of the boot CPU only.
 */
TEST(every_cpu_submits_requests, .clauses = CLAUSES(IOMMU_OP_P01, IOMMU_OP_D01, IOMMU_MAP_D07),
     .needs = NEEDS | NEEDS_ENDPOINT)
{
    for (unsigned cpu = 0; cpu < arch_cpu_count(); cpu++)
        run_on(test, cpu, submit_each_type, NULL);
}

/*
 * Map, transfer and judge on different CPUs, and the same for unmap. Where there are three CPUs no
 * two steps are on the same one.
 */
TEST(mapping_and_its_removal_hold_on_every_cpu, .clauses = CLAUSES(IOMMU_MAP_P01, IOMMU_UNMAP_P02),
     .needs = NEEDS | NEEDS_DMA, .limit_s = 60)
{
    unsigned count = arch_cpu_count();
    struct scene scene;

    open_scene(test, &scene);
    for (unsigned cpu = 0; cpu < count; cpu++) {
        unsigned second = (cpu + 1) % count, third = (cpu + 2) % count;

        run_on(test, cpu, map, &scene);
        run_on(test, second, transfer_mapped, &scene);
        run_on(test, third, judge_landed, &scene);
        run_on(test, third, unmap, &scene);
        run_on(test, second, transfer_unmapped, &scene);
        run_on(test, cpu, judge_untouched, &scene);
    }
}
