// SPDX-License-Identifier: BSD-2-Clause
/*
 * An engine that writes a byte less than it is asked to, that reads something else, or that can't be
 * reset, would make tests blame the IOMMU. Each is tried through a mapping, and where that goes wrong
 * past the IOMMU, in bypass: what goes well in one of the two the engine is able to do, and a test will
 * judge what the IOMMU makes of it. What goes wrong in both is the engine's where an engine of another
 * kind does the very same transfer well, and else the IOMMU's where engines of several kinds do
 * something wrong: those have nothing in common but the IOMMU. Otherwise nobody can tell, which is an
 * ERROR.
 */
#include "tests/framework/fitness.h"

#include <stdio.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/framework/addresses.h"
#include "tests/framework/report.h"
#include "tests/framework/transfer.h"
#include "tests/framework/trial.h"

#define OFFSET     1027u /* in the page: an odd one, with room before and behind */
#define QUICK_NS   300000000ull
#define SLOW_NS    2000000000ull
#define DENIED_NS  20000000ull
#define TEXT_MAX   160
#define LENGTH_MAX 1024u
#define USUAL      512u /* a length that most engines are capable of */
#define WRITES     4u   /* of random bytes, until they show where they begin and end */

/* What is wrong with an engine, and whether its registers say so, in which the IOMMU has no part. */
struct flaw {
    const char *text;
    bool is_its_own;
};

static const struct flaw not_started = {"it can't be started", true},
                         not_loaded = {"it does not load what it is to write", false},
                         never_written = {"what it is told to write is never done", false},
                         written_wrong = {"it does not write what and where it is told to", false},
                         written_more = {"it writes other bytes than it is told to", false},
                         never_read = {"what it is told to read is never done", false},
                         read_wrong = {"it does not read what it is told to, or does not report it",
                                       false},
                         gone = {"it does not go on after a transfer that was denied", false};

/* An engine on trial. */
struct candidate {
    struct test *test;
    struct dma_engine *engine;
    uint8_t *page; /* of a unit, mapped at its own address */
    bool is_mapped;
    /* The transfer that is tried; of length 0 one that every engine does. */
    uint32_t length;
    bool is_read;            /* or what is written was read before */
    const struct flaw *flaw; /* in which it shows; NULL: none does */
};

static uint64_t timeout_of(const struct dma_engine *engine)
{
    return engine->is_slow ? SLOW_NS : QUICK_NS;
}

static bool is_poison(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (bytes[i] != DMA_POISON)
            return false;
    return true;
}

/* Of random bytes the first and the last may be like what was there; it is written again then. */
static bool has_arrived(const struct dma_engine *engine, const uint8_t *bytes, uint32_t length)
{
    if (engine->content)
        return !memcmp(bytes, engine->content, length);
    return bytes[0] != DMA_POISON && bytes[length - 1] != DMA_POISON;
}

static const struct flaw *flaw_of_one_write(const struct candidate *it)
{
    struct dma_engine *engine = it->engine;
    uint32_t length = it->length;
    enum dma_result result;

    memset(it->page, DMA_POISON, PAGE_SIZE);
    result = dma_write(engine, (uintptr_t)it->page + OFFSET, length, timeout_of(engine));
    if (result == DMA_NO_ANSWER)
        return &never_written;
    if (result == DMA_CANNOT)
        return &not_started;
    if (!is_poison(it->page, OFFSET) ||
        !is_poison(it->page + OFFSET + length, PAGE_SIZE - OFFSET - length))
        return &written_more;
    return has_arrived(engine, it->page + OFFSET, length) ? NULL : &written_wrong;
}

/* NULL: it writes what and where it should. */
static const struct flaw *flaw_of_write(struct candidate *it, uint32_t length)
{
    const struct flaw *flaw = &written_wrong;

    it->length = length;
    it->is_read = it->engine->content; /* which it has read */
    for (unsigned i = 0; i < WRITES && flaw == &written_wrong; i++)
        flaw = flaw_of_one_write(it);
    return flaw;
}

