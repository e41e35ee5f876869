// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/state_plan.h"

#include <string.h>

#include "tests/framework/ledger.h"
#include "tests/framework/memory.h"
#include "tests/framework/state.h"
#include "tests/framework/transfer.h"

#define ENGINES      4
#define NEAR         4  /* mappings that are looked at beside a request ... */
#define ALL          12 /* ... and of a domain in a thorough test */
#define STEPS        64 /* tries for a free granule */
#define PIECES       2
#define PROVEN       64 /* requests that are known to have been proven */
#define OFTEN        3  /* proofs of one request in a row ... */
#define SELDOM       32 /* ... and then one in so many */
#define SLOW_WRITES  4  /* of a slow engine, in a test that is not thorough */
#define FAULT_PREFIX "IOMMU_FAULT"

/* Of the running test. */
static struct {
    uint8_t *scratch; /* a page that is mapped nowhere: its address is reached in bypass only */
    bool is_thorough, is_quiet;
    unsigned slow_writes;
    struct {
        uint64_t what; /* a request and its answer */
        unsigned count;
    } proven[PROVEN];
} running;

void plan_begin_test(void)
{
    memset(&running, 0, sizeof(running));
}

void state_be_thorough(void)
{
    running.is_thorough = true;
}

void state_be_quiet(void)
{
    running.is_quiet = true;
}

/* FNV-1a. */
static uint64_t hash_of(const struct viommu_request *request, uint8_t status)
{
    uint64_t hash = 0xcbf29ce484222325 ^ status;

    for (unsigned i = 0; i < sizeof(request->bytes); i++)
        hash = (hash ^ request->bytes[i]) * 0x100000001b3;
    return hash;
}

/* Loops send the same again and again: that is proven some times, and then now and then. */
bool plan_is_wanted(const struct viommu_request *request, uint8_t status)
{
    uint64_t what = hash_of(request, status);
    unsigned slot = what % PROVEN;

    if (running.is_quiet || running.is_thorough)
        return !running.is_quiet;
    if (running.proven[slot].what != what)
        running.proven[slot].count = 0;
    running.proven[slot].what = what;
    return ++running.proven[slot].count <= OFTEN || running.proven[slot].count % SELDOM == 0;
}

bool plan_is_possible(void)
{
    return !running.is_quiet;
}

static const struct viommu_request *thoroughly(const struct viommu_request *request)
{
    return running.is_thorough ? NULL : request;
}

void plan_begin(struct test *test, struct plan *plan)
{
    plan->count = 0;
    if (!running.scratch)
        running.scratch = fixture_pages(test, 1);
}

static bool is_same(const struct observation *one, const struct observation *other)
{
    return one->kind == other->kind && one->domain == other->domain && one->first == other->first &&
           one->last == other->last && one->engine == other->engine;
}

static void add(struct plan *plan, const struct observation *observation)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (is_same(&plan->observations[i], observation))
            return;
    if (plan->count < OBSERVATIONS)
        plan->observations[plan->count++] = *observation;
}

/* -- requests ---------------------------------------------------------------------------------- */

static bool is_free(const struct model_domain *domain, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; domain && i < domain->count; i++)
        if (domain->mappings[i].first <= last && domain->mappings[i].last >= first)
            return false;
    return true;
}

static void add_domain(struct test *test, struct plan *plan, const struct model *model, uint32_t id)
{
    const struct model_domain *domain = model_find_domain(model, id);
    uint64_t granule = model->config.granule, size = addresses_least(test), at;
    struct observation observation = {.kind = OBSERVE_DOMAIN, .domain = id};

    if (!addresses_free(test, &at))
        return;
    for (uint64_t i = 1; i <= STEPS && i * granule <= size; i++) {
        observation.first = at + size - i * granule;
        observation.last = observation.first + granule - 1;
        if (!is_free(domain, observation.first, observation.last))
            continue;
        add(plan, &observation);
        return;
    }
}

/* In whole granules, as MAP takes them. */
static void add_range(struct test *test, struct plan *plan, const struct model *model,
                      const struct model_domain *domain, uint64_t first, uint64_t last)
{
    uint64_t granule = model->config.granule;
    struct observation observation = {.kind = OBSERVE_RANGE,
                                      .domain = domain->id,
                                      .first = first & -granule,
                                      .last = last | (granule - 1)};

    if (addresses_can_be_mapped(test, observation.first, observation.last))
        add(plan, &observation);
}

