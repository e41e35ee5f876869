// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/banner.h"

#include <stdio.h>

#include "arch/arch.h"
#include "tests/framework/report.h"

typedef unsigned long long ull;

static void print_iommu(const struct lab *lab)
{
    char text[PLACE_TEXT];

    if (lab->has_iommu)
        report_diagnostic("iommu: %s %s, features 0x%llx", lab->iommu.transport->name,
                          place_text(&lab->iommu_place, text),
                          (ull)virtio_offered(lab->iommu.transport));
    else
        report_diagnostic("iommu: none that can be driven");
}

static const struct dma_engine *engine_of(const struct lab *lab, const struct place *place)
{
    for (unsigned i = 0; i < lab->engine_count; i++)
        if (place_is(&lab->engines[i].place, place))
            return &lab->engines[i];
    return NULL;
}

static void print_sources(const struct platform *platform)
{
    for (int source = TOPOLOGY_SOURCES - 1; source >= 0; source--) {
        const struct topology *topology = &platform->sources[source];

        if (topology->iommu_count || topology->range_count)
            report_diagnostic("topology by %s: %u IOMMUs, %u ranges%s",
                              topology_source_name((enum topology_source)source),
                              topology->iommu_count, topology->range_count,
                              topology_counts(&platform->choice, (enum topology_source)source)
                                  ? ""
                                  : ", not used");
    }
    for (unsigned i = 0; i < platform->others.iommu_count; i++) {
        const struct topology_iommu *iommu = &platform->others.iommus[i];

        report_diagnostic("other IOMMU: %s at 0x%llx by %s, which is not driven",
                          topology_kind_name(iommu->kind), (ull)iommu->base,
                          topology_source_name(iommu->source));
    }
}

static void print_unmanaged(const struct lab *lab, const struct place *place, const char *identity)
{
    const struct platform *platform = lab->platform;
    struct topology_match match;
    char text[PLACE_TEXT];

    place_text(place, text);
    if (place->function && platform_find_other(platform, place->function, &match))
        report_diagnostic("function %s %s behind %s id 0x%x by %s", text, identity,
                          topology_kind_name(platform->others.iommus[match.iommu].kind),
                          (unsigned)match.id, topology_source_name(match.source));
    else
        report_diagnostic("%s %s %s behind no IOMMU", place->function ? "function" : "device", text,
                          identity);
}

/* One device; `identity` is what its bus says it is. */
static void print_device(const struct lab *lab, struct place place, const char *identity)
{
    const struct dma_engine *engine = engine_of(lab, &place);
    struct topology_match match;
    char text[PLACE_TEXT];

    place_text(&place, text);
    if (platform_find_endpoint(lab->platform, &place, &match))
        report_diagnostic("endpoint %s %s id 0x%x iommu %u by %s%s%s", text, identity,
                          (unsigned)match.id, match.iommu, topology_source_name(match.source),
                          engine ? " engine " : "", engine ? engine->ops->name : "");
    else
        print_unmanaged(lab, &place, identity);
}

static void print_devices(const struct lab *lab)
{
    const struct platform *platform = lab->platform;
    char identity[16];

    for (unsigned i = 0; i < platform->pci.function_count; i++) {
        const struct pci_function *function = &platform->pci.functions[i];

        snprintf(identity, sizeof(identity), "%04x:%04x", function->vendor, function->device);
        print_device(lab, (struct place){.function = function}, identity);
    }
    for (unsigned i = 0; i < platform->block_count; i++) {
        const struct virtio_mmio_block *block = &platform->blocks[i];

        snprintf(identity, sizeof(identity), "virtio:%04x", block->device & 0xffff);
        print_device(lab, (struct place){.block = block}, identity);
    }
}

void banner_print(const struct lab *lab, const char *protocol)
{
    const struct pci *pci = &lab->platform->pci;

    report_diagnostic("viommu-guest %s %s boot=%s seed=%llu clock=%s:%llu", VERSION, arch_name,
                      protocol, (ull)lab->options->seed, arch_clock_name(),
                      (ull)arch_cycles_per_second());
    for (unsigned i = 0; i < pci->host_count; i++)
        report_diagnostic("pci segment %u buses %u-%u by %s", pci->hosts[i].segment,
                          pci->hosts[i].bus_first, pci->hosts[i].bus_last, pci->hosts[i].ops->name);
    print_iommu(lab);
    print_sources(lab->platform);
    print_devices(lab);
}
