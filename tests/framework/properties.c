// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/properties.h"

#include <string.h>

#include "tests/framework/ledger.h"
#include "tests/framework/request.h"

/* Whether the area, poisoned before, begins with a property. */
static bool has_property(const uint8_t *bytes, uint32_t size)
{
    unsigned type = size >= 4 ? (bytes[0] | bytes[1] << 8) : 0;

    return type && type != (VIOMMU_POISON | VIOMMU_POISON << 8);
}

uint8_t *properties_area(struct test *test)
{
    uint32_t size = fixture_iommu(test)->config.probe_size;

    if (size > PROPERTIES_MAX)
        skip(test, "probe_size is %u, more than the %u bytes that a PROBE is sent for", size,
             PROPERTIES_MAX);
    return fixture_pages(test,
                         (size + (uint32_t)sizeof(struct virtio_iommu_req_tail)) / PAGE_SIZE + 1);
}

struct properties probe(struct test *test, uint32_t endpoint)
{
    struct viommu *viommu = fixture_iommu(test);
    uint32_t size = viommu->config.probe_size;

    uint8_t *bytes = properties_area(test);
    struct viommu_reply reply = viommu_probe(viommu, endpoint, NULL, bytes);

    ledger_skip(1);
    require(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN, "PROBE 0x%x did not come back",
            endpoint);
    expect(test, IOMMU_PROBE_P01, !reply.out_of_bounds,
           "PROBE 0x%x: a byte outside properties and tail was changed", endpoint);
    require(test, IOMMU_OP_D01, reply.status == VIRTIO_IOMMU_S_OK || !has_property(bytes, size),
            "PROBE 0x%x: %s, expected OK with properties", endpoint, viommu_reply_text(&reply));
    require(test, IOMMU_PROBE_P01, reply.status == VIRTIO_IOMMU_S_OK,
            "PROBE 0x%x: %s, expected OK for an endpoint that exists", endpoint,
            viommu_reply_text(&reply));
    if (test_claims(test, IOMMU_PROBE_P01))
        expect(test, IOMMU_PROBE_P01, reply.written == size + sizeof(struct virtio_iommu_req_tail),
               "PROBE 0x%x: used length %u, expected probe_size + 4 = %u", endpoint, reply.written,
               size + (uint32_t)sizeof(struct virtio_iommu_req_tail));
    return (struct properties){.bytes = bytes, .size = size};
}

bool property_next(const struct properties *properties, uint32_t *at, struct property *property)
{
    struct virtio_iommu_probe_property head;
    uint32_t left = properties->size - *at;

    if (left < sizeof(head))
        return false;
    memcpy(&head, properties->bytes + *at, sizeof(head));
    if ((head.type & VIRTIO_IOMMU_PROBE_T_MASK) == VIRTIO_IOMMU_PROBE_T_NONE)
        return false;
    *property = (struct property){
        .offset = *at,
        .type = head.type & VIRTIO_IOMMU_PROBE_T_MASK,
        .reserved = head.type & (uint16_t)~VIRTIO_IOMMU_PROBE_T_MASK,
        .length = head.length,
        .fits = head.length <= left - sizeof(head),
        .value = properties->bytes + *at + sizeof(head),
    };
    *at = property->fits ? *at + (uint32_t)sizeof(head) + head.length : properties->size;
    return true;
}

bool region_next(const struct properties *properties, uint32_t *at, struct reserved_region *region)
{
    const size_t head = sizeof(struct virtio_iommu_probe_property);
    struct virtio_iommu_probe_resv_mem value;
    struct property property;

    while (property_next(properties, at, &property)) {
        if (property.type != VIRTIO_IOMMU_PROBE_T_RESV_MEM || !property.fits ||
            property.length != sizeof(value) - head)
            continue;
        memcpy(&value, property.value - head, sizeof(value));
        *region = (struct reserved_region){
            .subtype = value.subtype, .first = value.start, .last = value.end};
        memcpy(region->reserved, value.reserved, sizeof(value.reserved));
        return true;
    }
    return false;
}

const struct reserved_region *reserved_regions(struct test *test, uint32_t endpoint,
                                               unsigned *count)
{
    struct reserved_region *regions, region;
    uint32_t at = 0;

    *count = 0;
    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_PROBE))
        return NULL;

    const struct properties properties = probe(test, endpoint);
    const uint32_t most = properties.size / (uint32_t)sizeof(struct virtio_iommu_probe_resv_mem);

    regions = fixture_pages(test, most * (uint32_t)sizeof(*regions) / PAGE_SIZE + 1);
    while (region_next(&properties, &at, &region))
        regions[(*count)++] = region;
    return regions;
}

uint64_t last_mappable(struct test *test, uint32_t endpoint)
{
    const struct viommu *viommu = fixture_iommu(test);
    uint64_t granule = viommu_granule(viommu);
    uint64_t last = viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) ? viommu->config.input_range.end
                                                                   : UINT64_MAX;
    unsigned count;
    const struct reserved_region *regions = reserved_regions(test, endpoint, &count);

    /*
     * Regions come in any order, so stepping below one may lead into one that was passed before:
     * `count` passes are enough.
     */
    for (unsigned pass = 0; pass < count; pass++)
        for (unsigned i = 0; i < count; i++)
            if (regions[i].first <= last && regions[i].last > last - granule)
                last = (regions[i].first & -granule) - 1;
    return last;
}

uint64_t last_taken(struct test *test, uint32_t endpoint)
{
    uint64_t last = last_mappable(test, endpoint), highest = test->fixture->addresses.highest;

    return last < highest ? last : highest;
}

bool is_reserved(struct test *test, uint32_t endpoint, uint64_t first, uint64_t last)
{
    unsigned count;
    const struct reserved_region *regions = reserved_regions(test, endpoint, &count);

    for (unsigned i = 0; i < count; i++)
        if (regions[i].first <= last && regions[i].last >= first)
            return true;
    return false;
}
