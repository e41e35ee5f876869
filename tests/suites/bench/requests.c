// SPDX-License-Identifier: BSD-2-Clause
/*
 * What requests cost: one axis at a time around a MAP, an UNMAP or both of one granule, one request
 * per notification, in an otherwise empty domain.
 */
#include "lib/array/array.h"
#include "tests/framework/properties.h"
#include "tests/framework/transfer.h"
#include "tests/suites/bench/measure.h"
#include "tests/suites/bench/rangemap/rangemap.h"

#define SUITE "bench"
#define NEEDS (NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)

#define BATCH_MAX 256

/* Goals in guest instructions: a tracked pair, and a request in a batch of 64. */
#define GOAL_PAIR    400
#define GOAL_BATCHED 120
/*
 * In percent: the device's share of a tracked pair's time, growth from 1 K to 64 K live mappings.
 */
#define GOAL_SHARE  80
#define GOAL_GROWTH 20

static const struct goal pair_goal = {"tracked_pair", "instructions", GOAL_PAIR, false, true};
static const struct goal batched_goals[] = {
    {"raw_request_in_a_batch_of_64", "instructions", GOAL_BATCHED, false, true},
    {"tracked_request_in_a_batch_of_64", "instructions", GOAL_BATCHED, false, true},
};
static const struct goal share_goal = {"device_share_of_a_tracked_pair", "%", GOAL_SHARE, true,
                                       false};
static const struct goal growth_goal = {"growth_from_1024_to_65536_live", "%", GOAL_GROWTH, false,
                                        true};

/* A part of the measured region: the registers that a call saves are not the request's. */
#define measured inline __attribute__((always_inline))

enum operation { MAP, UNMAP, PAIR };

static const char *const names[] = {"map", "unmap", "map+unmap"};

/* A domain with `live` mappings at the even slots; the measured ones go to odd ones. */
struct bench {
    struct test *test;
    struct viommu *viommu;
    struct rangemap *tracker; /* NULL: the job is raw */
    uint32_t domain;
    uint64_t base, size, physical; /* every mapping leads there */
    unsigned slots;
    uint64_t at[BATCH_MAX]; /* first address of each measured mapping */
};

static void check(struct bench *bench, bool fine, const char *what)
{
    if (!fine)
        error(bench->test, "%s failed during the benchmark", what);
}

static uint64_t even_slot(const struct bench *bench, unsigned n)
{
    return bench->base + 2 * n * bench->size;
}

/* Distinct odd slots, far apart, from a random start. */
static void choose_slots(struct bench *bench, unsigned count)
{
    unsigned start = (unsigned)rng_below(&bench->test->rng, bench->slots);
    unsigned step = bench->slots / count;

    for (unsigned i = 0; i < count; i++)
        bench->at[i] = even_slot(bench, (start + i * step) % bench->slots) + bench->size;
}

/* Not given the reply itself: to have an address it would have to be put into memory each time. */
static void refused(struct bench *bench, enum viommu_outcome outcome, uint8_t status)
{
    if (status == VIRTIO_IOMMU_S_NOMEM)
        skip(bench->test, "the device has no room for as many mappings: NOMEM");
    require(bench->test, IOMMU_OP_P01, outcome <= VIOMMU_UNWRITTEN,
            "a request of the benchmark did not come back");
    require(bench->test, IOMMU_MAP_P01, false, "a valid MAP or UNMAP of the benchmark: %s",
            outcome == VIOMMU_ANSWERED ? viommu_status_text(status) : "no status");
}

static measured void collect(struct bench *bench, unsigned count)
{
    uint16_t head;

    for (unsigned i = 0; i < count; i++) {
        struct viommu_reply reply = viommu_collect(bench->viommu, &head);

        if (reply.outcome != VIOMMU_ANSWERED || reply.status != VIRTIO_IOMMU_S_OK)
            refused(bench, reply.outcome, reply.status);
    }
}

static measured void stage_maps(struct bench *bench, unsigned count)
{
    uint16_t head;

    for (unsigned i = 0; i < count; i++) {
        uint64_t first = bench->at[i], last = first + bench->size - 1;
        struct viommu_request request =
            viommu_map(bench->domain, first, last, bench->physical, READ_WRITE);

        if (bench->tracker)
            check(bench,
                  rangemap_insert(bench->tracker, first, last, bench->physical, READ_WRITE) ==
                      RANGEMAP_OK,
                  "tracking a mapping");
        check(bench, viommu_stage(bench->viommu, &request, &head), "staging a MAP");
    }
}

