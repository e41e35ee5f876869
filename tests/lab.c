// SPDX-License-Identifier: BSD-2-Clause
#include "tests/lab.h"

#include <string.h>

#include "drivers/pci/msi.h"
#include "drivers/viommu/event.h"
#include "lib/spec/wire.h"
#include "tests/report.h"
#include "tests/scan.h"

#define IOMMU_PAGES  1024 /* rings, slots and malformed chains of one test */
#define ENGINE_PAGES 512

static void complain(void *context, const char *text)
{
    (void)context;
    report_diagnostic("%s", text);
}

static const struct sink complaints = {.line = complain};

static bool find_described_iommu(const struct platform *platform, enum topology_source source,
                                 struct place *place)
{
    const struct topology *topology = &platform->topology;

    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];

        if (iommu->source != source)
            continue;
        if (platform_find_iommu(platform, iommu, place))
            return true;
        if (iommu->bus == TOPOLOGY_PCI)
            report_diagnostic("topology: %s names an IOMMU at %04x:%04x, and there is no function",
                              topology_source_name(source), iommu->segment, iommu->bdf);
        else
            report_diagnostic("topology: %s names an IOMMU at 0x%llx, and there is no virtio-mmio "
                              "device",
                              topology_source_name(source), (unsigned long long)iommu->base);
    }
    return false;
}

static bool find_iommu(const struct platform *platform, struct place *place)
{
    for (int source = TOPOLOGY_SOURCES - 1; source >= 0; source--)
        if (find_described_iommu(platform, (enum topology_source)source, place))
            return true;
    *place = (struct place){.function = pci_find_id(&platform->pci, VIRTIO_PCI_VENDOR,
                                                    VIRTIO_PCI_DEVICE(VIRTIO_ID_IOMMU), NULL)};
    for (unsigned i = 0; i < platform->block_count && !place->function && !place->block; i++)
        if (platform->blocks[i].device == VIRTIO_ID_IOMMU)
            place->block = &platform->blocks[i];
    return place->function || place->block;
}

/* What gets none does not come up, and every test that needs it says so. */
static void take_pages(struct pages *memory, unsigned count, struct pages *part, const char *whose)
{
    if (!pages_share(memory, count, part))
        report_diagnostic("memory: %zu pages left, expected %u for %s", pages_left(memory), count,
                          whose);
}

/* Only what is asked for is used: tests of packed rings ask for themselves. */
static void choose_ring(struct lab *lab)
{
    const uint64_t packed = VIRTIO_BIT(VIRTIO_F_RING_PACKED);

    lab->has_packed_rings = lab->features & packed;
    lab->usual_features = lab->features;
    if (!lab->options->is_ring_packed)
        lab->usual_features &= ~packed;
    else if (!lab->has_packed_rings)
        report_diagnostic("options: ring=packed, and RING_PACKED is not offered; rings are split");
    lab->features = lab->usual_features;
}

void lab_use_packed_rings(struct test *test)
{
    if (!test->lab->has_packed_rings)
        skip(test, "RING_PACKED is not offered");
    test->lab->features |= VIRTIO_BIT(VIRTIO_F_RING_PACKED);
    lab_renew(test);
}

static void open_iommu(struct lab *lab, struct pages *memory)
{
    static struct pages pages; /* outlives lab_open(); one IOMMU, one pool */

    if (!find_iommu(lab->platform, &lab->iommu_place))
        return;
    take_pages(memory, IOMMU_PAGES, &pages, "the IOMMU");
    if (!place_open_virtio(&lab->iommu_place, &lab->iommu_device, &complaints))
        return;
    lab->iommu = (struct viommu){.transport = &lab->iommu_device.transport, .pages = &pages};
    lab->features =
        viommu_usable_features(virtio_offered(lab->iommu.transport),
                               platform_has_bypass_config(lab->platform, &lab->iommu_place));
    choose_ring(lab);
    lab->has_iommu = true;
}

/* Whether the device is behind the IOMMU that is open, not behind another one. */
static bool endpoint_of(const struct lab *lab, const struct place *place, uint32_t *id)
{
    const struct platform *platform = lab->platform;
    struct topology_match match;
    struct place iommu;

    if (place_is(place, &lab->iommu_place) || !platform_find_endpoint(platform, place, &match) ||
        !platform_find_iommu(platform, &platform->topology.iommus[match.iommu], &iommu) ||
        !place_is(&iommu, &lab->iommu_place))
        return false;
    *id = match.id;
    return true;
}