static const struct flaw *flaw_of_read(struct candidate *it, uint32_t length)
{
    struct dma_engine *engine = it->engine;
    uint8_t seen[LENGTH_MAX];

    it->length = length;
    it->is_read = true;
    for (uint32_t i = 0; i < PAGE_SIZE; i++)
        it->page[i] = (uint8_t)rng_next64(&it->test->rng);
    if (dma_read(engine, (uintptr_t)it->page + OFFSET, length, timeout_of(engine)) == DMA_NO_ANSWER)
        return &never_read;
    if (dma_report(engine, seen, length, timeout_of(engine)) != DMA_COMPLETED ||
        memcmp(seen, it->page + OFFSET, length))
        return &read_wrong;
    return NULL;
}

/* A transfer that the IOMMU is to deny: whether it does is not asked here. */
static void be_denied(const struct candidate *it)
{
    struct dma_engine *engine = it->engine;
    uint64_t at = (uintptr_t)it->page + OFFSET;
    uint64_t timeout = engine->is_slow ? SLOW_NS : DENIED_NS;

    if (it->is_mapped)
        trial_ok(it->test, viommu_unmap(fixture_spare_domain(it->test), (uintptr_t)it->page,
                                        (uintptr_t)it->page + memory_unit(it->test) - 1));
    else
        viommu_set_bypass(fixture_iommu(it->test), 0);
    dma_write(engine, at, engine->min_length, timeout);
    if (it->is_mapped)
        trial_ok(it->test, viommu_map(fixture_spare_domain(it->test), (uintptr_t)it->page,
                                      (uintptr_t)it->page + memory_unit(it->test) - 1,
                                      (uintptr_t)it->page, READ_WRITE));
    else
        viommu_set_bypass(fixture_iommu(it->test), 1);
}

static bool is_capable(const struct dma_engine *engine, uint32_t length)
{
    return length >= engine->min_length && length <= engine->max_length &&
           length % engine->step == 0;
}

/* Transfers of every length that is tried. */
static const struct flaw *flaw_of_transfers(struct candidate *it)
{
    const struct dma_engine *engine = it->engine;
    const uint32_t lengths[] = {USUAL, engine->min_length, 65};
    const struct flaw *flaw = NULL;

    for (unsigned i = 0; i < ARRAY_LENGTH(lengths) && !flaw; i++)
        if (is_capable(engine, lengths[i]))
            flaw = flaw_of_write(it, lengths[i]);
    for (unsigned i = 0; i < ARRAY_LENGTH(lengths) && engine->can_read && !flaw; i++)
        if (is_capable(engine, lengths[i]))
            flaw = flaw_of_read(it, lengths[i]);
    return flaw;
}

static const struct flaw *flaw_of(struct candidate *it)
{
    struct dma_engine *engine = it->engine;
    const struct flaw *flaw;

    it->length = 0;
    it->is_read = engine->can_read;
    switch (dma_prepare(engine, timeout_of(engine))) {
    case DMA_COMPLETED:
        break;
    case DMA_CANNOT:
        return &not_started;
    default:
        return &not_loaded;
    }
    flaw = flaw_of_transfers(it);
    if (flaw)
        return flaw;
    be_denied(it);
    if (dma_prepare(engine, timeout_of(engine)) != DMA_COMPLETED ||
        flaw_of_write(it, engine->min_length)) {
        it->length = 0;
        return &gone;
    }
    return NULL;
}

/* In a domain, with the page at its own address; false: that can't be tried. */
static bool try_mapped(struct candidate *it, const struct flaw **flaw)
{
    struct test *test = it->test;
    uint32_t domain = fixture_spare_domain(test);
    uint64_t first = (uintptr_t)it->page, last = first + memory_unit(test) - 1;
    bool is_tried = false;

    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MAP_UNMAP) ||
        !footprint_can_be_mapped(test, it->engine) || !addresses_can_be_mapped(test, first, last) ||
        !trial_ok(test, viommu_attach(domain, it->engine->endpoint, 0)))
        return false;
    it->is_mapped = true;
    if (trial_ok(test, footprint_map(test, domain, it->engine)) &&
        trial_ok(test, viommu_map(domain, first, last, first, READ_WRITE))) {
        *flaw = flaw_of(it);
        is_tried = true;
    }
    trial_ok(test, viommu_detach(domain, it->engine->endpoint));
    return is_tried;
}

