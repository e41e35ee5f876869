// SPDX-License-Identifier: BSD-2-Clause
#include "tests/suites/stress/walk.h"

#include <stdio.h>
#include <string.h>

#include "lib/array/array.h"
#include "tests/framework/ledger.h"
#include "tests/framework/properties.h"
#include "tests/framework/report.h"
#include "tests/suites/stress/generate.h"

#define REQUESTS_PER_PROBE 10

typedef unsigned long long ull;

static void add_endpoints(struct walk *walk)
{
    struct fixture *fixture = walk->test->fixture;

    for (unsigned i = 0; i < fixture->endpoint_count; i++) {
        uint32_t id = fixture->endpoints[i].id;
        unsigned count;
        const struct reserved_region *regions = reserved_regions(walk->test, id, &count);

        model_add_endpoint(walk->model, id);
        for (unsigned r = 0; r < count; r++)
            if (regions[r].first <= regions[r].last &&
                !model_add_reserved(walk->model, id, regions[r].first, regions[r].last))
                skip(walk->test, "the model has no room for %u reserved regions of each endpoint",
                     count);
    }
}

/* Every transfer looks at all of it, so it is not too large where granules are. */
static void take_arena(struct walk *walk)
{
    uint64_t unit = memory_unit(walk->test);
    unsigned count = unit * WALK_ARENA <= WALK_BYTES ? WALK_ARENA : (unsigned)(WALK_BYTES / unit);

    count = count < WALK_LEAST ? WALK_LEAST : count;
    walk->arena = memory_units(walk->test, count);
    walk->arena_size = count * unit;
    memset(walk->arena, WALK_POISON, walk->arena_size);
}

void walk_begin(struct walk *walk, struct test *test)
{
    memset(walk, 0, sizeof(*walk));
    walk->test = test;
    walk->viommu = fixture_iommu(test);
    walk->model = fixture_pages(test, sizeof(*walk->model) / PAGE_SIZE + 1);
    take_arena(walk);
    walk->window = free_iova_of(test, WALK_WINDOW * viommu_granule(walk->viommu));
    for (unsigned i = 0; walk->engine_count < WALK_ENGINES && fixture_writer(test, i); i++) {
        struct dma_engine *engine = fixture_writer(test, i);

        if (engine->is_slow || !walk_can_transfer(walk->viommu) ||
            !footprint_can_be_mapped(test, engine))
            continue;
        prepare_engine(test, engine);
        walk->engines[walk->engine_count++] = engine;
    }

    const struct model_config config = ledger_config(test);

    model_init(walk->model, &config, config.bypass_config);
    add_endpoints(walk);
}

void walk_print_episode(const struct walk *walk)
{
    char text[VIOMMU_REQUEST_TEXT];

    report_diagnostic("seed %llu, episode %llu, from a fresh device:",
                      (ull)walk->test->fixture->options->seed, (ull)walk->episodes);
    for (unsigned i = 0; i < walk->step_count; i++) {
        viommu_request_text(&walk->steps[i].request, text);
        report_diagnostic("%3u %s: %s", i + 1, text, viommu_status_text(walk->steps[i].status));
    }
}

/*
 * Reports a violation. The model does not follow the device from here on, so the episode ends; the
 * walk goes on without requests that this clause judges.
 */
static bool violated(struct walk *walk, enum clause clause, const char *text)
{
    expect(walk->test, clause, false, "%s", text);
    if (clause_severity(clause, clause_row(clause)->impact) == CLAUSE_FAIL)
        walk_print_episode(walk);
    walk->excluded[clause] = true;
    return false;
}

/* What came back is compared with the model. False: they disagree, and the episode is over. */
static bool judge(struct walk *walk, const struct viommu_request *request,
                  const struct model_answer *answer, const struct viommu_reply *reply)
{
    bool answered = reply->outcome == VIOMMU_ANSWERED;
    char text[VIOMMU_REQUEST_TEXT] = "", finding[2 * VIOMMU_REQUEST_TEXT];
    bool is_permitted = answered && !reply->out_of_bounds &&
                        reply->status <= VIRTIO_IOMMU_S_NOMEM &&
                        answer->permitted >> reply->status & 1;

    report_life();
    walk->requests++;
    if (walk->step_count < ARRAY_LENGTH(walk->steps))
        walk->steps[walk->step_count++] =
            (struct walk_step){.request = *request, .status = reply->status};
    fixture_remember(walk->test, request, reply->status);
    if (!is_permitted)
        viommu_request_text(request, text);
    require(walk->test, IOMMU_OP_P01, reply->outcome <= VIOMMU_UNWRITTEN, "%s: no answer", text);
    walk->refused += reply->status != VIRTIO_IOMMU_S_OK;
    if (!is_permitted) {
        snprintf(finding, sizeof(finding), "%s: %s%s, expected %s", text, viommu_reply_text(reply),
                 reply->out_of_bounds ? " and stray bytes" : "",
                 viommu_status_text(answer->status));
        return violated(walk, reply->out_of_bounds ? IOMMU_OP_P02 : answer->clause, finding);
    }
    expect(walk->test, answer->clause, true, "as the model says");
    return model_apply(walk->model, request->bytes, request->length, reply->status);
}