/* Devices behind one conventional bridge are one endpoint. */
static bool is_known(const struct lab *lab, uint32_t id)
{
    for (unsigned i = 0; i < lab->endpoint_count; i++)
        if (lab->endpoints[i].id == id)
            return true;
    return false;
}

static void add_endpoint(struct lab *lab, struct place place)
{
    uint32_t id;
    char text[PLACE_TEXT];

    if (!endpoint_of(lab, &place, &id) || is_known(lab, id))
        return;
    if (lab->endpoint_count == LAB_MAX_ENDPOINTS)
        report_diagnostic("topology: endpoint 0x%x at %s is not tested, expected %d at most",
                          (unsigned)id, place_text(&place, text), LAB_MAX_ENDPOINTS);
    else
        lab->endpoints[lab->endpoint_count++] = (struct lab_endpoint){.place = place, .id = id};
}

static void find_endpoints(struct lab *lab)
{
    const struct platform *platform = lab->platform;

    for (unsigned i = 0; i < platform->pci.function_count; i++)
        add_endpoint(lab, (struct place){.function = &platform->pci.functions[i]});
    for (unsigned i = 0; i < platform->block_count; i++)
        add_endpoint(lab, (struct place){.block = &platform->blocks[i]});
}

static void manage(const struct lab *lab, struct dma_engine *engine)
{
    bool is_behind = endpoint_of(lab, &engine->place, &engine->endpoint);
    char text[PLACE_TEXT];

    engine->is_managed = is_behind && !engine->bypasses;
    if (is_behind && engine->bypasses)
        report_diagnostic("virtio device at %s: ACCESS_PLATFORM is not offered, so it bypasses the "
                          "IOMMU that it is behind",
                          place_text(&engine->place, text));
}

void lab_open(struct lab *lab, const struct options *options, struct platform *platform,
              struct pages *memory)
{
    struct pages engine_pages;

