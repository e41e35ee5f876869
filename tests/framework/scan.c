// SPDX-License-Identifier: BSD-2-Clause
/*
 * An ATTACH that succeeds shows that an id is known. Every id gets a domain of its own, and in each
 * of these domains one and the same address leads to another page: an engine that writes to the
 * address shows by the page that changes which id it uses.
 */
#include "tests/framework/scan.h"

#include <string.h>

#include "lib/spec/wire.h"
#include "tests/framework/memory.h"
#include "tests/framework/report.h"

#define POISON 0xa5

#define TIMEOUT_NS      200000000ull
#define SLOW_TIMEOUT_NS 2000000000ull

struct known {
    uint32_t id;
    bool is_placed; /* the device that uses it was found */
};

struct search {
    struct fixture *fixture;
    struct topology *topology;
    unsigned iommu; /* its index there */
    struct known known[FIXTURE_MAX_ENDPOINTS];
    unsigned count;
    /* A unit (memory.h) that the address is the address of, then one for each known id. */
    uint8_t *pages;
    uint64_t unit;
};

static uint8_t *page_of(const struct search *search, unsigned n)
{
    return search->pages + (1 + n) * (size_t)search->unit;
}

static uint32_t domain_of(const struct search *search, unsigned n)
{
    const struct viommu *viommu = &search->fixture->iommu;

    return (viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE) ? viommu->config.domain_range.start
                                                            : 0) +
           n;
}

/* The status of the answer; -1: there is none. */
static int ask(struct search *search, struct viommu_request request)
{
    struct viommu_reply reply = viommu_submit(&search->fixture->iommu, &request);

    return reply.outcome == VIOMMU_ANSWERED ? reply.status : -1;
}

/* False: the device does not answer any more, or there is no room for another id. */
static bool try_id(struct search *search, uint32_t id)
{
    if (search->count == FIXTURE_MAX_ENDPOINTS) {
        report_diagnostic("scan: more than %d ids are known, those from 0x%x on are left out",
                          FIXTURE_MAX_ENDPOINTS, (unsigned)id);
        return false;
    }

    int status = ask(search, viommu_attach(domain_of(search, search->count), id, 0));

    if (status == VIRTIO_IOMMU_S_OK)
        search->known[search->count++].id = id;
    else if (status != VIRTIO_IOMMU_S_NOENT)
        report_diagnostic("scan: ATTACH of id 0x%x: status %d, expected 0, or %d for an unknown id",
                          (unsigned)id, status, VIRTIO_IOMMU_S_NOENT);
    return status >= 0;
}

static void find_ids(struct search *search, const struct topology *asked)
{
    for (unsigned i = 0; i < asked->scan_count; i++)
        for (uint64_t id = asked->scans[i].first; id <= asked->scans[i].last; id++)
            if (!try_id(search, (uint32_t)id))
                return;
}

static bool map(struct search *search, unsigned n, uint64_t address, uint64_t size,
                uint64_t physical)
{
    return ask(search, viommu_map(domain_of(search, n), address, address + (size - 1), physical,
                                  READ_WRITE)) == VIRTIO_IOMMU_S_OK;
}

static bool map_footprint(struct search *search, unsigned n, const struct dma_engine *engine)
{
    uint64_t first = engine->footprint & -search->unit;
    uint64_t end = engine->footprint + engine->footprint_size;

    return map(search, n, first, ((end + (search->unit - 1)) & -search->unit) - first, first);
}

/* Makes the n-th domain one in which every engine works and the address leads to its own page. */
static void prepare(struct search *search, unsigned n)
{
    struct fixture *fixture = search->fixture;
    bool is_ready =
        map(search, n, (uintptr_t)search->pages, search->unit, (uintptr_t)page_of(search, n));

    for (unsigned i = 0; i < fixture->engine_count; i++)
        is_ready &= map_footprint(search, n, &fixture->engines[i]);
    if (!is_ready)
        report_diagnostic("scan: MAP for id 0x%x fails; no engine can use it",
                          (unsigned)search->known[n].id);
}

static bool is_changed(const uint8_t *page)
{
    for (unsigned i = 0; i < PAGE_SIZE; i++) /* where a transfer may arrive */
        if (page[i] != POISON)
            return true;
    return false;
}

static void add_range(struct search *search, struct topology_range range)
{
    range.source = TOPOLOGY_SCAN;
    range.iommu = search->iommu;
    if (!topology_add_range(search->topology, &range))
        report_diagnostic("scan: id 0x%x is left out, expected at most %d ranges",
                          (unsigned)range.id_first, TOPOLOGY_MAX_RANGES);
}

