// SPDX-License-Identifier: BSD-2-Clause
/* The topology that the machine's description gives, against the machine and against the device. */
#include "tests/transfer.h"

#define SUITE "discovery.topology"

#define READ_WRITE (VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE)

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

/* Of a virtio device without ACCESS_PLATFORM nothing is expected. */
TEST(every_dma_engine_is_managed, .needs = NEEDS_IOMMU)
{
    unsigned judged = 0;
    char text[PLACE_TEXT];

    for (unsigned i = 0; i < test->lab->engine_count; i++) {
        const struct dma_engine *engine = &test->lab->engines[i];

        if (engine->bypasses || engine->place.block)
            continue;
        expect(test, IOMMU_OP_D06, engine->is_managed, "%s at %s is behind no IOMMU",
               engine->ops->name, place_text(&engine->place, text));
        judged++;
    }
    if (!judged)
        skip(test, "there is no DMA engine on PCI that an IOMMU could manage");
}

/*
 * The proof that an endpoint's id is the one that the IOMMU sees its requests under, behind
 * whatever bridges it may be, and shared or not.
 */
TEST(every_dma_engine_goes_by_its_endpoint, .clauses = CLAUSES(IOMMU_ATTACH_P02),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    struct target target = target_new(test, 1);
    uint64_t iova = free_iova(test);
    uint32_t domain = lab_domain(test, 0);
    unsigned judged = 0;

    for (unsigned i = 0; i < test->lab->engine_count; i++) {
        struct dma_engine *engine = &test->lab->engines[i];

        if (!engine->is_managed || !engine->can_write)
            continue;
        prepare_engine(test, engine);
        attach_engine(test, domain, engine);
        expect_write_denied(test, IOMMU_ATTACH_P02, engine, iova, &target, engine->min_length);
        must(test,
             viommu_map(domain, iova, iova + PAGE_SIZE - 1, target_physical(&target), READ_WRITE));
        expect_write_lands(test, IOMMU_ATTACH_P02, engine, iova, &target, 0, engine->min_length);
        detach_engine(test, domain, engine);
        judged++;
    }
    if (!judged)
        skip(test, "there is no DMA engine");
}
