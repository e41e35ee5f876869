// SPDX-License-Identifier: BSD-2-Clause
#include "tests/stress/walk.h"

#include <stdio.h>
#include <string.h>

#include "tests/properties.h"
#include "tests/report.h"
#include "tests/stress/generate.h"

#define POISON             0x5a
#define READ_WRITE         (VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE)
#define PATIENCE_NS        1000000000ull
#define DENIED_PATIENCE_NS 20000000ull
#define PIECES_MAX         8
#define TRANSFER           512 /* bytes */
#define ALIGNMENT          16
#define REQUESTS_PER_PROBE 10

typedef unsigned long long ull;

static struct model_config config_of(const struct viommu *viommu)
{
    bool ranged = viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE);
    bool domains = viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE);

    return (struct model_config){
        .granule = viommu_granule(viommu),
        .input_first = ranged ? viommu->config.input_range.start : 0,
        .input_last = ranged ? viommu->config.input_range.end : UINT64_MAX,
        .domain_first = domains ? viommu->config.domain_range.start : 0,
        .domain_last = domains ? viommu->config.domain_range.end : UINT32_MAX,
        .bypass_config = viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG),
        .mmio = viommu_has(viommu, VIRTIO_IOMMU_F_MMIO),
    };
}

static void add_endpoints(struct walk *walk)
{
    struct lab *lab = walk->test->lab;

    for (unsigned i = 0; i < lab->endpoint_count; i++) {
        struct reserved_region regions[RESERVED_REGIONS_MAX];
        unsigned count = viommu_has(walk->viommu, VIRTIO_IOMMU_F_PROBE)
                             ? reserved_regions(walk->test, lab->endpoints[i].id, regions)
                             : 0;

        model_add_endpoint(walk->model, lab->endpoints[i].id);
        for (unsigned r = 0; r < count; r++)
            model_add_reserved(walk->model, lab->endpoints[i].id, regions[r].first,
                               regions[r].last);
    }
}

/* Transfers are looked at granule by granule, in an arena of pages. */
static bool can_transfer(const struct viommu *viommu)
{
    uint64_t granule = viommu_granule(viommu);

    return granule <= PAGE_SIZE && granule * (PIECES_MAX - 1) >= TRANSFER;
}

void walk_begin(struct walk *walk, struct test *test)
{
    static struct model model; /* too large for a stack frame */

    memset(walk, 0, sizeof(*walk));
    walk->test = test;
    walk->viommu = lab_iommu(test);
    walk->model = &model;
    walk->arena = lab_pages(test, WALK_ARENA);
    walk->window = free_iova(test);
    memset(walk->arena, POISON, WALK_ARENA * PAGE_SIZE);
    for (unsigned i = 0; walk->engine_count < WALK_ENGINES && lab_writer(test, i); i++) {
        struct dma_engine *engine = lab_writer(test, i);

        if (engine->is_slow || !can_transfer(walk->viommu))
            continue;
        prepare_engine(test, engine);
        walk->engines[walk->engine_count++] = engine;
    }

    const struct model_config config = config_of(walk->viommu);

    model_init(walk->model, &config, config.bypass_config);
    add_endpoints(walk);
}

/* -- requests ------------------------------------------------------------------------------ */

/* What led here, for whoever wants to do it again by hand. */
static void print_episode(const struct walk *walk)
{
    char text[VIOMMU_REQUEST_TEXT];

    report_diagnostic("seed %llu, episode %llu, from a fresh device:",
                      (ull)walk->test->lab->options->seed, (ull)walk->episodes);
    for (unsigned i = 0; i < walk->step_count; i++) {
        viommu_request_text(&walk->steps[i].request, text);
        report_diagnostic("%3u %s: %s", i + 1, text, viommu_status_text(walk->steps[i].status));
    }
}

static bool violated(struct walk *walk, enum clause clause, const char *text)
{
    expect(walk->test, clause, false, "%s", text);
    if (clause_severity(clause) == CLAUSE_FAIL)
        print_episode(walk);
    walk->excluded[clause] = true;
    return false;
}