static void place_id(struct search *search, struct known *known, const struct dma_engine *engine)
{
    const struct topology_device device = location_requester(&engine->place);
    char text[LOCATION_TEXT];

    report_diagnostic("scan: %s %s uses id 0x%x", engine->ops->name,
                      location_text(&engine->place, text), (unsigned)known->id);
    known->is_placed = true;
    add_range(search, (struct topology_range){.bus = device.bus,
                                              .segment_first = device.segment,
                                              .segment_last = device.segment,
                                              .bdf_first = device.bdf,
                                              .bdf_last = device.bdf,
                                              .base = device.base,
                                              .id_first = known->id});
}

/* Lets the engine write, and looks where it arrives. */
static void find_engine(struct search *search, struct dma_engine *engine)
{
    uint32_t length = engine->min_length < 8 ? 8 : engine->min_length;
    uint64_t timeout = engine->is_slow ? SLOW_TIMEOUT_NS : TIMEOUT_NS;
    char text[LOCATION_TEXT];

    memset(search->pages, POISON, (1 + search->count) * (size_t)search->unit);
    dma_prepare(engine, timeout);
    dma_write(engine, (uintptr_t)search->pages, length, timeout);
    engine->needs_start = true;
    for (unsigned n = 0; n < search->count; n++)
        if (is_changed(page_of(search, n))) {
            place_id(search, &search->known[n], engine);
            return;
        }
    report_diagnostic("scan: %s %s uses no id that is known: what it writes %s", engine->ops->name,
                      location_text(&engine->place, text),
                      is_changed(search->pages) ? "is not translated" : "does not arrive");
}

/* The ids that no engine uses are endpoints, too, at an unknown place. */
static void add_unplaced(struct search *search)
{
    for (unsigned n = 0; n < search->count; n++) {
        if (search->known[n].is_placed)
            continue;
        report_diagnostic("scan: id 0x%x is known, and no engine uses it",
                          (unsigned)search->known[n].id);
        add_range(search,
                  (struct topology_range){.bus = TOPOLOGY_MMIO, .id_first = search->known[n].id});
    }
}

static bool start(struct search *search)
{
    struct fixture *fixture = search->fixture;

    if (viommu_start(&fixture->iommu, fixture->features))
        return false;
    if (viommu_has(&fixture->iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(&fixture->iommu, 1);
    search->iommu = search->topology->iommu_count;
    search->unit = memory_unit_of(viommu_granule(&fixture->iommu));
    return topology_add_iommu(
        search->topology,
        &(struct topology_iommu){.source = TOPOLOGY_SCAN,
                                 .device = location_device(&fixture->iommu_location)});
}

/* Lets each engine that writes do so, and looks which of the known ids it uses. */
static void find_engines(struct search *search)
{
    struct fixture *fixture = search->fixture;
    struct pages *pages = &fixture->pages;

    if (pages_align(pages, search->unit))
        search->pages = pages_get(pages, (1 + search->count) * (search->unit / PAGE_SIZE));
    if (!search->pages) {
        report_diagnostic(
            "scan: too little memory for %u granules of 0x%llx bytes; no engine is tried",
            1 + search->count, (unsigned long long)search->unit);
        return;
    }
    for (unsigned n = 0; n < search->count; n++)
        prepare(search, n);
    for (unsigned i = 0; i < fixture->engine_count; i++)
        if (fixture->engines[i].can_write && !fixture->engines[i].bypasses)
            find_engine(search, &fixture->engines[i]);
}

/* The reset that follows should do that, but nothing has judged it yet. */
static void detach_all(struct search *search)
{
    for (unsigned n = 0; n < search->count; n++)
        ask(search, viommu_detach(domain_of(search, n), search->known[n].id));
}

void scan_endpoints(struct fixture *fixture, const struct topology *asked)
{
    struct search search = {.fixture = fixture, .topology = &fixture->platform->topology};

    if (!fixture->has_iommu)
        return;
    if (!start(&search)) {
        report_diagnostic("scan: the IOMMU does not come up, or has no room in the topology");
        return;
    }
    find_ids(&search, asked);
    find_engines(&search);
    add_unplaced(&search);
    detach_all(&search);
    virtio_reset(fixture->iommu.transport);
    pages_release(&fixture->pages, fixture->pages.base);
}
