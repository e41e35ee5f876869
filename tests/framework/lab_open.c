// SPDX-License-Identifier: BSD-2-Clause
/*
 * What there is to test: the IOMMU that the topology names, the endpoints behind it, the engines,
 * and who gets which memory.
 */
#include "tests/framework/lab.h"
#include "tests/framework/report.h"
#include "tests/framework/scan.h"

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
