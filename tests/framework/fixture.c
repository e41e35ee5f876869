// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/fixture.h"

#include "drivers/pci/msi.h"
#include "lib/array/array.h"
#include "lib/spec/wire.h"

static const char *lacking(struct test *test, unsigned needs)
{
    const struct fixture *fixture = test->fixture;

    /* Registers can be looked at where nothing could be driven. */
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
            return table[i].reason;
    return NULL;
}

void fixture_begin(struct test *test)
{
    const char *missing = lacking(test, test->definition->needs);

    if (missing)
        skip(test, "%s", missing);
    if (!test->fixture->has_iommu || test->definition->needs & NEEDS_NO_START)
        return;
    fixture_restart_detached(test);
    if (viommu_has(&test->fixture->iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(&test->fixture->iommu, 1);
}

static void silence(const struct device_location *place)
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
    arch_irq_release_all();
    silence(&fixture->iommu_location);
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