static measured void stage_unmaps(struct bench *bench, unsigned count)
{
    uint16_t head;

    for (unsigned i = 0; i < count; i++) {
        uint64_t first = bench->at[i], last = first + bench->size - 1;
        struct viommu_request request = viommu_unmap(bench->domain, first, last);

        if (bench->tracker)
            check(bench, rangemap_remove(bench->tracker, first, last) == RANGEMAP_OK,
                  "forgetting a mapping");
        check(bench, viommu_stage(bench->viommu, &request, &head), "staging an UNMAP");
    }
}

static measured void timed(struct bench *bench, void (*stage)(struct bench *, unsigned),
                           unsigned count, struct phases *phases)
{
    uint64_t start = arch_cycles();

    stage(bench, count);

    uint64_t staged = arch_cycles();

    viommu_notify(bench->viommu);

    uint64_t notified = arch_cycles();

    collect(bench, count);

    uint64_t collected = arch_cycles();

    phases->submit += staged - start;
    phases->notify += notified - staged;
    phases->wait += collected - notified;
    phases->regions++;
}

static void region(struct bench *bench, enum operation operation, unsigned batch,
                   struct phases *phases)
{
    struct phases unmeasured = {0};

    choose_slots(bench, batch);
    /* Regions of one length in step with a coarse clock would all be read as one and the same. */
    for (uint64_t delay = rng_below(&bench->test->rng, 256); delay; delay--)
        cpu_relax();
    timed(bench, stage_maps, batch, operation == UNMAP ? &unmeasured : phases);
    timed(bench, stage_unmaps, batch, operation == MAP ? &unmeasured : phases);
}

/* As many requests as the queue holds at once, up to BATCH_MAX. */
static unsigned capacity(const struct viommu *viommu)
{
    unsigned requests = viommu_capacity(viommu);

    return requests < BATCH_MAX ? requests : BATCH_MAX;
}

static void fill(struct bench *bench, unsigned live)
{
    unsigned chunk = capacity(bench->viommu);

    for (unsigned done = 0; done < live;) {
        unsigned count = live - done < chunk ? live - done : chunk;

        for (unsigned i = 0; i < count; i++)
            bench->at[i] = even_slot(bench, done + i);
        stage_maps(bench, count);
        viommu_notify(bench->viommu);
        collect(bench, count);
        done += count;
    }
}

/* Why the device can't do what a row is about; NULL: it can. */
static const char *lacking(const struct bench *bench, const struct row *row)
{
    const struct viommu *viommu = bench->viommu;
    uint64_t last = viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) ? viommu->config.input_range.end
                                                                   : UINT64_MAX;

    if (row->batch > capacity(viommu))
        return "the request queue does not hold as many";
    if (row->size & (viommu_granule(viommu) - 1))
        return "the granule is larger";
    if (bench->base & (row->size - 1) || bench->base > last ||
        (last - bench->base) / row->size / 2 < bench->slots)
        return "the input range has no room for the mappings";
    return NULL;
}

static void track(struct bench *bench, const struct row *row)
{
    static struct rangemap tracker;
    uint64_t granule = viommu_granule(bench->viommu);
    size_t bytes = rangemap_bytes(row->live + row->batch, granule, bench->base,
                                  even_slot(bench, bench->slots) - 1);

    rangemap_init(&tracker,
                  fixture_pages(bench->test, (unsigned)((bytes + PAGE_SIZE - 1) / PAGE_SIZE)),
                  bytes, granule);
    bench->tracker = &tracker;
}

