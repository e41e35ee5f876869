// SPDX-License-Identifier: BSD-2-Clause
/*
 * The fixture from a test's beginning to its end, and what it gives to the test in between: memory,
 * ids to ask the device with, and engines that suit.
 */
#include "tests/framework/fixture.h"

#include <stdio.h>
#include <string.h>

#include "drivers/pci/msi.h"
#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/framework/addresses.h"
#include "tests/framework/fitness.h"
#include "tests/framework/patience.h"

#define NEEDS_ENGINES (NEEDS_DMA | NEEDS_WRITER | NEEDS_TWO_ENGINES | NEEDS_EXACT_DMA)

#define FIND_OUT_NS 120000000000ull /* engines that never answer take seconds each */

/* The n of domains that no test uses. */
#define SPARE_DOMAIN   12
#define PARKING_DOMAIN 13

/* A machine may have an engine that tests do not use. */
static const char *with_unfit_engine(struct test *test, const char *reason)
{
    static char text[TEST_REASON_MAX];
    const char *unfit = unfit_engine_text(test);

    if (!unfit)
        return reason;
    snprintf(text, sizeof(text), "%s that can be used; not %s", reason, unfit);
    return text;
}

static const char *lacking(struct test *test, unsigned needs)
{
    const struct fixture *fixture = test->fixture;
    /* A test that only reads registers runs on a device that could not be started, too. */
    bool is_there = fixture->has_iommu || needs & NEEDS_NO_START;

    const struct {
        unsigned need;
        bool met;
        const char *reason;
    } table[] = {
        {NEEDS_IOMMU, fixture->has_iommu, "no virtio-iommu was found"},
        {NEEDS_PCI, is_there && fixture->iommu_location.function, "the virtio-iommu is not on PCI"},
        {NEEDS_MMIO, is_there && fixture->iommu_location.block,
         "the virtio-iommu is not on virtio-mmio"},
        {NEEDS_ENDPOINT | NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP, fixture->has_iommu,
         "no virtio-iommu was found"},
        {NEEDS_ENDPOINT, fixture->endpoint_count >= 1, "no endpoint is behind the IOMMU"},
        {NEEDS_TWO_ENDPOINTS, fixture->endpoint_count >= 2, "fewer than two endpoints"},
        {NEEDS_DMA, fixture_engine(test), "no DMA engine reads and writes"},
        {NEEDS_WRITER, fixture_writer(test, 0), "no DMA engine writes"},
        {NEEDS_TWO_ENGINES, fixture_writer(test, 1), "fewer than two DMA engines that write"},
        {NEEDS_CPUS, arch_cpu_count() > 1, "the machine has one CPU"},
        {NEEDS_EXACT_DMA, fixture_exact_engine(test), "no DMA engine transfers single bytes"},
        {NEEDS_MAP_UNMAP, fixture->features >> VIRTIO_IOMMU_F_MAP_UNMAP & 1,
         "VIRTIO_IOMMU_F_MAP_UNMAP is not offered"},
        {NEEDS_PROBE, fixture->features >> VIRTIO_IOMMU_F_PROBE & 1,
         "VIRTIO_IOMMU_F_PROBE is not offered"},
        {NEEDS_BYPASS_CONFIG, fixture->features >> VIRTIO_IOMMU_F_BYPASS_CONFIG & 1,
         "VIRTIO_IOMMU_F_BYPASS_CONFIG is not offered, or its bit means something else"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(table); i++)
        if ((needs & table[i].need) && !table[i].met)
            return table[i].need & NEEDS_ENGINES ? with_unfit_engine(test, table[i].reason)
                                                 : table[i].reason;
    return NULL;
}

static bool is_driven(struct test *test)
{
    return test->fixture->has_iommu && !(test->definition->needs & NEEDS_NO_START);
}

void fixture_find_out(struct test *test)
{
    if (!is_driven(test) || test->fixture->addresses.is_known)
        return;
    fixture_restart_detached(test);
    patience_measure(test);
    arch_deadline(FIND_OUT_NS);
    addresses_find(test);
}

/* Nobody can tell whether engine or IOMMU is to blame: once a run that is an ERROR. */
static void tell_open_flaw(struct test *test)
{
    if (!test->fixture->is_flaw_open || test->fixture->is_flaw_told)
        return;
    test->fixture->is_flaw_told = true;
    error(test, "an engine is not used, or the IOMMU is at fault: %s", unfit_engine_text(test));
}

void fixture_begin(struct test *test)
{
    struct fixture *fixture = test->fixture;
    const char *missing = lacking(test, test->definition->needs);
    /* A test with a boot of its own has one reset only, if the device can no more. */
    bool is_renewed = fixture->options->is_reset_broken && !fixture->has_begun;

    /* Without a description's own device, another one may be driven, which has no endpoints then. */
    if (missing && fixture->iommu_trouble && (!fixture->has_iommu || !fixture->endpoint_count))
        fixture_not_driven(test, fixture->iommu_trouble);
    if (missing && fixture->is_stuck)
        fixture_not_driven(test, virtio_result_text(VIRTIO_RESET_TIMEOUT));
    if (test->definition->needs & NEEDS_ENGINES)
        tell_open_flaw(test);
    if (missing)
        skip(test, "%s", missing);
    if (!is_driven(test))
        return;
    fixture->has_begun = true;
    if (is_renewed)
        fixture_detach_all(test);
    else
        fixture_restart_detached(test);
    if (viommu_has(&test->fixture->iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(&test->fixture->iommu, 1);
}

/* Interrupts are for the tests that ask for them; all others poll. */
static void mask_interrupts(const struct device_location *place)
{
    struct pci_msix msix;

    if (!place->function)
        return;
    if (pci_msix_open(place->function, &msix))
        pci_msix_disable(&msix);
    pci_command(place->function, PCI_COMMAND_INTX_DISABLE, 0);
}

void fixture_end(struct test *test)
{
    struct fixture *fixture = test->fixture;

    fixture->features = fixture->usual_features;
    fixture->iommu.event_count = VIOMMU_EVENTS;
    fixture->iommu.event_length = VIOMMU_EVENT_LENGTH;
    arch_irq_release_all();
    mask_interrupts(&fixture->iommu_location);
    pages_release(&fixture->pages, fixture->pages.base);
    for (unsigned i = 0; i < fixture->engine_count; i++)
        fixture->engines[i].needs_start = true;
}

struct viommu *fixture_iommu(struct test *test)
{
    return &test->fixture->iommu;
}

enum clause fixture_clause(struct test *test, enum clause on_pci, enum clause on_mmio)
{
    return test->fixture->iommu_location.function ? on_pci : on_mmio;
}

void *fixture_pages(struct test *test, unsigned count)
{
    void *pages = pages_get(&test->fixture->pages, count);

    if (!pages)
        error(test, "no memory left for %u pages", count);
    return pages;
}

uint32_t fixture_endpoint_id(struct test *test, unsigned n)
{
    return test->fixture->endpoints[n].id;
}

static bool topology_describes(const struct topology *topology, uint32_t id)
{
    for (unsigned i = 0; i < topology->range_count; i++)
        if (id >= topology->ranges[i].id_first && id <= topology_last_id(&topology->ranges[i]))
            return true;
    return false;
}

bool fixture_is_described(struct test *test, uint32_t id)
{
    return topology_describes(&test->fixture->platform->topology, id);
}

/* An id that is free, if there is one, is next to a range or far from all of them. */
uint32_t fixture_absent_endpoint(struct test *test)
{
    const struct topology *topology = &test->fixture->platform->topology;
    uint32_t id = 0xdeadbeef;

    for (unsigned i = 0; fixture_is_described(test, id); i++) {
        if (i == topology->range_count)
            skip(test, "every endpoint id is described: none is absent");
        id = topology_last_id(&topology->ranges[i]) + 1;
    }
    return id;
}

unsigned fixture_domain_count(struct test *test, unsigned wanted)
{
    const struct viommu *viommu = fixture_iommu(test);
    uint32_t more = viommu->config.domain_range.end - viommu->config.domain_range.start;

    return viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE) && more < wanted ? more + 1 : wanted;
}

uint32_t fixture_domain(struct test *test, unsigned n)
{
    const struct viommu *viommu = fixture_iommu(test);
    unsigned count = fixture_domain_count(test, n + 1);

    if (count <= n)
        skip(test, "domain_range has %u domains, expected at least %u", count, n + 1);
    return n + (viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE) ? viommu->config.domain_range.start
                                                                : 0);
}

uint32_t fixture_spare_domain(struct test *test)
{
    return fixture_domain(test, fixture_domain_count(test, SPARE_DOMAIN + 1) - 1);
}

uint32_t fixture_parking_domain(struct test *test)
{
    return fixture_domain(test, fixture_domain_count(test, PARKING_DOMAIN + 1) - 1);
}

static bool shares_endpoint(const struct dma_engine *engine, struct dma_engine *const *others,
                            unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (others[i]->endpoint == engine->endpoint)
            return true;
    return false;
}

/*
 * The n-th managed engine that satisfies `wanted`, fast ones first; NULL when there are fewer. No
 * two share an endpoint: an ATTACH or MAP for one must not make a transfer of the other possible.
 */
static struct dma_engine *find_engine(struct test *test, unsigned n,
                                      bool (*wanted)(const struct dma_engine *))
{
    struct fixture *fixture = test->fixture;
    struct dma_engine *found[DMA_MAX_ENGINES];
    unsigned count = 0;

    for (unsigned slow = 0; slow < 2; slow++)
        for (unsigned i = 0; i < fixture->engine_count; i++) {
            struct dma_engine *engine = &fixture->engines[i];

            if (!engine->is_managed || !dma_is_usable(engine) || engine->is_slow != slow ||
                !wanted(engine) || shares_endpoint(engine, found, count))
                continue;
            if (count == n)
                return engine;
            found[count++] = engine;
        }
    return NULL;
}

static bool reads_and_writes(const struct dma_engine *engine)
{
    return engine->can_read && engine->can_write;
}

static bool writes(const struct dma_engine *engine)
{
    return engine->can_write;
}

static bool is_exact(const struct dma_engine *engine)
{
    return reads_and_writes(engine) && engine->min_length == 1 && engine->step == 1;
}

static bool raises_msi(const struct dma_engine *engine)
{
    return engine->can_raise_msi;
}

struct dma_engine *fixture_engine(struct test *test)
{
    return find_engine(test, 0, reads_and_writes);
}

struct dma_engine *fixture_writer(struct test *test, unsigned n)
{
    return find_engine(test, n, writes);
}

struct dma_engine *fixture_exact_engine(struct test *test)
{
    struct dma_engine *best = NULL, *engine;

    for (unsigned n = 0; (engine = find_engine(test, n, is_exact)); n++)
        if (!best || engine->reach > best->reach)
            best = engine;
    return best;
}

static bool is_first_of_its_kind(struct test *test, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (fixture_writer(test, i)->ops == fixture_writer(test, n)->ops)
            return false;
    return true;
}

struct dma_engine *fixture_kind(struct test *test, unsigned n)
{
    struct dma_engine *engine;

    for (unsigned i = 0; (engine = fixture_writer(test, i)); i++)
        if (is_first_of_its_kind(test, i) && !n--)
            return engine;
    return NULL;
}

struct dma_engine *fixture_msi_engine(struct test *test)
{
    return find_engine(test, 0, raises_msi);
}

static bool is_translated(struct fixture *fixture, const struct dma_engine *engine)
{
    struct topology_match match;

    if (engine->bypasses)
        return false;
    if (fixture->has_iommu && engine->is_managed)
        return !viommu_has(&fixture->iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG);
    /* By an IOMMU that is not driven. */
    return platform_find_endpoint(fixture->platform, &engine->place, &match);
}

struct dma_engine *fixture_untranslated_engine(struct test *test, const char *name, unsigned n)
{
    struct fixture *fixture = test->fixture;

    for (unsigned i = 0; i < fixture->engine_count; i++)
        if (!strcmp(fixture->engines[i].ops->name, name) &&
            !is_translated(fixture, &fixture->engines[i]) && !n--)
            return &fixture->engines[i];
    return NULL;
}
