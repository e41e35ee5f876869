// SPDX-License-Identifier: BSD-2-Clause
/*
 * An engine whose addresses have too few bits drops the others or leaves the transfer out, and one
 * behind a bridge may reach a window of addresses only; tests would blame the IOMMU. The IOMMU could
 * do that too: an engine falls short only if it reaches another mapping, and if no engine whose
 * addresses have 64 bits misses this one as well. Of those with 64 bits none is expected to fall
 * short: one does only if an engine of another kind reaches what it misses, and is not used at all then.
 */
#include "tests/framework/qualify.h"

#include <string.h>

#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/framework/addresses.h"
#include "tests/framework/fixture.h"
#include "tests/framework/report.h"
#include "tests/framework/transfer.h"
#include "tests/framework/trial.h"

#define LENGTH 64u /* more than a word */
#define POISON 0xa5

/* The bit that is set in the address of a mapping, the highest first. */
static const uint8_t heights[] = {63, 55, 51, 47, 43, 39, 35, 31, 29, 27, 25, 23, 21, 19, 17, 15};

static bool map(struct test *test, uint64_t at, uint64_t size, uint64_t physical)
{
    return trial_ok(
        test, viommu_map(fixture_spare_domain(test), at, at + (size - 1), physical, READ_WRITE));
}

static bool map_footprint(struct test *test, const struct dma_engine *engine)
{
    return footprint_can_be_mapped(test, engine) &&
           trial_ok(test, footprint_map(test, fixture_spare_domain(test), engine));
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
    trial_ok(test, viommu_unmap(fixture_spare_domain(test), at, at + (memory_unit(test) - 1)));
    return is_reached;
}

static bool can_be_tried(struct test *test, uint64_t at)
{
    return at >= memory_unit(test) &&
           addresses_can_be_mapped(test, at, at + (memory_unit(test) - 1));
}

/* False: it can't be tried. Ended by end_trial(). */
static bool begin_trial(struct test *test, struct dma_engine *engine)
{
    uint32_t domain = fixture_spare_domain(test);

    if (!trial_ok(test, viommu_attach(domain, engine->endpoint, 0)))
        return false;
    if (map_footprint(test, engine))
        return true;
    trial_ok(test, viommu_detach(domain, engine->endpoint));
    return false;
}

static void end_trial(struct test *test, const struct dma_engine *engine)
{
    trial_ok(test, viommu_detach(fixture_spare_domain(test), engine->endpoint));
}

enum outcome { MISSED, REACHED, UNTRIED };

static enum outcome try_alone(struct test *test, struct dma_engine *engine, uint64_t at,
                              uint8_t *page)
{
    if (!engine->is_managed || !engine->can_write || !begin_trial(test, engine))
        return UNTRIED;

    bool is_reached = reaches_mapping(test, engine, at, page);

    end_trial(test, engine);
    return is_reached ? REACHED : MISSED;
}

/* Whether the first engine with addresses of 64 bits that can be tried misses it, too. */
static bool is_missed_by_others(struct test *test, uint64_t at, uint8_t *page)
{
    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *engine = &test->fixture->engines[i];
        enum outcome outcome = engine->may_fall_short ? UNTRIED : try_alone(test, engine, at, page);

        if (outcome != UNTRIED)
            return outcome == MISSED;
    }
    return false;
}

static bool is_reached_by_another_kind(struct test *test, const struct dma_engine *engine,
                                       uint64_t at, uint8_t *page)
{
    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *other = &test->fixture->engines[i];

        if (other->ops != engine->ops && try_alone(test, other, at, page) == REACHED)
            return true;
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

/* What an engine shows through mappings. */
struct shown {
    unsigned top, found; /* heights: the highest that can be tried, and that it reaches */
    uint64_t reach;      /* where found is not top: the last address that it reaches */
    bool is_lowest_reached;
};

/* The last address of those with this height that is reached, to a unit or to the lowest height. */
static uint64_t last_reached(struct test *test, struct dma_engine *engine, unsigned height,
                             uint8_t *page)
{
    unsigned lowest = heights[ARRAY_LENGTH(heights) - 1];
    uint64_t at = 1ull << height, step = at;

    while (step > memory_unit(test) && step > 1ull << lowest) {
        step /= 2;
        if (can_be_tried(test, at | step) && reaches_mapping(test, engine, at | step, page))
            at |= step;
    }
    return at + (step - 1);
}

/* False: nothing can be tried. */
static bool look(struct test *test, struct dma_engine *engine, struct shown *it, uint8_t *page)
{
    unsigned count = ARRAY_LENGTH(heights);

    for (it->top = 0; it->top < count && !can_be_tried(test, 1ull << heights[it->top]); it->top++)
        ;
    if (it->top == count || !begin_trial(test, engine))
        return false;
    for (it->found = it->top; it->found < count; it->found++)
        if (can_be_tried(test, 1ull << heights[it->found]) &&
            reaches_mapping(test, engine, 1ull << heights[it->found], page))
            break;
    if (it->found < count && it->found != it->top)
        it->reach = last_reached(test, engine, heights[it->found], page);
    it->is_lowest_reached = !addresses_can_be_mapped(test, 0, memory_unit(test) - 1) ||
                            reaches_mapping(test, engine, 0, page);
    end_trial(test, engine);
    return true;
}

static void qualify(struct test *test, struct dma_engine *engine, uint8_t *page)
{
    struct shown shown = {0};

    if (!look(test, engine, &shown, page)) {
        if (engine->may_fall_short)
            qualify_by_bypass(test, engine, page);
        return;
    }
    if (shown.found == ARRAY_LENGTH(heights)) /* which is not for want of bits */
        return;

    uint64_t top = 1ull << heights[shown.top];
    bool falls_short = shown.found != shown.top;

    if ((!shown.is_lowest_reached && is_reached_by_another_kind(test, engine, 0, page)) ||
        (falls_short && !engine->may_fall_short &&
         is_reached_by_another_kind(test, engine, top, page)))
        engine->flaw = "it reaches a part of the addresses only, where another engine reaches more";
    else if (falls_short && engine->may_fall_short && !is_missed_by_others(test, top, page))
        limit(engine, shown.reach);
}

void qualify_engines(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);
    bool can_map = viommu_has(viommu, VIRTIO_IOMMU_F_MAP_UNMAP);
    struct pages *pages = &test->fixture->pages;

    trial_begin();

    /* Where there is not as much memory, there is none for a target either. */
    uint64_t unit = memory_unit(test);
    uint8_t *page = pages_align(pages, unit) ? pages_get(pages, unit / PAGE_SIZE) : NULL;

    if (!page)
        return;

    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        struct dma_engine *engine = &test->fixture->engines[i];

        if (!engine->is_managed || !engine->can_write)
            continue;
        if (can_map)
            qualify(test, engine, page);
        else if (engine->may_fall_short)
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