/* The mappings at and next to [first, last], and the ends of it, which may be free. */
static void add_ranges(struct test *test, struct plan *plan, const struct model *model,
                       const struct model_domain *domain, uint64_t first, uint64_t last)
{
    uint64_t granule = model->config.granule;
    uint64_t before = first >= granule ? first - granule : 0;
    uint64_t behind = last <= UINT64_MAX - granule ? last + granule : UINT64_MAX;
    unsigned added = 0;

    for (unsigned i = 0; i < domain->count && added < (running.is_thorough ? ALL : NEAR); i++) {
        const struct model_mapping *mapping = &domain->mappings[i];

        if (mapping->first > behind || mapping->last < before)
            continue;
        add_range(test, plan, model, domain, mapping->first, mapping->last);
        added++;
    }
    if (first > last) { /* of a range that is inverted, what is between its ends */
        uint64_t end = first - 1;

        first = last + 1;
        last = end;
    }
    add_range(test, plan, model, domain, first, first);
    add_range(test, plan, model, domain, last, last);
}

static bool is_mapping(const struct viommu_request *request)
{
    return request->head.type == VIRTIO_IOMMU_T_MAP || request->head.type == VIRTIO_IOMMU_T_UNMAP;
}

static void add_requests(struct test *test, struct plan *plan, const struct model *model,
                         const struct viommu_request *request)
{
    const struct viommu_request *only = thoroughly(request);
    const struct model_endpoint *endpoint =
        request ? model_find_endpoint(model, request->attach.endpoint) : NULL;

    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MAP_UNMAP))
        return;
    if (request && request->head.type != VIRTIO_IOMMU_T_PROBE)
        add_domain(test, plan, model, request->attach.domain); /* all have it there */
    if (endpoint && !is_mapping(request) && endpoint->domain && !endpoint->domain->bypass)
        add_domain(test, plan, model, endpoint->domain->id);
    for (unsigned i = 0; i < MODEL_DOMAINS; i++) {
        const struct model_domain *domain = &model->domains[i];

        if (!domain->exists || domain->bypass)
            continue;
        if (!only)
            add_domain(test, plan, model, domain->id);
        if (!only)
            add_ranges(test, plan, model, domain, 0, UINT64_MAX);
        if (request && is_mapping(request) && domain->id == request->map.domain)
            add_ranges(test, plan, model, domain, request->map.virt_start, request->map.virt_end);
    }
}

/* -- transfers --------------------------------------------------------------------------------- */

/* Adds a write of which each place where it may arrive is memory of the test's. */
static void add_write(struct test *test, struct plan *plan, const struct model *model,
                      struct dma_engine *engine, uint64_t address, uint64_t physical)
{
    uint32_t length = transfer_length(engine);
    struct observation observation = {
        .kind = OBSERVE_WRITE, .first = address, .last = address + (length - 1), .engine = engine};
    struct model_piece pieces[PIECES];
    struct model_translation to =
        model_translate(model, engine->endpoint, address, length, MODEL_WRITE, pieces, PIECES);

    if (observation.last < address || observation.last > engine->reach ||
        addresses_have_doorbell(test, observation.first, observation.last) ||
        (to.count && (!to.allowed || to.count > 1)))
        return;
    if (to.count && !observation_watch(test, &observation, pieces[0].address))
        return;
    if (!observation_watch(test, &observation, physical))
        return;
    observation_watch(test, &observation, address);
    add(plan, &observation);
}

/* Both ends of a stretch that leads to `physical`, be it mapped in this state or not. */
static void add_writes_at(struct test *test, struct plan *plan, const struct model *model,
                          struct dma_engine *engine, const struct model_mapping *mapping)
{
    uint64_t length = transfer_length(engine), size = mapping->last - mapping->first;

    if (mapping->first > mapping->last || size < length - 1)
        return;
    add_write(test, plan, model, engine, mapping->first, mapping->physical);
    add_write(test, plan, model, engine, mapping->last - (length - 1),
              mapping->physical + (size - (length - 1)));
}

static void add_writes(struct test *test, struct plan *plan, const struct model *model,
                       struct dma_engine *engine, const struct viommu_request *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, engine->endpoint);
    const struct model_domain *domain = endpoint->domain;
    uint64_t scratch = (uintptr_t)running.scratch;
    unsigned limit = running.is_thorough ? ALL : NEAR;

    if (request && request->head.type == VIRTIO_IOMMU_T_MAP) {
        bool inverted = request->map.virt_start > request->map.virt_end;
        const struct model_mapping asked = {
            .first = inverted ? request->map.virt_end + 1 : request->map.virt_start,
            .last = inverted ? request->map.virt_start - 1 : request->map.virt_end,
            .physical = request->map.phys_start,
        };

        add_writes_at(test, plan, model, engine, &asked);
    }
    add_write(test, plan, model, engine, scratch, scratch);
    for (unsigned i = 0; domain && !domain->bypass && i < domain->count && i < limit; i++)
        add_writes_at(test, plan, model, engine, &domain->mappings[i]);
}