    *lab = (struct lab){.options = options, .platform = platform};
    open_iommu(lab, memory);
    take_pages(memory, ENGINE_PAGES, &engine_pages, "DMA engines");
    lab->engine_count = dma_find_engines(platform, &engine_pages, lab->engines, &complaints);
    pages_init(&lab->pages, (void *)memory->next, memory->end - memory->next);
    if (options->topology.scan_count)
        scan_endpoints(lab, &options->topology, &platform->topology);
    find_endpoints(lab);
    for (unsigned i = 0; i < lab->engine_count; i++)
        manage(lab, &lab->engines[i]);
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
 * The n-th managed engine that satisfies `wanted`, quick ones first; NULL when there are fewer.
 * Each is another endpoint, so that what is asked for one says nothing about the next.
 */
static struct dma_engine *find_engine(struct lab *lab, unsigned n,
                                      bool (*wanted)(const struct dma_engine *))
{
    struct dma_engine *found[DMA_MAX_ENGINES];
    unsigned count = 0;

    for (unsigned slow = 0; slow < 2; slow++)
        for (unsigned i = 0; i < lab->engine_count; i++) {
            struct dma_engine *engine = &lab->engines[i];

            if (!engine->is_managed || engine->is_slow != slow || !wanted(engine) ||
                shares_endpoint(engine, found, count))
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
    return engine->ops->raise_msi;
}

static const char *lacking(struct lab *lab, unsigned needs)
{
    /* Registers can be looked at where nothing could be driven. */
    bool is_there = lab->has_iommu || needs & NEEDS_NO_START;

    const struct {
        unsigned need;
        bool met;
        const char *reason;
    } table[] = {
        {NEEDS_IOMMU, lab->has_iommu, "no virtio-iommu was found"},
        {NEEDS_PCI, is_there && lab->iommu_place.function, "the virtio-iommu is not on PCI"},
        {NEEDS_MMIO, is_there && lab->iommu_place.block, "the virtio-iommu is not on virtio-mmio"},
        {NEEDS_ENDPOINT | NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP, lab->has_iommu,
         "no virtio-iommu was found"},
        {NEEDS_ENDPOINT, lab->endpoint_count >= 1, "no endpoint is behind the IOMMU"},
        {NEEDS_TWO_ENDPOINTS, lab->endpoint_count >= 2, "fewer than two endpoints"},
        {NEEDS_DMA, find_engine(lab, 0, reads_and_writes), "no DMA engine reads and writes"},
        {NEEDS_TWO_ENGINES, find_engine(lab, 1, writes), "fewer than two DMA engines that write"},
        {NEEDS_CPUS, arch_cpu_count() > 1, "the machine has one CPU"},
        {NEEDS_EXACT_DMA, find_engine(lab, 0, is_exact), "no DMA engine transfers single bytes"},
        {NEEDS_MAP_UNMAP, lab->features >> VIRTIO_IOMMU_F_MAP_UNMAP & 1,
         "VIRTIO_IOMMU_F_MAP_UNMAP is not offered"},
        {NEEDS_PROBE, lab->features >> VIRTIO_IOMMU_F_PROBE & 1,
         "VIRTIO_IOMMU_F_PROBE is not offered"},
        {NEEDS_BYPASS_CONFIG, lab->features >> VIRTIO_IOMMU_F_BYPASS_CONFIG & 1,
         "VIRTIO_IOMMU_F_BYPASS_CONFIG is not offered, or its bit means something else"},
    };

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if ((needs & table[i].need) && !table[i].met)
            return table[i].reason;
    return NULL;
}

/* A size that may be is one that the device does not let the driver make smaller. */
static enum clause clause_of_size(struct test *test)
{
    struct virtio_transport *transport = test->lab->iommu.transport;

    for (uint16_t queue = 0; test->lab->iommu_place.function && queue < 2; queue++) {
        uint32_t size = transport->ops->queue_size(transport, queue);

        if (size > 32768 || size & (size - 1))
            return PCI_COM_D15;
    }
    return VQ_SIZE_P01;
}

/* What a device violates that does not come up. */
static enum clause clause_of(struct test *test, enum virtio_result result)
{
    switch (result) {
    case VIRTIO_RESET_TIMEOUT:
        return DEV_RESET_D01;
    case VIRTIO_NO_VERSION_1:
        return DEV_RSV_D01;
    case VIRTIO_FEATURES_REFUSED:
        return DEV_FEAT_D02;
    case VIRTIO_NO_QUEUE:
        return IOMMU_ID_P02;
    case VIRTIO_QUEUE_IN_USE:
        return lab_clause(test, PCI_COM_D08, MMIO_RST_D02);
    case VIRTIO_BAD_QUEUE_SIZE:
        return clause_of_size(test);
    default:
        return DEV_INIT_P01;
    }
}

void lab_restart(struct test *test, uint64_t features)
{
    struct viommu *viommu = &test->lab->iommu;
    enum virtio_result result = viommu_start(viommu, features);

    /* kvmtool's reset leaves the queues of a device alone that was not live: make it so. */
    if (result == VIRTIO_QUEUE_IN_USE) {
        virtio_driver_ok(viommu->transport);
        result = viommu_start(viommu, features);
    }
    if (result == VIRTIO_NO_MEMORY)
        broken(test, "the IOMMU does not come up: %s", virtio_result_text(result));
    require(test, clause_of(test, result), !result, "the IOMMU does not come up: %s",
            virtio_result_text(result));
}

/* The attachment of an endpoint, or the place for one; NULL when all are taken. */
static struct lab_attachment *attachment_of(struct lab *lab, uint32_t endpoint)
{
    for (unsigned i = 0; i < lab->attachment_count; i++)
        if (lab->attachments[i].endpoint == endpoint)
            return &lab->attachments[i];
    return lab->attachment_count < LAB_MAX_ENDPOINTS ? &lab->attachments[lab->attachment_count]
                                                     : NULL;
}

void lab_remember(struct test *test, const struct viommu_request *request, uint8_t status)
{
    struct lab *lab = test->lab;
    struct lab_attachment *attachment;

    if (request->head.type != VIRTIO_IOMMU_T_ATTACH || status != VIRTIO_IOMMU_S_OK)
        return;
    attachment = attachment_of(lab, request->attach.endpoint);
    if (!attachment)
        return;
    lab->attachment_count += attachment == &lab->attachments[lab->attachment_count];
    attachment->endpoint = request->attach.endpoint;
    attachment->domain = request->attach.domain;
}

static bool detach(struct lab *lab, uint32_t domain, uint32_t endpoint)
{
    const struct viommu_request request = viommu_detach(domain, endpoint);

    return viommu_submit(&lab->iommu, &request).outcome <= VIOMMU_SILENT;
}

/* What is remembered, and what tests attach by other ways: to the first domain. */
static void detach_all(struct test *test)
{
    struct lab *lab = test->lab;

    /* A device that leaves one unanswered would take the time of all. */
    bool answers = true;

    for (unsigned i = 0; answers && i < lab->attachment_count; i++)
        answers = detach(lab, lab->attachments[i].domain, lab->attachments[i].endpoint);
    for (unsigned i = 0; answers && i < lab->endpoint_count; i++)
        answers = detach(lab, lab_domain(test, 0), lab->endpoints[i].id);
    lab->attachment_count = 0;
}

void lab_renew(struct test *test)
{
    lab_restart(test, test->lab->features);
    detach_all(test);
}

void lab_begin(struct test *test)
{
    const char *missing = lacking(test->lab, test->definition->needs);

    if (missing)
        skip(test, "%s", missing);
    if (!test->lab->has_iommu || test->definition->needs & NEEDS_NO_START)
        return;
    lab_renew(test);
    if (viommu_has(&test->lab->iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(&test->lab->iommu, 1);
}

static void silence(const struct place *place)
{
    struct pci_msix msix;

    if (!place->function)
        return;
    if (pci_msix_open(place->function, &msix))
        pci_msix_disable(&msix);
    pci_command(place->function, PCI_COMMAND_INTX_DISABLE, 0);
}

void lab_end(struct test *test)
{
    struct lab *lab = test->lab;

    lab->features = lab->usual_features;
    arch_irq_release_all();
    silence(&lab->iommu_place);
    pages_release(&lab->pages, lab->pages.base);
    for (unsigned i = 0; i < lab->engine_count; i++)
        lab->engines[i].needs_start = true;
}

struct viommu *lab_iommu(struct test *test)
{
    return &test->lab->iommu;
}

enum clause lab_clause(struct test *test, enum clause on_pci, enum clause on_mmio)
{
    return test->lab->iommu_place.function ? on_pci : on_mmio;
}

uint32_t lab_endpoint_id(struct test *test, unsigned n)
{
    return test->lab->endpoints[n].id;
}

static bool topology_describes(const struct topology *topology, uint32_t id)
{
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];
        uint32_t segments = range->bus == TOPOLOGY_PCI
                                ? (uint32_t)(range->segment_last - range->segment_first) << 16
                                : 0;
        uint32_t span =
            range->bus == TOPOLOGY_PCI ? segments + (range->bdf_last - range->bdf_first) : 0;

        if (id - range->id_first <= span)
            return true;
    }
    return false;
}

bool lab_is_described(struct test *test, uint32_t id)
{
    return topology_describes(&test->lab->platform->topology, id);
}

uint32_t lab_absent_endpoint(struct test *test)
{
    uint32_t id = 0xdeadbeef;

    while (lab_is_described(test, id))
        id -= 0x10001;
    return id;
}

uint32_t lab_domain(struct test *test, unsigned n)
{
    const struct viommu *viommu = lab_iommu(test);
    uint32_t start =
        viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE) ? viommu->config.domain_range.start : 0;

    return start + n;
}

struct dma_engine *lab_engine(struct test *test)
{
    return find_engine(test->lab, 0, reads_and_writes);
}

struct dma_engine *lab_writer(struct test *test, unsigned n)
{
    return find_engine(test->lab, n, writes);
}

static bool is_translated(struct lab *lab, const struct dma_engine *engine)
{
    struct topology_match match;

    if (engine->bypasses)
        return false;
    if (lab->has_iommu)
        return !viommu_has(&lab->iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG);
    return platform_find_endpoint(lab->platform, &engine->place, &match);
}

struct dma_engine *lab_untranslated_engine(struct test *test, const char *name, unsigned n)
{
    struct lab *lab = test->lab;

    for (unsigned i = 0; i < lab->engine_count; i++)
        if (!strcmp(lab->engines[i].ops->name, name) && !is_translated(lab, &lab->engines[i]) &&
            !n--)
            return &lab->engines[i];
    return NULL;
}

struct dma_engine *lab_exact_engine(struct test *test)
{
    return find_engine(test->lab, 0, is_exact);
}

struct dma_engine *lab_msi_engine(struct test *test)
{
    return find_engine(test->lab, 0, raises_msi);
}

void *lab_pages(struct test *test, unsigned count)
{
    void *pages = pages_get(&test->lab->pages, count);

    if (!pages)
        broken(test, "no memory left for %u pages", count);
    return pages;
}