/* Sends one request to device and model. */
static bool step(struct walk *walk, const struct viommu_request *request)
{
    struct model_answer answer = model_judge(walk->model, request->bytes, request->length);
    struct viommu_reply reply = viommu_submit(walk->viommu, request);

    return judge(walk, request, &answer, &reply);
}

/*
 * An engine's own pages must be reachable wherever it is attached. Before that, a late notification
 * may have made it look at its rings and fail, so it is started again.
 */
static bool map_footprint(struct walk *walk, const struct viommu_request *attach)
{
    const struct model_endpoint *endpoint =
        model_find_endpoint(walk->model, attach->attach.endpoint);

    for (unsigned i = 0; i < walk->engine_count; i++) {
        struct dma_engine *engine = walk->engines[i];

        if (!endpoint || engine->endpoint != endpoint->id)
            continue;
        engine->needs_start = true;
        if (!endpoint->domain || endpoint->domain->bypass ||
            model_find_mapping(endpoint->domain, engine->footprint))
            continue;

        const struct viommu_request map = footprint_map(walk->test, endpoint->domain->id, engine);

        if (!step(walk, &map))
            return false;
    }
    return true;
}

/*
 * After an UNMAP that was refused because it would split, everything that it covers must still be
 * mapped (UNMAP-D07): MAP of the same range is refused.
 */
static bool nothing_was_removed(struct walk *walk, const struct viommu_request *unmap)
{
    const struct model_domain *domain = model_find_domain(walk->model, unmap->unmap.domain);

    for (unsigned i = 0; domain && i < domain->count; i++) {
        const struct model_mapping *mapping = &domain->mappings[i];
        struct viommu_request again = viommu_map(domain->id, mapping->first, mapping->last,
                                                 mapping->physical, mapping->flags);

        if (mapping->first > unmap->unmap.virt_end || mapping->last < unmap->unmap.virt_start)
            continue;
        walk->requests++;
        if (viommu_submit(walk->viommu, &again).status != VIRTIO_IOMMU_S_INVAL)
            return violated(walk, IOMMU_UNMAP_D07, "a refused UNMAP removed a mapping");
    }
    return true;
}

/*
 * Requests in one notification, as a driver sends them. The device may handle them in any order, so
 * none of them concerns what another does, and each is judged by the state before all of them.
 */
static bool random_batch(struct walk *walk, unsigned limit, unsigned *sent)
{
    struct viommu_request requests[WALK_BATCH];
    struct viommu_reply replies[WALK_BATCH];
    struct model_answer answers[WALK_BATCH];
    unsigned count = generate_batch(walk, requests, limit);
    bool agrees = true;

    *sent = count;
    for (unsigned i = 0; i < count; i++)
        answers[i] = model_judge(walk->model, requests[i].bytes, requests[i].length);
    viommu_submit_batch(walk->viommu, requests, count, replies);
    for (unsigned i = 0; i < count; i++)
        agrees &= judge(walk, &requests[i], &answers[i], &replies[i]);
    for (unsigned i = 0; agrees && i < count; i++) {
        if (answers[i].clause == IOMMU_UNMAP_D06)
            agrees = nothing_was_removed(walk, &requests[i]);
        else if (requests[i].head.type == VIRTIO_IOMMU_T_ATTACH)
            agrees = map_footprint(walk, &requests[i]);
    }
    return agrees;
}

bool walk_episode(struct walk *walk)
{
    unsigned count;

    walk->episodes++;
    walk->step_count = 0;
    fixture_restart_detached(walk->test);
    ledger_lose(); /* the walk has a model of its own */
    model_reset(walk->model);
    if (walk->model->config.bypass_config) {
        walk->model->bypass = rng_chance(&walk->test->rng, 1, 2);
        viommu_set_bypass(walk->viommu, walk->model->bypass);
    }
    for (unsigned i = 0; i < walk->engine_count; i++)
        walk->engines[i]->needs_start = true;
    for (unsigned done = 0; done < WALK_EPISODE; done += count ? count : 1) {
        if (!random_batch(walk, WALK_EPISODE - done, &count))
            return true;
        for (unsigned i = 0; walk->engine_count && i < count; i++)
            if (rng_chance(&walk->test->rng, 1, REQUESTS_PER_PROBE) && !walk_transfer(walk))
                return false;
    }
    return true;
}

void walk_print(const struct walk *walk)
{
    report_diagnostic("%llu episodes, %llu requests (%llu refused), %llu transfers (%llu denied)",
                      (ull)walk->episodes, (ull)walk->requests, (ull)walk->refused,
                      (ull)walk->transfers, (ull)walk->denied);
}
