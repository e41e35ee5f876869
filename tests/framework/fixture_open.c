// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finds what there is to test: the IOMMU that the topology names, the endpoints behind it and the
 * DMA engines. Divides the memory between them and the tests.
 */
#include "tests/framework/fixture.h"
#include "tests/framework/ledger.h"
#include "tests/framework/memory.h"
#include "tests/framework/report.h"
#include "tests/framework/scan.h"

#define CLASS_BRIDGE 0x06
#define IOMMU_PAGES  1024 /* rings, slots and malformed chains of one test */

/* Behind a host bridge that can't be driven it may be there. */
static bool may_be_there(const struct platform *platform, const struct topology_device *device)
{
    return device->bus == TOPOLOGY_PCI &&
           platform_is_left_out(platform, device->segment, device->bdf);
}

static bool find_described_iommu(struct fixture *fixture, enum topology_source source,
                                 struct device_location *place)
{
    const struct platform *platform = fixture->platform;
    const struct topology *topology = &platform->topology;

    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];

        if (iommu->source != source || iommu->kind != TOPOLOGY_VIRTIO_IOMMU)
            continue;
        if (platform_find_device(platform, &iommu->device, place))
            return true;
        if (!may_be_there(platform, &iommu->device))
            fixture->iommu_trouble = "a description names one where there is no device";
        if (iommu->device.bus == TOPOLOGY_PCI)
            report_diagnostic("topology: %s names an IOMMU at %04x:%04x, and there is no function",
                              topology_source_name(source), iommu->device.segment,
                              iommu->device.bdf);
        else
            report_diagnostic("topology: %s names an IOMMU at 0x%llx, and there is no virtio-mmio "
                              "device",
                              topology_source_name(source), (unsigned long long)iommu->device.base);
    }
    return false;
}

static bool find_iommu(struct fixture *fixture, struct device_location *place)
{
    for (int source = TOPOLOGY_SOURCES - 1; source >= 0; source--)
        if (find_described_iommu(fixture, (enum topology_source)source, place))
            return true;
    return platform_first_iommu(fixture->platform, place);
}

/* A device that gets no memory does not start, and every test that needs it is skipped or fails. */
static void take_pages(struct pages *memory, struct pages *part)
{
    if (!pages_share(memory, IOMMU_PAGES, part))
        report_diagnostic("memory: %zu pages left, expected %u for the IOMMU", pages_left(memory),
                          IOMMU_PAGES);
}

/* Split rings unless the command line says otherwise; tests of packed rings ask for them. */
static void choose_ring(struct fixture *fixture)
{
    const uint64_t packed = VIRTIO_BIT(VIRTIO_F_RING_PACKED);

    fixture->has_packed_rings = fixture->features & packed;
    fixture->usual_features = fixture->features;
    if (!fixture->options->is_ring_packed)
        fixture->usual_features &= ~packed;
    else if (!fixture->has_packed_rings)
        report_diagnostic("options: ring=packed, and RING_PACKED is not offered; rings are split");
    fixture->features = fixture->usual_features;
}

static void open_iommu(struct fixture *fixture, struct pages *memory)
{
    static struct pages pages; /* outlives fixture_open(); one IOMMU, one pool */

    if (!find_iommu(fixture, &fixture->iommu_location))
        return;
    take_pages(memory, &pages);
    if (!location_open_virtio(&fixture->iommu_location, &fixture->iommu_device,
                              &report_diagnostics)) {
        fixture->iommu_trouble = "its transport can't be used";
        return;
    }
    fixture->iommu = (struct viommu){.transport = &fixture->iommu_device.transport,
                                     .pages = &pages,
                                     .event_count = VIOMMU_EVENTS,
                                     .event_length = VIOMMU_EVENT_LENGTH};
    viommu_look(&fixture->iommu);
    fixture->features = viommu_usable_features(
        fixture->iommu.offered,
        platform_has_bypass_config(fixture->platform, &fixture->iommu_location));
    choose_ring(fixture);
    fixture->has_iommu = true;
}

/* Whether the device is behind the IOMMU that is open, not behind another one. */
static bool endpoint_of(const struct fixture *fixture, const struct device_location *place,
                        uint32_t *id)
{
    const struct platform *platform = fixture->platform;
    struct topology_match match;
    struct device_location iommu;

    if (location_is(place, &fixture->iommu_location) ||
        !platform_find_endpoint(platform, place, &match) ||
        !platform_find_device(platform, &platform->topology.iommus[match.iommu].device, &iommu) ||
        !location_is(&iommu, &fixture->iommu_location))
        return false;
    *id = match.id;
    return true;
}

/* Devices behind one conventional PCI bridge share a requester id, so they are one endpoint. */
static bool is_known(const struct fixture *fixture, uint32_t id)
{
    for (unsigned i = 0; i < fixture->endpoint_count; i++)
        if (fixture->endpoints[i].id == id)
            return true;
    return false;
}

