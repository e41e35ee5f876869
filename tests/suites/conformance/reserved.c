// SPDX-License-Identifier: BSD-2-Clause
/* Reserved memory: virtio 1.4 section 5.13.6.8.1. */
#include "drivers/pci/msi.h"
#include "tests/framework/properties.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.reserved"

#define NEEDS (NEEDS_ENDPOINT | NEEDS_PROBE)

static unsigned overlaps(const struct reserved_region *regions, unsigned count)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++)
        for (unsigned j = i + 1; j < count; j++)
            found += regions[i].first <= regions[j].last && regions[j].first <= regions[i].last;
    return found;
}

/* Overlapping or inverted regions leave a driver without a safe choice of addresses. */
static void judge_regions(struct test *test, uint32_t id)
{
    unsigned count, msi = 0;
    const struct reserved_region *regions = reserved_regions(test, id, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct reserved_region *region = &regions[i];

        msi += region->subtype == VIRTIO_IOMMU_RESV_MEM_T_MSI;
        expect(test, IOMMU_RESV_P01, region->first <= region->last,
               "endpoint 0x%x: reserved region [0x%llx, 0x%llx] is inverted", id,
               (unsigned long long)region->first, (unsigned long long)region->last);
        expect(test, IOMMU_RESV_P01, region->subtype <= VIRTIO_IOMMU_RESV_MEM_T_MSI,
               "endpoint 0x%x: RESV_MEM subtype %u, expected 0 or 1", id, region->subtype);
        expect(test, IOMMU_RESV_D01,
               !region->reserved[0] && !region->reserved[1] && !region->reserved[2],
               "endpoint 0x%x: RESV_MEM.reserved is not 0", id);
    }
    expect(test, IOMMU_RESV_D02, msi <= 1, "endpoint 0x%x has %u MSI regions, expected at most 1",
           id, msi);
    expect(test, IOMMU_RESV_D03, !overlaps(regions, count),
           "endpoint 0x%x: %u pairs of reserved regions overlap", id, overlaps(regions, count));
}

/* For every endpoint: regions differ between devices behind one IOMMU. */
TEST(regions_are_sound,
     .clauses = CLAUSES(IOMMU_RESV_P01, IOMMU_RESV_D01, IOMMU_RESV_D02, IOMMU_RESV_D03),
     .needs = NEEDS)
{
    for (unsigned i = 0; i < test->fixture->endpoint_count; i++)
        judge_regions(test, test->fixture->endpoints[i].id);
    waive(test, IOMMU_RESV_P01, "no endpoint has a reserved region");
    waive(test, IOMMU_RESV_D01, "no endpoint has a reserved region");
}

/* Undone where it succeeds, so that the next MAP does not overlap. */
static void expect_no_mapping(struct test *test, uint32_t domain, uint64_t first, uint64_t last)
{
    struct viommu_request map =
        viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE);

    if (!expect_refused(test, IOMMU_RESV_D04, map))
        require_ok(test, viommu_unmap(domain, first, last));
}

/*
 * What is next to a region may be in another one, or outside the input range. Unmapped again: it may
 * be next to another region, too.
 */
static void expect_neighbour(struct test *test, uint32_t domain, uint64_t first, uint64_t last)
{
    if (addresses_can_be_mapped(test, first, last) &&
        expect_status(test, IOMMU_MAP_P01,
                      viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE),
                      VIRTIO_IOMMU_S_OK))
        require_ok(test, viommu_unmap(domain, first, last));
}

/*
 * The whole region, its first and last granule, and one that crosses each edge; the granule next to
 * it can be mapped. Catches an end that is taken as exclusive.
 */
TEST(regions_cannot_be_mapped, .clauses = CLAUSES(IOMMU_RESV_D04), .needs = NEEDS | NEEDS_MAP_UNMAP)
{
    unsigned count;
    const struct reserved_region *regions =
        reserved_regions(test, fixture_endpoint_id(test, 0), &count);
    uint64_t granule = viommu_granule(fixture_iommu(test));
    uint32_t domain = fixture_domain(test, 0);

    if (!count)
        skip(test, "endpoint 0x%x has no reserved region", fixture_endpoint_id(test, 0));
    require_attach(test, 0, 0);
    for (unsigned i = 0; i < count; i++) {
        uint64_t first = regions[i].first & -granule, last = regions[i].last | (granule - 1);

        expect_no_mapping(test, domain, first, last);
        expect_no_mapping(test, domain, first, first + granule - 1);
        expect_no_mapping(test, domain, last - granule + 1, last);
        if (first >= granule) {
            expect_no_mapping(test, domain, first - granule, first + granule - 1);
            expect_neighbour(test, domain, first - granule, first - 1);
        }
        if (last <= UINT64_MAX - granule) {
            expect_no_mapping(test, domain, last - granule + 1, last + granule);
            expect_neighbour(test, domain, last + 1, last + granule);
        }
    }
}

static void count_interrupt(void *context)
{
    ++*(volatile unsigned *)context;
}

static const struct reserved_region *msi_region(const struct reserved_region *regions,
                                                unsigned count, uint64_t address)
{
    for (unsigned i = 0; i < count; i++)
        if (regions[i].subtype == VIRTIO_IOMMU_RESV_MEM_T_MSI && regions[i].first <= address &&
            address <= regions[i].last)
            return &regions[i];
    return NULL;
}

/*
 * The doorbell is inside an MSI region: no mapping is needed, even though the endpoint is attached
 * to an empty domain.
 */
TEST(msi_of_an_attached_endpoint_arrives, .clauses = CLAUSES(IOMMU_RESV_P03),
     .needs = NEEDS | NEEDS_MAP_UNMAP)
{
    volatile unsigned interrupts = 0;
    struct dma_engine *engine = fixture_msi_engine(test);
    struct arch_msi message;

    if (!engine)
        skip(test, "no engine raises an MSI on demand");
    if (!arch_msi_claim(engine->place.function->msi_id, count_interrupt, (void *)&interrupts,
                        &message))
        skip(test, "the machine delivers no messages, or has no vector left");

    unsigned count;
    const struct reserved_region *regions = reserved_regions(test, engine->endpoint, &count);

    if (!msi_region(regions, count, message.address))
        skip(test, "the doorbell 0x%llx is in no MSI region: it would have to be mapped",
             (unsigned long long)message.address);
    require_ok(test, viommu_attach(fixture_domain(test, 0), engine->endpoint, 0));
    if (!dma_raise_msi(engine, &message))
        error(test, "%s does not raise its MSI", engine->ops->name);

    struct wait wait = arch_wait_begin(1000000000);

    while (!interrupts && arch_wait_goes_on(&wait))
        ;
    pci_msi_disable(engine->place.function);
    expect(test, IOMMU_RESV_P03, interrupts == 1,
           "%u interrupts arrived from the attached endpoint, expected 1", interrupts);
}