/* Of the engine's own endpoint, or of a domain that it is in. */
static bool concerns(const struct model *model, const struct dma_engine *engine,
                     const struct viommu_request *request)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, engine->endpoint);

    if (!request)
        return true;
    if (endpoint->domain && endpoint->domain->id == request->attach.domain)
        return true;
    return !is_mapping(request) && request->attach.endpoint == engine->endpoint;
}

/* A test of fault reports counts those that its own transfers cause. */
static bool counts_faults(const struct test *test)
{
    const enum clause *claim = test->definition->clauses;

    for (; claim && *claim; claim++)
        if (!strncmp(clause_row(*claim)->id, FAULT_PREFIX, strlen(FAULT_PREFIX)))
            return true;
    return false;
}

/*
 * Where none is quick, what there is is used sparingly. A granule that has both its footprint and
 * memory of the test would let it through there.
 */
static bool is_suitable(struct test *test, const struct dma_engine *engine)
{
    const struct pages *pages = &test->fixture->pages;

    return footprint_can_be_mapped(test, engine) &&
           (!engine->footprint_size ||
            is_apart_from_footprint(test, engine, pages->base, pages->end - 1)) &&
           (!engine->is_slow || engine == fixture_writer(test, 0));
}

void plan_for(struct test *test, struct plan *plan, const struct model *model,
              const struct viommu_request *request)
{
    struct dma_engine *engine;

    for (unsigned i = 0; i < ENGINES && (engine = fixture_writer(test, i)); i++)
        if (is_suitable(test, engine) && model_find_endpoint(model, engine->endpoint) &&
            !counts_faults(test) && concerns(model, engine, thoroughly(request)))
            add_writes(test, plan, model, engine, request);
    add_requests(test, plan, model, request);
}

/* -- carrying it out --------------------------------------------------------------------------- */

static bool send(struct test *test, struct viommu_request request)
{
    struct viommu_reply reply = viommu_submit(fixture_iommu(test), &request);

    if (reply.outcome > VIOMMU_UNWRITTEN)
        ledger_lose();
    ledger_skip(1);
    return reply.outcome == VIOMMU_ANSWERED && reply.status == VIRTIO_IOMMU_S_OK;
}

enum footprint { FOOTPRINT_THERE, FOOTPRINT_MAPPED, FOOTPRINT_MISSING };

static bool has_time(const struct dma_engine *engine)
{
    return !engine->is_slow || running.is_thorough || running.slow_writes++ < SLOW_WRITES;
}

static enum footprint map_footprint(struct test *test, const struct model_domain *domain,
                                    const struct dma_engine *engine)
{
    const struct model_mapping *mapping;

    if (!engine->footprint_size || !domain || domain->bypass)
        return FOOTPRINT_THERE;

    struct fixture_range range = footprint_range(test, engine);

    mapping = model_find_mapping(domain, engine->footprint);
    if (mapping && mapping->last - engine->footprint >= engine->footprint_size - 1)
        return FOOTPRINT_THERE;
    if (!is_free(domain, range.first, range.last) ||
        !send(test, footprint_map(test, domain->id, engine)))
        return FOOTPRINT_MISSING;
    return FOOTPRINT_MAPPED;
}

static void write_with(struct test *test, struct plan *plan, const struct model *model,
                       struct dma_engine *engine)
{
    const struct model_domain *domain = model_find_endpoint(model, engine->endpoint)->domain;
    enum footprint footprint = map_footprint(test, domain, engine);

    for (unsigned i = 0; i < plan->count && footprint != FOOTPRINT_MISSING; i++)
        if (plan->observations[i].engine == engine && has_time(engine))
            observe_by_write(test, &plan->observations[i]);
    if (footprint != FOOTPRINT_MAPPED)
        return;

    struct fixture_range range = footprint_range(test, engine);

    if (!send(test, viommu_unmap(domain->id, range.first, range.last)))
        ledger_lose();
}

void plan_carry_out(struct test *test, struct plan *plan, const struct model *model)
{
    struct dma_engine *engine;

    for (unsigned i = 0; i < ENGINES && (engine = fixture_writer(test, i)); i++)
        for (unsigned o = 0; o < plan->count; o++)
            if (plan->observations[o].engine == engine) {
                write_with(test, plan, model, engine);
                break;
            }
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->observations[i].kind != OBSERVE_WRITE)
            observe_by_request(test, &plan->observations[i]);
}
