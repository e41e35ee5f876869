// SPDX-License-Identifier: BSD-2-Clause
/* The transfers of a walk: whether memory agrees with the statuses. */
#include <string.h>

#include "tests/suites/stress/walk.h"

#define TIMEOUT_NS        1000000000ull
#define DENIED_TIMEOUT_NS 20000000ull
#define PIECES_MAX        8
#define TRANSFER          512 /* bytes */
#define ALIGNMENT         16

typedef unsigned long long ull;

/* A part of a transfer that stays within one granule. */
struct part {
    uint32_t offset, length;
    uint64_t memory; /* where it goes, where that is allowed */
    bool is_allowed;
    bool is_open; /* a read through what is mapped for writes only: the device may allow it */
};

/* What a transfer is to do by the model. */
struct plan {
    struct dma_engine *engine;
    uint64_t address;
    struct part parts[PIECES_MAX];
    unsigned count;
    bool is_allowed;           /* all of it */
    enum clause lands, denied; /* what says so */
};

bool walk_can_transfer(const struct viommu *viommu)
{
    return viommu_granule(viommu) * (PIECES_MAX - 1) >= TRANSFER;
}

/*
 * Somewhere in the window; every other time inside a mapping, from where a transfer may cross into
 * the next. Aligned to what engines transfer: conformance.translation has single bytes at edges.
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

static bool translate(const struct walk *walk, const struct plan *plan, enum model_access access,
                      struct part *part)
{
    struct model_piece piece;
    struct model_translation translation =
        model_translate(walk->model, plan->engine->endpoint, plan->address + part->offset,
                        part->length, access, &piece, 1);

    if (translation.allowed)
        part->memory = piece.address;
    return translation.allowed;
}

/* An endpoint may do the rest of a transfer that is denied in part, so each part is judged. */
static void plan_parts(const struct walk *walk, enum model_access access, struct plan *plan)
{
    uint64_t granule = walk->model->config.granule;

    plan->is_allowed = true;
    for (uint32_t offset = 0; offset < TRANSFER && plan->count < PIECES_MAX;) {
        struct part *part = &plan->parts[plan->count++];
        uint64_t left = granule - ((plan->address + offset) & (granule - 1));

        *part = (struct part){.offset = offset};
        part->length = TRANSFER - offset < left ? TRANSFER - offset : (uint32_t)left;
        part->is_open = access == MODEL_READ && translate(walk, plan, MODEL_WRITE, part);
        part->is_allowed = translate(walk, plan, access, part);
        plan->is_allowed &= part->is_allowed;
        offset += part->length;
    }
}

static bool is_in_arena(const struct walk *walk, const struct part *part)
{
    uint64_t offset = part->memory - (uintptr_t)walk->arena;

    return offset < walk->arena_size && walk->arena_size - offset >= part->length;
}

static bool leads_somewhere(const struct part *part)
{
    return part->is_allowed || part->is_open;
}

/* Not where a mapping leads to other memory, longer than the arena or the footprint of an engine. */
static bool stays_in_arena(const struct walk *walk, const struct plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (leads_somewhere(&plan->parts[i]) && !is_in_arena(walk, &plan->parts[i]))
            return false;
    return true;
}

static bool judge(struct walk *walk, const struct plan *plan, enum clause clause, const char *how,
                  const char *fault, enum dma_result result)
{
    walk->transfers++;
    walk->denied += !plan->is_allowed;
    if (expect(walk->test, clause, !fault,
               "%s %s %u bytes at 0x%llx, %s by the model: %s (engine: %s)",
               plan->engine->ops->name, how, TRANSFER, (ull)plan->address,
               plan->is_allowed ? "allowed" : "denied", fault, dma_result_text(result)))
        return true;
    walk_print_episode(walk);
    return false;
}

static enum dma_result transfer(const struct plan *plan,
                                enum dma_result (*move)(struct dma_engine *, uint64_t, uint32_t,
                                                        uint64_t))
{
    return move(plan->engine, plan->address, TRANSFER,
                plan->is_allowed ? TIMEOUT_NS : DENIED_TIMEOUT_NS);
}

/* -- writes: into an arena of poison ----------------------------------------------------------- */

static bool arena_is_poison(const struct walk *walk)
{
    const uint64_t word = 0x0101010101010101ull * WALK_POISON;
    const uint64_t *words = (const uint64_t *)walk->arena;

    for (size_t i = 0; i < walk->arena_size / sizeof(word); i++)
        if (words[i] != word)
            return false;
    return true;
}

static bool is_random(const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length && i < 6; i++)
        if (bytes[i] != WALK_POISON)
            return true;
    return length < 8;
}

