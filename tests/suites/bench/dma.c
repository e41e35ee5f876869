// SPDX-License-Identifier: BSD-2-Clause
/* What a translation costs the endpoint: one short transfer, mapped and in bypass. */
#include "tests/framework/transfer.h"
#include "tests/suites/bench/measure.h"

#define SUITE "bench"

#define TRANSFERS 200
#define TIMEOUT   1000000000ull

static void measure(struct test *test, const char *operation, const char *job,
                    struct dma_engine *engine, uint64_t address, uint32_t length)
{
    const struct row row = {.operation = operation, .job = job, .batch = 1, .size = length};
    struct series series = series_new(test, TRANSFERS);

    for (unsigned i = 0; i < TRANSFERS; i++) {
        uint64_t start = arch_cycles();
        enum dma_result result = dma_write(engine, address, length, TIMEOUT);
        const struct phases phases = {.wait = arch_cycles() - start, .regions = 1};

        require(test, IOMMU_MAP_P01, result == DMA_COMPLETED, "a transfer %s",
                dma_result_text(result));
        series_add(&series, &phases, 1);
    }
    print_row(test, &row, &series);
}

TEST(dma_latency, .needs = NEEDS_DMA | NEEDS_MAP_UNMAP | NEEDS_BYPASS_CONFIG, .is_optional = true,
     .limit_s = 60)
{
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test);

    if (test->fixture->options->icount)
        skip(test, "the engines answer from other threads, whose work no instruction counts");
    print_header(test);
    for (unsigned n = 0; fixture_writer(test, n) && !fixture_writer(test, n)->is_slow; n++) {
        struct dma_engine *engine = fixture_writer(test, n);

        prepare_engine(test, engine);
        measure(test, engine->ops->name, "bypass", engine, target_physical(&target), 512);
        attach_engine(test, fixture_domain(test, n), engine);
        require_ok(test, viommu_map(fixture_domain(test, n), at, at + target.unit - 1,
                                    target_physical(&target), READ_WRITE));
        measure(test, engine->ops->name, "mapped", engine, at, 512);
    }
}
