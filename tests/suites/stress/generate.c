// SPDX-License-Identifier: BSD-2-Clause
/*
 * The requests of a walk. They depend on the seed and on the model only, so a seed gives the same
 * requests again as long as the device answers as the model says.
 */
#include "tests/suites/stress/generate.h"

#include "lib/array/array.h"

static uint64_t below(struct walk *walk, uint64_t n)
{
    return rng_below(&walk->test->rng, n);
}

/* Every other time one with an engine in it: only there do transfers see what a request did. */
static uint32_t any_domain(struct walk *walk)
{
    if (walk->engine_count && below(walk, 2)) {
        uint32_t engine = walk->engines[below(walk, walk->engine_count)]->endpoint;
        const struct model_endpoint *endpoint = model_find_endpoint(walk->model, engine);

        if (endpoint->domain)
            return endpoint->domain->id;
    }
    return fixture_domain(walk->test,
                          (unsigned)below(walk, fixture_domain_count(walk->test, WALK_DOMAINS)));
}

/* One that nothing is attached to, if there are as many. */
static uint32_t unused_domain(struct walk *walk)
{
    return fixture_domain_count(walk->test, WALK_DOMAINS + 1) > WALK_DOMAINS
               ? fixture_domain(walk->test, WALK_DOMAINS)
               : any_domain(walk);
}

static uint32_t any_endpoint(struct walk *walk)
{
    if (walk->engine_count && below(walk, 2))
        return walk->engines[below(walk, walk->engine_count)]->endpoint;
    return fixture_endpoint_id(walk->test,
                               (unsigned)below(walk, walk->test->fixture->endpoint_count));
}

static uint64_t granule_at(const struct walk *walk, uint64_t n)
{
    return walk->window + n * walk->model->config.granule;
}

/* Mostly short ranges, one in eight over up to half of the window: those cover several mappings. */
static void any_range(struct walk *walk, uint64_t *first, uint64_t *last)
{
    uint64_t count = 1 + below(walk, below(walk, 8) ? 4 : WALK_WINDOW / 2);
    uint64_t start = below(walk, WALK_WINDOW - count);

    *first = granule_at(walk, start);
    *last = granule_at(walk, start + count) - 1;
}

static struct viommu_request generate_map(struct walk *walk)
{
    static const uint32_t flags[] = {READ_WRITE,
                                     READ_WRITE,
                                     READ_WRITE,
                                     VIRTIO_IOMMU_MAP_F_READ,
                                     VIRTIO_IOMMU_MAP_F_READ,
                                     VIRTIO_IOMMU_MAP_F_WRITE};
    uint64_t granule = walk->model->config.granule, first, last, offset;

    any_range(walk, &first, &last);
    if (last - first >= walk->arena_size)
        last = first + walk->arena_size - 1;
    offset = below(walk, (walk->arena_size - (last - first + 1)) / granule + 1) * granule;

    return viommu_map(any_domain(walk), first, last, (uintptr_t)walk->arena + offset,
                      flags[below(walk, ARRAY_LENGTH(flags))]);
}

/* Every other time exactly an existing mapping: random ranges alone rarely succeed. */
static struct viommu_request generate_unmap(struct walk *walk)
{
    uint32_t id = any_domain(walk);
    const struct model_domain *domain = model_find_domain(walk->model, id);
    uint64_t first, last;

    any_range(walk, &first, &last);
    if (domain && below(walk, 2)) {
        const struct model_mapping *mapping = model_find_mapping(domain, first);

        if (mapping) {
            first = mapping->first;
            last = mapping->last;
        }
    }
    return viommu_unmap(id, first, last);
}

static struct viommu_request generate_attach(struct walk *walk)
{
    bool bypass = walk->model->config.bypass_config && below(walk, 8) == 0;

    return viommu_attach(any_domain(walk), any_endpoint(walk),
                         bypass ? VIRTIO_IOMMU_ATTACH_F_BYPASS : 0);
}

/* Three of four times from the domain that the endpoint is in. */
static struct viommu_request generate_detach(struct walk *walk)
{
    uint32_t id = any_endpoint(walk);
    const struct model_endpoint *endpoint = model_find_endpoint(walk->model, id);
    bool right = endpoint->domain && below(walk, 4);

    return viommu_detach(right ? endpoint->domain->id : any_domain(walk), id);
}

/*
 * One thing wrong on purpose. What is open (judge.c) is left out by is_left_out(), not here: chance
 * may make any of these valid, or wrong in two ways.
 */
static struct viommu_request generate_invalid(struct walk *walk)
{
    struct viommu_request request = generate_map(walk);
    uint64_t bit = 1ull << below(walk, 12);