static void add_endpoint(struct fixture *fixture, struct device_location place)
{
    uint32_t id;
    char text[LOCATION_TEXT];

    if (!endpoint_of(fixture, &place, &id) || is_known(fixture, id))
        return;
    if (fixture->endpoint_count == FIXTURE_MAX_ENDPOINTS)
        report_diagnostic("topology: endpoint 0x%x at %s is not tested, expected %d at most",
                          (unsigned)id, location_text(&place, text), FIXTURE_MAX_ENDPOINTS);
    else
        fixture->endpoints[fixture->endpoint_count++] =
            (struct fixture_endpoint){.place = place, .id = id};
}

static bool is_bridge(const struct pci_function *function)
{
    return function->class_code >> 16 == CLASS_BRIDGE;
}

/* Those of the engines that the IOMMU translates and that are slow or not, read or only write. */
static void add_engines(struct fixture *fixture, bool is_slow, bool reads)
{
    for (unsigned i = 0; i < fixture->engine_count; i++)
        if (fixture->engines[i].can_read == reads && fixture->engines[i].is_slow == is_slow &&
            !fixture->engines[i].bypasses)
            add_endpoint(fixture, fixture->engines[i].place);
}

static void add_functions(struct fixture *fixture, bool bridges)
{
    const struct pci *pci = &fixture->platform->pci;

    for (unsigned i = 0; i < pci->function_count; i++)
        if (is_bridge(&pci->functions[i]) == bridges)
            add_endpoint(fixture, (struct device_location){.function = &pci->functions[i]});
}

/*
 * Those that show most come first, because tests of requests take the first, and there may be more
 * than there is room for: an IOMMU may do less for a host bridge, which it knows of and which never
 * makes an access, than for a device that does.
 */
static void find_endpoints(struct fixture *fixture)
{
    const struct platform *platform = fixture->platform;

    for (unsigned slow = 0; slow < 2; slow++) {
        add_engines(fixture, slow, true);
        add_engines(fixture, slow, false);
    }
    add_functions(fixture, false);
    for (unsigned i = 0; i < platform->block_count; i++)
        add_endpoint(fixture, (struct device_location){.block = &platform->blocks[i]});
    add_functions(fixture, true);
}

static bool shows_transfers(const struct fixture *fixture, uint32_t id)
{
    for (unsigned i = 0; i < fixture->engine_count; i++)
        if (fixture->engines[i].is_managed && fixture->engines[i].endpoint == id &&
            dma_is_usable(&fixture->engines[i]))
            return true;
    return false;
}

void fixture_rank_endpoints(struct fixture *fixture)
{
    struct fixture_endpoint ranked[FIXTURE_MAX_ENDPOINTS];
    unsigned count = 0;

    for (unsigned rank = 0; rank < 2; rank++)
        for (unsigned i = 0; i < fixture->endpoint_count; i++)
            if (shows_transfers(fixture, fixture->endpoints[i].id) == !rank)
                ranked[count++] = fixture->endpoints[i];
    for (unsigned i = 0; i < count; i++)
        fixture->endpoints[i] = ranked[i];
}

static void manage(const struct fixture *fixture, struct dma_engine *engine)
{
    bool is_behind = endpoint_of(fixture, &engine->place, &engine->endpoint);
    char text[LOCATION_TEXT];

    engine->is_managed = is_behind && !engine->bypasses;
    if (is_behind && engine->bypasses)
        report_diagnostic("virtio device at %s: ACCESS_PLATFORM is not offered, so it bypasses the "
                          "IOMMU that it is behind",
                          location_text(&engine->place, text));
}

/*
 * Each engine's footprint begins a granule, where there is that much memory, so that no two of them
 * are in one; the tests' memory begins another.
 */
static void open_engines(struct fixture *fixture, struct pages *memory)
{
    uint64_t unit = memory_unit_of(viommu_granule(&fixture->iommu));

    fixture->engine_count =
        dma_find_engines(fixture->platform, memory, unit, fixture->engines, &report_diagnostics);
    ledger_open(memory);
    pages_align(memory, unit);
    pages_init(&fixture->pages, (void *)memory->next, memory->end - memory->next);
}

void fixture_open(struct fixture *fixture, const struct cmdline *options, struct platform *platform,
                  struct pages *memory)
{
    *fixture = (struct fixture){.options = options, .platform = platform};
    open_iommu(fixture, memory);
    open_engines(fixture, memory);
    if (options->topology.scan_count)
        scan_endpoints(fixture, &options->topology);
    find_endpoints(fixture);
    for (unsigned i = 0; i < fixture->engine_count; i++)
        manage(fixture, &fixture->engines[i]);
}