/* Its sums, without the samples; none where the device can't do it, which a line says. */
static struct series run(struct test *test, enum operation operation, bool tracked, unsigned batch,
                         uint64_t size, unsigned live, unsigned goal)
{
    struct bench bench = {.test = test,
                          .viommu = fixture_iommu(test),
                          .domain = fixture_domain(test, 0),
                          .base = free_iova(test),
                          .size = size,
                          .slots = live > 2 * batch ? live : 2 * batch};
    const struct row row = {.operation = names[operation],
                            .job = tracked ? "tracked" : "raw",
                            .batch = batch,
                            .size = size,
                            .live = live,
                            .goal = goal};
    const char *lack = lacking(&bench, &row);
    uintptr_t mark = pages_mark(&test->fixture->pages);

    if (lack) {
        note(test, "%s %s, batch %u, size %llu, live %u: not measured, %s", row.operation, row.job,
             row.batch, (unsigned long long)row.size, row.live, lack);
        return (struct series){0};
    }

    struct series series = series_new(test, REGIONS);

    /* Aligned as what is mapped, of which an IOMMU may make one large page. */
    bench.physical =
        (memory_unused(test, 0, 2 * size / viommu_granule(bench.viommu)) + (size - 1)) & -size;
    fixture_restart_detached(test);
    require_attach(test, 0, 0);
    if (tracked)
        track(&bench, &row);
    fill(&bench, live);
    for (unsigned i = 0; i < 20 + REGIONS; i++) {
        struct phases phases = {0};

        region(&bench, operation, batch, &phases);
        if (i >= 20) /* the first ones warm up */
            series_add(&series, &phases, batch);
    }
    print_row(test, &row, &series);
    pages_release(&test->fixture->pages, mark);
    series.samples = NULL;
    expect(test, IOMMU_OP_P01, !virtq_outstanding(&bench.viommu->requests),
           "%u requests did not come back", virtq_outstanding(&bench.viommu->requests));
    return series;
}

TEST(by_requests_per_notification, .needs = NEEDS, .is_optional = true, .limit_s = 120)
{
    const unsigned batches[] = {1, 8, 64, capacity(fixture_iommu(test))};
    uint64_t granule = viommu_granule(fixture_iommu(test));

    struct series pair = {0};
    uint64_t batched[2] = {0}; /* of MAP and UNMAP, whichever takes more; by job */

    print_header(test);
    for (unsigned tracked = 0; tracked < 2; tracked++)
        for (enum operation operation = MAP; operation <= PAIR; operation++)
            for (unsigned i = 0; i < ARRAY_LENGTH(batches); i++) {
                unsigned goal = batches[i] == 64 && operation != PAIR             ? GOAL_BATCHED
                                : batches[i] == 1 && operation == PAIR && tracked ? GOAL_PAIR
                                                                                  : 0;

                struct series series = run(test, operation, tracked, batches[i], granule, 1, goal);

                if (goal == GOAL_BATCHED && series_each(&series) > batched[tracked])
                    batched[tracked] = series_each(&series);
                if (goal == GOAL_PAIR)
                    pair = series;
            }
    if (pair.operations)
        print_goal(test, &pair_goal, series_each(&pair));
    for (unsigned tracked = 0; tracked < 2; tracked++)
        if (batched[tracked])
            print_goal(test, &batched_goals[tracked], batched[tracked]);
    if (pair.operations)
        print_goal(test, &share_goal, series_device_share(&pair));
}

TEST(by_size, .needs = NEEDS, .is_optional = true, .limit_s = 120)
{
    const uint64_t sizes[] = {viommu_granule(fixture_iommu(test)), 64 << 10, 2 << 20};

    print_header(test);
    for (enum operation operation = MAP; operation <= PAIR; operation++)
        for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++)
            run(test, operation, true, 1, sizes[i], 1, 0);
}

TEST(by_live_mappings, .needs = NEEDS, .is_optional = true, .limit_s = 300, .requests = 2 * 65536)
{
    static const unsigned live[] = {1, 1024, 65536};
    uint64_t granule = viommu_granule(fixture_iommu(test));

    uint64_t each[ARRAY_LENGTH(live)]; /* of tracked pairs */

    print_header(test);
    for (unsigned tracked = 0; tracked < 2; tracked++)
        for (unsigned i = 0; i < ARRAY_LENGTH(live); i++) {
            struct series pair =
                run(test, PAIR, tracked, 1, granule, live[i], tracked ? GOAL_PAIR : 0);

            each[i] = series_each(&pair);
            run(test, PAIR, tracked, 64, granule, live[i], tracked ? 2 * GOAL_BATCHED : 0);
        }
    if (each[1] && each[2])
        print_goal(test, &growth_goal,
                   each[2] > each[1] ? stats_scale(each[2] - each[1], 100, each[1]) : 0);
}