/* False: the device and the model are apart, and the episode is over. */
static bool step(struct walk *walk, const struct viommu_request *request)
{
    struct model_answer answer = model_judge(walk->model, request->bytes, request->length);
    struct viommu_reply reply = viommu_submit(walk->viommu, request);
    bool answered = reply.outcome == VIOMMU_ANSWERED;
    char text[VIOMMU_REQUEST_TEXT], finding[2 * VIOMMU_REQUEST_TEXT];

    walk->requests++;
    if (walk->step_count < sizeof(walk->steps) / sizeof(walk->steps[0]))
        walk->steps[walk->step_count++] =
            (struct walk_step){.request = *request, .status = reply.status};
    lab_remember(walk->test, request, reply.status);
    viommu_request_text(request, text);
    require(walk->test, IOMMU_OP_P01, reply.outcome <= VIOMMU_SILENT, "%s: no answer", text);
    walk->refused += reply.status != VIRTIO_IOMMU_S_OK;
    if (!answered || reply.strayed || reply.status > VIRTIO_IOMMU_S_NOMEM ||
        !(answer.permitted >> reply.status & 1)) {
        snprintf(finding, sizeof(finding), "%s: %s%s, expected %s", text,
                 answered ? viommu_status_text(reply.status) : "no status",
                 reply.strayed ? " and stray bytes" : "", viommu_status_text(answer.status));
        return violated(walk, reply.strayed ? IOMMU_OP_P02 : answer.clause, finding);
    }
    expect(walk->test, answer.clause, true, "as the model says");
    return model_apply(walk->model, request->bytes, request->length, reply.status);
}

/* An engine's own pages must be reachable wherever it is attached. */
static bool map_footprint(struct walk *walk, const struct viommu_request *attach)
{
    const struct model_endpoint *endpoint =
        model_find_endpoint(walk->model, attach->attach.endpoint);

    for (unsigned i = 0; i < walk->engine_count; i++) {
        const struct dma_engine *engine = walk->engines[i];

        if (!endpoint || engine->endpoint != endpoint->id || !endpoint->domain ||
            endpoint->domain->bypass || model_find_mapping(endpoint->domain, engine->footprint))
            continue;

        const struct viommu_request map = viommu_map(endpoint->domain->id, engine->footprint,
                                                     engine->footprint + engine->footprint_size - 1,
                                                     engine->footprint, READ_WRITE);

        if (!step(walk, &map))
            return false;
    }
    return true;
}

/* After an UNMAP that was refused because it would split, all that it covers must still be there.
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

static bool random_step(struct walk *walk)
{
    struct viommu_request request = generate_request(walk);

    if (is_left_out(walk, &request))
        return true;

    bool splits = model_judge(walk->model, request.bytes, request.length).clause == IOMMU_UNMAP_D06;

    if (!step(walk, &request))
        return false;
    if (splits)
        return nothing_was_removed(walk, &request);
    return request.head.type != VIRTIO_IOMMU_T_ATTACH || map_footprint(walk, &request);
}

/* -- transfers ----------------------------------------------------------------------------- */

static bool arena_is_poison(const struct walk *walk)
{
    const uint64_t word = 0x0101010101010101ull * POISON;
    const uint64_t *words = (const uint64_t *)walk->arena;

    for (size_t i = 0; i < WALK_ARENA * PAGE_SIZE / sizeof(word); i++)
        if (words[i] != word)
            return false;
    return true;
}

/* Whether the pieces hold what the engine wrote; makes them poison again. */
static bool take_pieces(const struct dma_engine *engine, const struct model_piece *pieces,
                        unsigned count)
{
    const uint8_t *content = engine->content;
    bool arrived = true;

    for (unsigned i = 0; i < count; i++) {
        uint8_t *bytes = (uint8_t *)pieces[i].address;

        if (content)
            arrived &= !memcmp(bytes, content, pieces[i].length);
        else if (pieces[i].length >= 8)
            arrived &= bytes[0] != POISON || bytes[1] != POISON || bytes[2] != POISON ||
                       bytes[3] != POISON || bytes[4] != POISON || bytes[5] != POISON;
        content = content ? content + pieces[i].length : NULL;
        memset(bytes, POISON, pieces[i].length);
    }
    return arrived;
}