/* Whether every allowed part holds what the engine wrote; poisons it again. */
static bool take_parts(const struct plan *plan)
{
    const uint8_t *content = plan->engine->content;
    bool arrived = true;

    for (unsigned i = 0; i < plan->count; i++) {
        const struct part *part = &plan->parts[i];
        uint8_t *bytes = (uint8_t *)part->memory;

        if (!part->is_allowed)
            continue;
        arrived &= content ? !memcmp(bytes, content + part->offset, part->length)
                           : is_random(bytes, part->length);
        memset(bytes, WALK_POISON, part->length);
    }
    return arrived;
}

static bool write_somewhere(struct walk *walk, struct plan *plan)
{
    plan_parts(walk, MODEL_WRITE, plan);
    if (!stays_in_arena(walk, plan))
        return true;

    enum dma_result result = transfer(plan, dma_write);
    bool arrived = take_parts(plan) || !plan->is_allowed;

    if (!arena_is_poison(walk))
        return judge(walk, plan, plan->denied, "writes", "memory changed elsewhere", result);
    return judge(walk, plan, plan->lands, "writes", arrived ? NULL : "they did not arrive", result);
}

/* -- reads: from an arena whose words are numbered --------------------------------------------- */

static void number_arena(struct walk *walk, uint64_t first)
{
    uint64_t *words = (uint64_t *)walk->arena;

    for (size_t i = 0; i < walk->arena_size / sizeof(*words); i++)
        words[i] = first + i;
}

static bool saw_all(const struct plan *plan, const uint8_t *seen)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct part *part = &plan->parts[i];

        if (memcmp(seen + part->offset, (const uint8_t *)part->memory, part->length))
            return false;
    }
    return true;
}

/* Whether a part that is denied, or leads to other memory, has a word of the arena. */
static bool saw_denied(const struct walk *walk, const struct plan *plan, const uint8_t *seen,
                       uint64_t first)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct part *part = &plan->parts[i];

        if (leads_somewhere(part) && is_in_arena(walk, part))
            continue;
        for (uint32_t at = 0; at + 8 <= part->length; at += 8) {
            uint64_t word;

            memcpy(&word, seen + part->offset + at, sizeof(word));
            if (word - first < walk->arena_size / sizeof(word))
                return true;
        }
    }
    return false;
}

/* An engine whose own buffers are denied, too, never says anything. */
static bool reaches_its_buffers(const struct walk *walk, const struct dma_engine *engine)
{
    struct model_piece piece;

    return model_translate(walk->model, engine->endpoint, engine->footprint, 1, MODEL_WRITE, &piece,
                           1)
        .allowed;
}

static bool read_somewhere(struct walk *walk, struct plan *plan)
{
    uint64_t first = rng_next64(&walk->test->rng);
    uint8_t seen[TRANSFER] = {0};
    const char *fault = NULL;

    plan_parts(walk, MODEL_READ, plan);
    /* Other memory may be none, and holds nothing that is known. */
    plan->is_allowed &= stays_in_arena(walk, plan);
    number_arena(walk, first);

    enum dma_result result = transfer(plan, dma_read);

    uint64_t timeout = reaches_its_buffers(walk, plan->engine) ? TIMEOUT_NS : DENIED_TIMEOUT_NS;

    if (dma_report(plan->engine, seen, TRANSFER, timeout) != DMA_COMPLETED)
        fault = plan->is_allowed ? "the engine can't report what it read" : NULL;
    else if (plan->is_allowed && !saw_all(plan, seen))
        fault = "it did not see them";

    bool leaked = saw_denied(walk, plan, seen, first);

    memset(walk->arena, WALK_POISON, walk->arena_size);
    if (leaked)
        return judge(walk, plan, plan->denied, "reads", "it saw memory", result);
    return judge(walk, plan, plan->lands, "reads", fault, result);
}

bool walk_transfer(struct walk *walk)
{
    struct rng *rng = &walk->test->rng;
    struct plan plan = {.engine = walk->engines[rng_below(rng, walk->engine_count)]};
    const struct model_endpoint *endpoint = model_find_endpoint(walk->model, plan.engine->endpoint);

    /* Each of these is waited for. */
    if (!reaches_its_buffers(walk, plan.engine) && !rng_chance(rng, 1, 8))
        return true;
    if (endpoint->domain && !endpoint->domain->bypass) {
        plan.address = any_address(walk, endpoint->domain);
        plan.lands = IOMMU_MAP_P03;
        plan.denied = IOMMU_MAP_P04;
    } else { /* untranslated, the window is no memory */
        plan.address = (uintptr_t)walk->arena + rng_below(rng, walk->arena_size - TRANSFER);
        plan.address &= -(uint64_t)ALIGNMENT;
        plan.lands = IOMMU_BYP_P06;
        plan.denied = IOMMU_OP_D06;
    }
    if (plan.engine->can_read && rng_chance(rng, 1, 2))
        return read_somewhere(walk, &plan);
    return write_somewhere(walk, &plan);
}
