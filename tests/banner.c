// SPDX-License-Identifier: BSD-2-Clause
#include "tests/banner.h"

#include "arch/arch.h"
#include "tests/report.h"

typedef unsigned long long ull;

static void print_iommu(const struct lab *lab)
{
    const struct pci_function *function = lab->iommu_function;

    if (!lab->has_iommu) {
        report_diagnostic("iommu: none that can be driven");
        return;
    }
    report_diagnostic("iommu: %s %04x:%02x:%02x.%x, features 0x%llx", lab->iommu.transport->name,
                      function->host->segment, PCI_BUS(function->bdf), PCI_DEVICE(function->bdf),
                      PCI_FUNCTION(function->bdf), (ull)virtio_offered(lab->iommu.transport));
}

static const struct dma_engine *engine_of(const struct lab *lab,
                                          const struct pci_function *function)
{
    for (unsigned i = 0; i < lab->engine_count; i++)
        if (lab->engines[i].function == function)
            return &lab->engines[i];
    return NULL;
}

static void print_function(const struct lab *lab, const struct pci_function *function)
{
    const struct dma_engine *engine = engine_of(lab, function);
    struct topology_match match;
    bool described =
        topology_find_pci(&lab->platform->topology, function->host->segment, function->bdf, &match);

    if (described)
        report_diagnostic("endpoint %04x:%02x:%02x.%x %04x:%04x id 0x%x iommu %u by %s%s%s",
                          function->host->segment, PCI_BUS(function->bdf),
                          PCI_DEVICE(function->bdf), PCI_FUNCTION(function->bdf), function->vendor,
                          function->device, (unsigned)match.id, match.iommu,
                          topology_source_name(match.source), engine ? " engine " : "",
                          engine ? engine->ops->name : "");
    else
        report_diagnostic("function %04x:%02x:%02x.%x %04x:%04x behind no IOMMU",
                          function->host->segment, PCI_BUS(function->bdf),
                          PCI_DEVICE(function->bdf), PCI_FUNCTION(function->bdf), function->vendor,
                          function->device);
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
    for (unsigned i = 0; i < pci->function_count; i++)
        print_function(lab, &pci->functions[i]);
}
