// SPDX-License-Identifier: BSD-2-Clause
/* The topology that the machine's description gives, against the machine and against the device. */
#include "tests/request.h"

#define SUITE "discovery.topology"

TEST(there_are_endpoints, .needs = NEEDS_IOMMU)
{
    const struct topology *topology = &test->lab->platform->topology;

    if (!topology->iommu_count)
        skip(test, "nothing describes a topology");
    expect(test, IOMMU_ATTACH_P02, test->lab->endpoint_count > 0,
           "%u ranges cover no function of the machine", topology->range_count);
}

static bool is_virtio_iommu(const struct place *place)
{
    const struct pci_function *function = place->function;

    return function ? function->vendor == VIRTIO_PCI_VENDOR &&
                          function->device == VIRTIO_PCI_DEVICE(VIRTIO_ID_IOMMU)
                    : place->block->device == VIRTIO_ID_IOMMU;
}

TEST(described_iommus_exist, .needs = NEEDS_IOMMU)
{
    const struct topology *topology = &test->lab->platform->topology;

    if (!topology->iommu_count)
        skip(test, "nothing describes a topology");
    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];
        const char *source = topology_source_name(iommu->source);
        struct place place;
        char text[PLACE_TEXT];

        if (!expect(test, IOMMU_ID_P01, platform_find_iommu(test->lab->platform, iommu, &place),
                    "%s names an IOMMU at %04x:%04x, base 0x%llx, and there is no device", source,
                    iommu->segment, iommu->bdf, (unsigned long long)iommu->base))
            continue;
        expect(test, IOMMU_ID_P01, is_virtio_iommu(&place),
               "%s names %s as an IOMMU, which is something else", source,
               place_text(&place, text));
    }
}

/* An endpoint that the device does not know could never be isolated. */
TEST(device_knows_every_endpoint, .clauses = CLAUSES(IOMMU_ATTACH_P02), .needs = NEEDS_ENDPOINT)
{
    for (unsigned i = 0; i < test->lab->endpoint_count; i++) {
        uint32_t id = test->lab->endpoints[i].id;

        if (expect_status(test, IOMMU_ATTACH_P02, viommu_attach(lab_domain(test, 0), id, 0),
                          VIRTIO_IOMMU_S_OK))
            must(test, viommu_detach(lab_domain(test, 0), id));
    }
}

TEST(every_dma_engine_is_managed, .needs = NEEDS_IOMMU)
{
    char text[PLACE_TEXT];

    for (unsigned i = 0; i < test->lab->engine_count; i++)
        expect(test, IOMMU_OP_D06, test->lab->engines[i].is_managed, "%s at %s is behind no IOMMU",
               test->lab->engines[i].ops->name, place_text(&test->lab->engines[i].place, text));
    if (!test->lab->engine_count)
        skip(test, "there is no DMA engine");
}