    switch (below(walk, 10)) {
    case 0:
        request.map.flags |= 1u << (3 + below(walk, 29));
        return request;
    case 1:
        request.map.virt_start |= bit & (walk->model->config.granule - 1);
        return request;
    case 2:
        request.map.phys_start |= bit & (walk->model->config.granule - 1);
        return request;
    case 3:
        request.map.virt_end -= bit & (walk->model->config.granule - 1);
        return request;
    case 4:
        request.map.domain = unused_domain(walk);
        return request;
    case 5:
        return viommu_unmap(unused_domain(walk), walk->window, granule_at(walk, WALK_WINDOW) - 1);
    case 6:
        return viommu_attach(any_domain(walk), fixture_absent_endpoint(walk->test), 0);
    case 7:
        return viommu_detach(any_domain(walk), fixture_absent_endpoint(walk->test));
    case 8:
        return viommu_attach(any_domain(walk), any_endpoint(walk), 2u << below(walk, 31));
    default:
        request = viommu_attach(any_domain(walk), any_endpoint(walk), 0);
        request.attach.reserved[below(walk, 4)] = (uint8_t)(1 + below(walk, 255));
        return request;
    }
}

static struct viommu_request generate_request(struct walk *walk)
{
    uint64_t choice = below(walk, 100);

    if (choice < 50)
        return generate_map(walk);
    if (choice < 70)
        return generate_unmap(walk);
    if (choice < 80)
        return generate_attach(walk);
    if (choice < 84)
        return generate_detach(walk);
    return generate_invalid(walk);
}

/* Whether an UNMAP that splits one mapping covers others whole: then UNMAP-D07 decides, too. */
static bool covers_and_splits(const struct walk *walk, const struct viommu_request *request)
{
    const struct model_domain *domain = model_find_domain(walk->model, request->unmap.domain);

    if (request->head.type != VIRTIO_IOMMU_T_UNMAP || !domain)
        return false;
    for (unsigned i = 0; i < domain->count; i++)
        if (domain->mappings[i].first >= request->unmap.virt_start &&
            domain->mappings[i].last <= request->unmap.virt_end)
            return true;
    return false;
}

static bool is_left_out(const struct walk *walk, const struct viommu_request *request)
{
    struct model_answer answer = model_judge(walk->model, request->bytes, request->length);

    if (answer.is_open || walk->excluded[answer.clause])
        return true;
    return answer.clause == IOMMU_UNMAP_D06 && walk->excluded[IOMMU_UNMAP_D07] &&
           covers_and_splits(walk, request);
}

static bool is_of_mappings(const struct viommu_request *request)
{
    return request->head.type == VIRTIO_IOMMU_T_MAP || request->head.type == VIRTIO_IOMMU_T_UNMAP;
}

/* Whether an ATTACH or a DETACH may begin or end the domain, or change who is in it. */
static bool concerns(const struct walk *walk, const struct viommu_request *request, uint32_t domain)
{
    const struct model_endpoint *endpoint =
        model_find_endpoint(walk->model, request->attach.endpoint);

    return request->attach.domain == domain ||
           (endpoint && endpoint->domain && endpoint->domain->id == domain);
}

static bool have_one_address(const struct viommu_request *one, const struct viommu_request *other)
{
    return one->map.domain == other->map.domain && one->map.virt_start <= other->map.virt_end &&
           other->map.virt_start <= one->map.virt_end;
}

static bool have_one_domain(const struct walk *walk, const struct viommu_request *one,
                            const struct viommu_request *other)
{
    const struct model_endpoint *endpoint = model_find_endpoint(walk->model, one->attach.endpoint);

    return one->attach.endpoint == other->attach.endpoint ||
           concerns(walk, other, one->attach.domain) ||
           (endpoint && endpoint->domain && concerns(walk, other, endpoint->domain->id));
}

/* Of MAP and UNMAP, both have their addresses at the same place. */
static bool depend(const struct walk *walk, const struct viommu_request *one,
                   const struct viommu_request *other)
{
    if (is_of_mappings(one) && is_of_mappings(other))
        return have_one_address(one, other);
    if (is_of_mappings(one))
        return concerns(walk, other, one->map.domain);
    if (is_of_mappings(other))
        return concerns(walk, one, other->map.domain);
    return have_one_domain(walk, one, other);
}

unsigned generate_batch(struct walk *walk, struct viommu_request requests[WALK_BATCH],
                        unsigned limit)
{
    /* Mostly few: what a batch is made of does not know what the batch does. */
    unsigned wanted = 1 + (unsigned)below(walk, below(walk, 6) ? 5 : WALK_BATCH), count = 0;

    wanted = wanted < limit ? wanted : limit;
    for (unsigned tries = 2 * wanted; tries && count < wanted; tries--) {
        struct viommu_request request = generate_request(walk);
        unsigned i = 0;

        while (i < count && !depend(walk, &request, &requests[i]))
            i++;
        if (i == count && !is_left_out(walk, &request))
            requests[count++] = request;
    }
    return count;
}