/*
 * Somewhere in the window; half of the time where something is mapped, from where a transfer may
 * cross into what lies behind. Aligned, as transfers are: the bytes next to a mapping have a test
 * of their own.
 */
static uint64_t any_address(struct walk *walk, const struct model_domain *domain)
{
    struct rng *rng = &walk->test->rng;
    uint64_t size = WALK_WINDOW * walk->model->config.granule;
    uint64_t address = walk->window + rng_below(rng, size - TRANSFER);

    if (domain->count && rng_chance(rng, 1, 2)) {
        const struct model_mapping *mapping = &domain->mappings[rng_below(rng, domain->count)];

        if (mapping->first >= walk->window && mapping->last < walk->window + size)
            address = mapping->first + rng_below(rng, mapping->last - mapping->first + 1);
    }
    return address & -(uint64_t)ALIGNMENT;
}

static bool arena_holds(const struct walk *walk, const struct model_piece *pieces, unsigned count)
{
    uint64_t base = (uintptr_t)walk->arena, size = WALK_ARENA * (uint64_t)PAGE_SIZE;

    for (unsigned i = 0; i < count; i++)
        if (pieces[i].address - base >= size ||
            size - (pieces[i].address - base) < pieces[i].length)
            return false;
    return true;
}

/*
 * Where the parts of a transfer may arrive that stay within one granule each: of a transfer that is
 * denied somewhere, an endpoint may still do the rest. Returns how many; *allowed: all of them.
 */
static unsigned reachable(const struct walk *walk, const struct dma_engine *engine,
                          uint64_t address, uint64_t length, struct model_piece *pieces,
                          bool *allowed)
{
    uint64_t granule = walk->model->config.granule;
    unsigned count = 0;

    *allowed = true;
    while (length && count < PIECES_MAX) {
        uint64_t room = granule - (address & (granule - 1));
        uint64_t part = length < room ? length : room;
        struct model_translation translation = model_translate(
            walk->model, engine->endpoint, address, part, MODEL_WRITE, &pieces[count], 1);

        count += translation.allowed;
        *allowed &= translation.allowed;
        address += part;
        length -= part;
    }
    return count;
}

static bool transfer(struct walk *walk)
{
    struct dma_engine *engine = walk->engines[rng_below(&walk->test->rng, walk->engine_count)];
    const struct model_endpoint *endpoint = model_find_endpoint(walk->model, engine->endpoint);
    struct model_piece pieces[PIECES_MAX];
    bool allowed;

    if (!endpoint->domain || endpoint->domain->bypass)
        return true; /* the window is no memory */

    uint64_t address = any_address(walk, endpoint->domain);
    unsigned count = reachable(walk, engine, address, TRANSFER, pieces, &allowed);

    if (!arena_holds(walk, pieces, count))
        return true; /* a mapping that is longer than the arena */

    enum dma_result result =
        dma_write(engine, address, TRANSFER, allowed ? PATIENCE_NS : DENIED_PATIENCE_NS);
    bool fine = take_pieces(engine, pieces, count) || !allowed;
    bool clean = arena_is_poison(walk);

    walk->transfers++;
    walk->denied += !allowed;
    if (fine && clean)
        return expect(walk->test, IOMMU_MAP_P04, true, "as the model says");
    expect(walk->test, clean ? IOMMU_MAP_P03 : IOMMU_MAP_P04, false,
           "%s writes %u bytes at 0x%llx, %s by the model: %s (engine: %s)", engine->ops->name,
           TRANSFER, (ull)address, allowed ? "allowed" : "denied",
           clean ? "they did not arrive" : "memory changed elsewhere", dma_result_text(result));
    print_episode(walk);
    return false;
}

bool walk_episode(struct walk *walk)
{
    walk->episodes++;
    walk->step_count = 0;
    lab_renew(walk->test);
    model_reset(walk->model);
    for (unsigned i = 0; i < walk->engine_count; i++)
        walk->engines[i]->needs_start = true;
    for (unsigned i = 0; i < WALK_EPISODE; i++) {
        if (!random_step(walk))
            return true;
        if (walk->engine_count && rng_chance(&walk->test->rng, 1, REQUESTS_PER_PROBE) &&
            !transfer(walk))
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
