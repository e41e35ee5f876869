// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/banner.h"

#include <stdio.h>

#include "arch/arch.h"
#include "tests/framework/report.h"

typedef unsigned long long ull;

static void print_iommu(const struct fixture *fixture)
{
    char text[LOCATION_TEXT];

    if (fixture->has_iommu)
        report_diagnostic("iommu: %s %s, features 0x%llx", fixture->iommu.transport->name,
                          location_text(&fixture->iommu_location, text),
                          (ull)fixture->iommu.offered);
    else
        report_diagnostic("iommu: none that can be driven");
}

/* One is driven; of what is behind another one nothing is known. */
static void print_if_not_driven(const struct fixture *fixture, struct device_location place)
{
    char text[LOCATION_TEXT];

    if (location_is_virtio_iommu(&place) && !location_is(&place, &fixture->iommu_location))
        report_diagnostic("iommu: %s is not driven, and neither it nor what is behind it is judged",
                          location_text(&place, text));
}

static void print_other_iommus(const struct fixture *fixture)
{
    const struct platform *platform = fixture->platform;

    if (!fixture->has_iommu)
        return;
    for (unsigned i = 0; i < platform->pci.function_count; i++)
        print_if_not_driven(fixture,
                            (struct device_location){.function = &platform->pci.functions[i]});
    for (unsigned i = 0; i < platform->block_count; i++)
        print_if_not_driven(fixture, (struct device_location){.block = &platform->blocks[i]});
}

static const struct dma_engine *engine_of(const struct fixture *fixture,
                                          const struct device_location *place)
{
    for (unsigned i = 0; i < fixture->engine_count; i++)
        if (location_is(&fixture->engines[i].place, place))
            return &fixture->engines[i];
    return NULL;
}

static void print_source(const struct topology *topology, enum topology_source source,
                         const char *use)
{
    const struct topology_mark count = topology_count(topology, source);

    if (count.iommu_count || count.range_count)
        report_diagnostic("topology by %s: %u IOMMUs, %u ranges%s", topology_source_name(source),
                          count.iommu_count, count.range_count, use);
}

static void print_sources(const struct platform *platform)
{
    for (int source = TOPOLOGY_SOURCES - 1; source >= 0; source--) {
        print_source(&platform->topology, (enum topology_source)source, "");
        print_source(&platform->unused, (enum topology_source)source, ", not used");
    }
    for (unsigned i = 0; i < platform->others.iommu_count; i++) {
        const struct topology_iommu *iommu = &platform->others.iommus[i];

        report_diagnostic("other IOMMU: %s at 0x%llx by %s, which is not driven",
                          topology_kind_name(iommu->kind), (ull)iommu->device.base,
                          topology_source_name(iommu->source));
    }
}

static void print_unmanaged(const struct fixture *fixture, const struct device_location *place,
                            const char *identity)
{
    const struct platform *platform = fixture->platform;
    struct topology_match match;
    char text[LOCATION_TEXT];

    location_text(place, text);
    if (place->function && platform_find_other(platform, place->function, &match))
        report_diagnostic("function %s %s behind %s id 0x%x by %s", text, identity,
                          topology_kind_name(platform->others.iommus[match.iommu].kind),
                          (unsigned)match.id, topology_source_name(match.source));
    else
        report_diagnostic("%s %s %s behind no IOMMU", place->function ? "function" : "device", text,
                          identity);
}

/* One device; `identity` is what its bus says it is. */
static void print_device(const struct fixture *fixture, struct device_location place,
                         const char *identity)
{
    const struct dma_engine *engine = engine_of(fixture, &place);
    struct topology_match match;
    char text[LOCATION_TEXT];

    location_text(&place, text);
    if (platform_find_endpoint(fixture->platform, &place, &match))
        report_diagnostic("endpoint %s %s id 0x%x iommu %u by %s%s%s", text, identity,
                          (unsigned)match.id, match.iommu, topology_source_name(match.source),
                          engine ? " engine " : "", engine ? engine->ops->name : "");
    else
        print_unmanaged(fixture, &place, identity);
}

static void print_devices(const struct fixture *fixture)
{
    const struct platform *platform = fixture->platform;
    char identity[16];

    for (unsigned i = 0; i < platform->pci.function_count; i++) {
        const struct pci_function *function = &platform->pci.functions[i];

        snprintf(identity, sizeof(identity), "%04x:%04x", function->vendor, function->device);
        print_device(fixture, (struct device_location){.function = function}, identity);
    }
    for (unsigned i = 0; i < platform->block_count; i++) {
        const struct virtio_mmio_block *block = &platform->blocks[i];

        snprintf(identity, sizeof(identity), "virtio:%04x", block->device & 0xffff);
        print_device(fixture, (struct device_location){.block = block}, identity);
    }
}

void banner_print(const struct fixture *fixture, const char *protocol)
{
    const struct pci *pci = &fixture->platform->pci;

    report_diagnostic("viommu-guest %s %s boot=%s seed=%llu clock=%s:%llu", VERSION, arch_name,
                      protocol, (ull)fixture->options->seed, arch_clock_name(),
                      (ull)arch_cycles_per_second());
    if (arch_clock_is_assumed())
        report_diagnostic("clock: nothing on this machine gives its rate, so that time limits and "
                          "durations may be wrong");
    for (unsigned i = 0; i < pci->host_count; i++)
        report_diagnostic("pci segment %u buses %u-%u by %s", pci->hosts[i].segment,
                          pci->hosts[i].bus_first, pci->hosts[i].bus_last, pci->hosts[i].ops->name);
    print_iommu(fixture);
    print_other_iommus(fixture);
    print_sources(fixture->platform);
    print_devices(fixture);
}
