// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/observe.h"

#include <stdio.h>
#include <string.h>

#include "lib/spec/wire.h"
#include "tests/framework/ledger.h"
#include "tests/framework/transfer.h"

typedef unsigned long long ull;

/* Sends one that the ledger need not know, as it is undone or refused. */
static struct viommu_reply ask(struct test *test, const struct viommu_request *request)
{
    struct viommu_reply reply = viommu_submit(fixture_iommu(test), request);

    if (reply.outcome > VIOMMU_UNWRITTEN)
        ledger_lose();
    ledger_skip(1);
    return reply;
}

void observe_by_request(struct test *test, struct observation *observation)
{
    const struct viommu_request map = viommu_map(observation->domain, observation->first,
                                                 observation->last, observation->first, READ_WRITE);
    const struct viommu_request unmap =
        viommu_unmap(observation->domain, observation->first, observation->last);
    struct viommu_reply reply = ask(test, &map);
    bool is_domain = observation->kind == OBSERVE_DOMAIN;

    observation->is_made = reply.outcome == VIOMMU_ANSWERED && reply.status != VIRTIO_IOMMU_S_NOMEM;
    observation->found =
        is_domain ? reply.status == VIRTIO_IOMMU_S_OK : reply.status == VIRTIO_IOMMU_S_INVAL;
    if (reply.status != VIRTIO_IOMMU_S_OK)
        return;
    if (ask(test, &unmap).status != VIRTIO_IOMMU_S_OK) /* there it is now, for good */
        ledger_lose();
}

/* -- writes ------------------------------------------------------------------------------------ */

static uint32_t length_of(const struct observation *observation)
{
    return (uint32_t)(observation->last - observation->first + 1);
}

static bool is_memory_of(struct test *test, uint64_t physical, uint32_t length)
{
    const struct pages *pages = &test->fixture->pages;

    return physical >= pages->base && physical < pages->end && pages->end - physical >= length;
}

bool observation_watch(struct test *test, struct observation *observation, uint64_t physical)
{
    if (observation->place_count == OBSERVED_PLACES ||
        !is_memory_of(test, physical, length_of(observation)))
        return false;
    for (unsigned i = 0; i < observation->place_count; i++)
        if (observation->places[i] == physical)
            return true;
    observation->places[observation->place_count++] = physical;
    return true;
}

static bool is_poison(const uint8_t *bytes, uint32_t length)
{
    while (length && *bytes == DMA_POISON) {
        bytes++;
        length--;
    }
    return !length;
}

/* Content has no byte of poison, so each one that is left was not written. */
static bool is_whole(const struct dma_engine *engine, const uint8_t *bytes, uint32_t length)
{
    return !engine->content || !memchr(bytes, DMA_POISON, length);
}

void observe_by_write(struct test *test, struct observation *observation)
{
    static uint8_t kept[OBSERVED_PLACES][PAGE_SIZE];
    uint32_t length = length_of(observation);

    if (length > PAGE_SIZE)
        error(test, "a write of %u bytes is more than is kept", length);
    for (unsigned i = 0; i < observation->place_count; i++)
        memcpy(kept[i], (void *)observation->places[i], length);
    for (unsigned i = 0; i < observation->place_count; i++)
        memset((void *)observation->places[i], DMA_POISON, length);

    enum dma_result result = dma_write(observation->engine, observation->first, length,
                                       transfer_timeout(observation->engine, true));

    observation->is_made = result != DMA_CANNOT && result != DMA_NO_ANSWER;
    for (unsigned i = observation->place_count; i-- > 0;) {
        const uint8_t *place = (const uint8_t *)observation->places[i];
        bool is_partial = !is_whole(observation->engine, place, length);

        if (is_poison(place, length) ||
            (is_partial && observation->found && !observation->is_partial))
            continue;
        observation->is_made = observation->found = true;
        observation->is_partial = is_partial && result == DMA_COMPLETED;
        observation->at = observation->places[i];
    }
    for (unsigned i = observation->place_count; i-- > 0;)
        memcpy((void *)observation->places[i], kept[i], length);
}

/* -- what the model says ----------------------------------------------------------------------- */