static bool try_bypass(struct candidate *it, const struct flaw **flaw)
{
    if (!viommu_has(fixture_iommu(it->test), VIRTIO_IOMMU_F_BYPASS_CONFIG))
        return false;
    it->is_mapped = false;
    viommu_set_bypass(fixture_iommu(it->test), 1);
    it->engine->needs_start = true;
    *flaw = flaw_of(it);
    return true;
}

/* NULL: in at least one of the ways it is fit, or there is no way to tell. */
static const struct flaw *flaw_in_every_way(struct candidate *it)
{
    const struct flaw *mapped = NULL, *bypass = NULL;
    bool was_mapped = try_mapped(it, &mapped);

    if (was_mapped && !mapped)
        return NULL;
    return try_bypass(it, &bypass) ? bypass : mapped;
}

static bool is_on_trial(const struct dma_engine *engine)
{
    return engine->is_managed && engine->can_write && !engine->flaw && dma_is_usable(engine);
}

/* Whether it does the transfer well in which the other one, of another kind, has shown its flaw. */
static bool is_witness(const struct candidate *it, const struct candidate *other)
{
    return is_on_trial(it->engine) && !it->flaw && (it->engine->can_read || !other->is_read) &&
           (!other->length || is_capable(it->engine, other->length));
}

static bool has_iommus_flaw(const struct candidate *it)
{
    return is_on_trial(it->engine) && it->flaw && !it->flaw->is_its_own;
}

enum guilt { GUILT_NONE, GUILT_OF_ENGINE, GUILT_OPEN };

static enum guilt guilt_of(const struct candidate *it, const struct candidate *all, unsigned count)
{
    bool has_witness = false, is_shared = false;

    for (unsigned i = 0; i < count; i++)
        if (all[i].engine->ops != it->engine->ops) {
            has_witness |= is_witness(&all[i], it);
            is_shared |= has_iommus_flaw(&all[i]);
        }
    if (!it->flaw || (!it->flaw->is_its_own && !has_witness && is_shared))
        return GUILT_NONE;
    return it->flaw->is_its_own || has_witness ? GUILT_OF_ENGINE : GUILT_OPEN;
}

static void tell(const struct dma_engine *engine)
{
    char text[LOCATION_TEXT];

    report_diagnostic("engine %s at %s is not used: %s", engine->ops->name,
                      location_text(&engine->place, text), engine->flaw);
}

static void sentence(struct fixture *fixture, const struct candidate *all)
{
    enum guilt guilt[DMA_MAX_ENGINES];

    for (unsigned i = 0; i < fixture->engine_count; i++)
        guilt[i] = guilt_of(&all[i], all, fixture->engine_count);
    for (unsigned i = 0; i < fixture->engine_count; i++) {
        struct dma_engine *engine = &fixture->engines[i];

        if (guilt[i] != GUILT_NONE)
            engine->flaw = all[i].flaw->text;
        fixture->is_flaw_open |= guilt[i] == GUILT_OPEN;
        if (engine->is_managed && engine->flaw)
            tell(engine);
    }
}

void judge_fitness(struct test *test)
{
    struct fixture *fixture = test->fixture;
    struct candidate all[DMA_MAX_ENGINES];
    uint64_t unit = memory_unit(test);
    struct pages *pages = &fixture->pages;
    uint8_t *page = pages_align(pages, unit) ? pages_get(pages, unit / PAGE_SIZE) : NULL;

    trial_begin();
    for (unsigned i = 0; i < fixture->engine_count; i++) {
        all[i] = (struct candidate){.test = test, .engine = &fixture->engines[i], .page = page};
        if (page && is_on_trial(all[i].engine))
            all[i].flaw = flaw_in_every_way(&all[i]);
    }
    sentence(fixture, all);
}

const char *unfit_engine_text(struct test *test)
{
    static char text[TEXT_MAX];
    char place[LOCATION_TEXT];

    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        const struct dma_engine *engine = &test->fixture->engines[i];

        if (!engine->is_managed || dma_is_usable(engine))
            continue;
        snprintf(text, sizeof(text), "%s at %s: %s", engine->ops->name,
                 location_text(&engine->place, place),
                 engine->flaw ? engine->flaw : "it does not reach its own buffers");
        return text;
    }
    return NULL;
}
