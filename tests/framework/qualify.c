// SPDX-License-Identifier: BSD-2-Clause
/*
 * An engine whose addresses have too few bits drops the others or leaves the transfer out, and tests
 * would blame the IOMMU. The IOMMU could do that too: an engine falls short only if it reaches a
 * lower mapping, and if no engine whose addresses have 64 bits misses the higher one as well.
 */
#include "tests/framework/qualify.h"

#include <string.h>

#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/framework/addresses.h"
#include "tests/framework/fixture.h"
#include "tests/framework/report.h"
#include "tests/framework/transfer.h"

#define LENGTH 64u /* more than a word */
#define POISON 0xa5

/* The bit that is set in the address of a mapping, the highest first. */
static const uint8_t heights[] = {63, 55, 51, 47, 43, 39, 35, 31, 29, 27, 25, 23, 21, 19, 17, 15};

/* One IOMMU that leaves a request unanswered would take the time of all. */
static bool is_silent;

static bool is_ok(struct test *test, struct viommu_request request)
{
    struct viommu_reply reply = {.outcome = VIOMMU_TIMEOUT};

    if (!is_silent)
        reply = viommu_submit(fixture_iommu(test), &request);
    is_silent = reply.outcome > VIOMMU_UNWRITTEN;
    fixture_remember(test, &request, reply.status);
    return reply.outcome <= VIOMMU_UNWRITTEN && reply.status == VIRTIO_IOMMU_S_OK;
}

static bool map(struct test *test, uint64_t at, uint64_t size, uint64_t physical)
{
    return is_ok(test,
                 viommu_map(fixture_spare_domain(test), at, at + (size - 1), physical, READ_WRITE));
}

static bool map_footprint(struct test *test, const struct dma_engine *engine)
{
    return footprint_can_be_mapped(test, engine) &&
           is_ok(test, footprint_map(test, fixture_spare_domain(test), engine));
}

/* Whether a write to `at` changes the page that is to be there. */
static bool reaches(struct dma_engine *engine, uint64_t at, uint8_t *page)
{
    uint32_t length = LENGTH > engine->min_length ? LENGTH : engine->min_length;
    bool is_changed = false;

    memset(page, POISON, PAGE_SIZE);
    dma_write(engine, at, length, transfer_timeout(engine, true));
    for (uint32_t i = 0; i < length; i++)
        is_changed |= page[i] != POISON;
    return is_changed;
}

/* The same of a mapping at `at`. */
static bool reaches_mapping(struct test *test, struct dma_engine *engine, uint64_t at,
                            uint8_t *page)
{
    bool is_reached;

    if (!map(test, at, memory_unit(test), (uintptr_t)page))
        return false;
    is_reached = reaches(engine, at, page);
    is_ok(test, viommu_unmap(fixture_spare_domain(test), at, at + (memory_unit(test) - 1)));
    return is_reached;
}

static bool can_be_tried(struct test *test, uint64_t at)
{
    return at >= memory_unit(test) &&
           addresses_can_be_mapped(test, at, at + (memory_unit(test) - 1));
}

/* Of an engine that can't be tried at all. */
#define UNTRIED UINT32_MAX

/*
 * The index of the first height that the engine reaches, of those that can be tried from `from` on;
 * `count`: none.
 */
static unsigned first_reached(struct test *test, struct dma_engine *engine, unsigned from,
                              unsigned count, uint8_t *page)
{
    uint32_t domain = fixture_spare_domain(test);
    unsigned found = count;

    if (!is_ok(test, viommu_attach(domain, engine->endpoint, 0)))
        return UNTRIED;
    if (!map_footprint(test, engine))
        found = UNTRIED;
    else
        for (unsigned i = from; i < count && found == count; i++)
            if (can_be_tried(test, 1ull << heights[i]) &&
                reaches_mapping(test, engine, 1ull << heights[i], page))
                found = i;
    is_ok(test, viommu_detach(domain, engine->endpoint));
    return found;
}

/* Whether the first engine with addresses of 64 bits that can be tried misses the height, too. */
static bool is_missed_by_others(struct test *test, unsigned height, uint8_t *page)
{
    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *engine = &test->fixture->engines[i];

        if (!engine->is_managed || !engine->can_write || engine->may_fall_short)
            continue;

        unsigned reached = first_reached(test, engine, height, height + 1, page);

        if (reached != UNTRIED)
            return reached != height;
    }
    return false;
}

static void limit(struct dma_engine *engine, uint64_t reach)
{
    char text[LOCATION_TEXT];

    engine->reach = reach;
    report_diagnostic("engine %s at %s does not reach beyond 0x%llx%s", engine->ops->name,
                      location_text(&engine->place, text), (unsigned long long)engine->reach,
                      dma_is_usable(engine) ? "" : ", where its own buffers are: it is not used");
}

/*
 * Where no mapping says anything about an engine: whether it reaches memory while its endpoint
 * bypasses the IOMMU. If not, that is the IOMMU's fault only where another engine, whose addresses
 * have 64 bits, does not reach memory either.
 */
static void qualify_by_bypass(struct test *test, struct dma_engine *engine, uint8_t *page)
{
    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_BYPASS_CONFIG))
        return;
    viommu_set_bypass(fixture_iommu(test), 1);
    if (reaches(engine, (uintptr_t)page, page))
        return;
    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *other = &test->fixture->engines[i];

        if (other->is_managed && other->can_write && !other->may_fall_short &&
            !reaches(other, (uintptr_t)page, page))
            return;
    }
    limit(engine, engine->footprint - 1);
}

static void qualify(struct test *test, struct dma_engine *engine, uint8_t *page)
{
    unsigned top = 0;

    while (top < ARRAY_LENGTH(heights) && !can_be_tried(test, 1ull << heights[top]))
        top++;
    unsigned found = first_reached(test, engine, top, ARRAY_LENGTH(heights), page);

    if (found >= ARRAY_LENGTH(heights))
        qualify_by_bypass(test, engine, page);
    else if (found != top && !is_missed_by_others(test, top, page))
        limit(engine, (2ull << heights[found]) - 1);
}

void qualify_engines(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);
    bool can_map = viommu_has(viommu, VIRTIO_IOMMU_F_MAP_UNMAP);
    struct pages *pages = &test->fixture->pages;

    is_silent = false;

    /* Where there is not as much memory, there is none for a target either. */
    uint64_t unit = memory_unit(test);
    uint8_t *page = pages_align(pages, unit) ? pages_get(pages, unit / PAGE_SIZE) : NULL;

    if (!page)
        return;

    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *engine = &test->fixture->engines[i];

        if (!engine->is_managed || !engine->can_write || !engine->may_fall_short)
            continue;
        if (can_map)
            qualify(test, engine, page);
        else
            qualify_by_bypass(test, engine, page);
    }
}

uint64_t engines_reach(struct test *test)
{
    uint64_t reach = UINT64_MAX;

    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        const struct dma_engine *engine = &test->fixture->engines[i];

        if (engine->is_managed && dma_is_usable(engine) && engine->reach < reach)
            reach = engine->reach;
    }
    return reach;
}