static bool has_mapping(const struct model *model, const struct observation *observation)
{
    const struct model_domain *domain = model_find_domain(model, observation->domain);

    for (unsigned i = 0; domain && i < domain->count; i++)
        if (domain->mappings[i].first <= observation->last &&
            domain->mappings[i].last >= observation->first)
            return true;
    return false;
}

/* Denied at its first byte, the rest may still be done by an endpoint that cuts its transfers. */
static bool is_denied_whole(const struct model *model, const struct observation *observation)
{
    const struct model_endpoint *endpoint =
        model_find_endpoint(model, observation->engine->endpoint);
    struct observation within = *observation;

    if (!endpoint->domain)
        return true;
    within.domain = endpoint->domain->id;
    return !has_mapping(model, &within);
}

static bool forbids_writes(const struct model *model, const struct observation *observation)
{
    const struct model_endpoint *endpoint =
        model_find_endpoint(model, observation->engine->endpoint);
    const struct model_mapping *mapping =
        endpoint->domain ? model_find_mapping(endpoint->domain, observation->first) : NULL;

    return mapping && mapping->last >= observation->last &&
           !(mapping->flags & VIRTIO_IOMMU_MAP_F_WRITE);
}

static struct expectation expected_write(const struct model *model,
                                         const struct observation *observation)
{
    struct model_piece pieces[2];
    struct model_translation to =
        model_translate(model, observation->engine->endpoint, observation->first,
                        length_of(observation), MODEL_WRITE, pieces, 2);

    if (to.allowed)
        return (struct expectation){to.count == 1, true, pieces[0].address};
    return (struct expectation){.is_known = is_denied_whole(model, observation) ||
                                            forbids_writes(model, observation)};
}

struct expectation expectation_of(const struct model *model, const struct observation *observation)
{
    const struct model_domain *domain = model_find_domain(model, observation->domain);

    switch (observation->kind) {
    case OBSERVE_DOMAIN:
        return (struct expectation){true, domain && !domain->bypass, 0};
    case OBSERVE_RANGE:
        return (struct expectation){domain && !domain->bypass, has_mapping(model, observation), 0};
    default:
        return expected_write(model, observation);
    }
}

/* Whether memory is watched where the write is to land. */
static bool is_watched(const struct observation *observation, uint64_t at)
{
    for (unsigned i = 0; i < observation->place_count; i++)
        if (observation->places[i] == at)
            return true;
    return false;
}

bool observation_fits(const struct observation *observation, const struct expectation *expected)
{
    if (!observation->is_made || !expected->is_known)
        return true;
    if (observation->kind != OBSERVE_WRITE)
        return observation->found == expected->found;
    if (expected->found && !is_watched(observation, expected->at))
        return !observation->found;
    return observation->found == expected->found && !observation->is_partial &&
           (!observation->found || observation->at == expected->at);
}

void observation_text(const struct observation *observation, char text[OBSERVATION_TEXT])
{
    if (observation->kind == OBSERVE_WRITE)
        snprintf(text, OBSERVATION_TEXT, "%s of endpoint 0x%x writes %u bytes at 0x%llx",
                 observation->engine->ops->name, (unsigned)observation->engine->endpoint,
                 (unsigned)length_of(observation), (ull)observation->first);
    else
        snprintf(text, OBSERVATION_TEXT, "MAP of [0x%llx, 0x%llx] into domain %u",
                 (ull)observation->first, (ull)observation->last, (unsigned)observation->domain);
}

void outcome_text_of(const struct observation *observation, bool found, uint64_t at,
                     bool is_partial, char text[OBSERVATION_TEXT])
{
    static const char *const texts[][2] = {
        [OBSERVE_DOMAIN] = {"is refused", "is accepted"},
        [OBSERVE_RANGE] = {"meets no mapping", "meets a mapping"},
        [OBSERVE_WRITE] = {"arrives nowhere", ""},
    };

    if (observation->kind == OBSERVE_WRITE && found)
        snprintf(text, OBSERVATION_TEXT, "arrives %sat 0x%llx", is_partial ? "in part " : "",
                 (ull)at);
    else
        snprintf(text, OBSERVATION_TEXT, "%s", texts[observation->kind][found]);
}
