// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/lab.h"

#include "drivers/pci/msi.h"
#include "lib/spec/wire.h"

static const char *lacking(struct test *test, unsigned needs)
{
    const struct lab *lab = test->lab;

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
        {NEEDS_DMA, lab_engine(test), "no DMA engine reads and writes"},
        {NEEDS_TWO_ENGINES, lab_writer(test, 1), "fewer than two DMA engines that write"},
        {NEEDS_CPUS, arch_cpu_count() > 1, "the machine has one CPU"},
        {NEEDS_EXACT_DMA, lab_exact_engine(test), "no DMA engine transfers single bytes"},
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

void lab_begin(struct test *test)
{
    const char *missing = lacking(test, test->definition->needs);

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

void *lab_pages(struct test *test, unsigned count)
{
    void *pages = pages_get(&test->lab->pages, count);

    if (!pages)
        broken(test, "no memory left for %u pages", count);
    return pages;
}
