// SPDX-License-Identifier: BSD-2-Clause
/* PROBE and its properties: virtio 1.4 sections 5.13.6.7 and 5.13.6.8. */
#include <string.h>

#include "tests/framework/addresses.h"
#include "tests/framework/properties.h"
#include "tests/framework/request.h"

#define SUITE "conformance.probe"
#define NEEDS (NEEDS_ENDPOINT | NEEDS_PROBE)

TEST(answers_for_every_endpoint, .clauses = CLAUSES(IOMMU_PROBE_P01), .needs = NEEDS)
{
    struct fixture *fixture = test->fixture;

    for (unsigned i = 0; i < fixture->endpoint_count; i++)
        probe(test, fixture->endpoints[i].id);
}

/*
 * How many zeros are at the end of a list before something that is a RESV_MEM after all: padding,
 * which D08 forbids.
 */
static uint32_t padding_at(const struct properties *properties, uint32_t at)
{
    static const uint8_t head[] = {VIRTIO_IOMMU_PROBE_T_RESV_MEM, 0, 20, 0};

    for (uint32_t padding = 4; at && padding < 64 && at + padding + 24 <= properties->size;
         padding += 4)
        if (!memcmp(properties->bytes + at + padding, head, sizeof(head)))
            return padding;
    return 0;
}

static void judge_headers(struct test *test, uint32_t id)
{
    struct properties properties = probe(test, id);
    struct property property;
    uint32_t at = 0, padding;

    while (property_next(&properties, &at, &property)) {
        expect(test, IOMMU_PROBE_D06, !property.reserved,
               "endpoint 0x%x: property at %u: reserved bits 0x%x, expected 0", id, property.offset,
               property.reserved);
        expect(test, IOMMU_PROBE_P02, property.fits,
               "endpoint 0x%x: property at %u: length %u leaves the %u bytes of properties", id,
               property.offset, property.length, properties.size);
        if (property.type == VIRTIO_IOMMU_PROBE_T_RESV_MEM)
            expect(test, IOMMU_PROBE_D07, property.length == 20,
                   "endpoint 0x%x: RESV_MEM at %u: length %u, expected 20 (the value only)", id,
                   property.offset, property.length);
    }
    padding = padding_at(&properties, at);
    expect(test, IOMMU_PROBE_D08, !padding,
           "endpoint 0x%x: the property after %u begins %u bytes late", id, at, padding);
    for (; at < properties.size && !padding; at++)
        if (properties.bytes[at]) {
            expect(test, IOMMU_PROBE_D12, false,
                   "endpoint 0x%x: unused property byte %u is 0x%02x, expected 0", id, at,
                   properties.bytes[at]);
            return;
        }
    expect(test, IOMMU_PROBE_D12, true, "zero filled");
}

/* A driver walks the list by its lengths: one wrong length and it reads values as headers. */
TEST(properties_are_a_list,
     .clauses = CLAUSES(IOMMU_PROBE_P02, IOMMU_PROBE_D06, IOMMU_PROBE_D07, IOMMU_PROBE_D08,
                        IOMMU_PROBE_D12),
     .needs = NEEDS)
{
    struct fixture *fixture = test->fixture;

    for (unsigned i = 0; i < fixture->endpoint_count; i++)
        judge_headers(test, fixture->endpoints[i].id);
    waive(test, IOMMU_PROBE_P02, "no endpoint has a property");
    waive(test, IOMMU_PROBE_D06, "no endpoint has a property");
    waive(test, IOMMU_PROBE_D07, "no endpoint has a reserved region");
    waive(test, IOMMU_PROBE_D08, "no endpoint has a property");
}

/* All 64 of them; the properties must be the same ones. */
TEST(reserved_bytes_are_ignored, .clauses = CLAUSES(IOMMU_PROBE_D01), .needs = NEEDS)
{
    struct properties plain = probe(test, fixture_endpoint_id(test, 0));
    uint8_t *bytes = properties_area(test);
    uint8_t reserved[64];

    memset(reserved, 0xff, sizeof(reserved));

    struct viommu_reply reply =
        viommu_probe(fixture_iommu(test), fixture_endpoint_id(test, 0), reserved, bytes);

    expect(test, IOMMU_PROBE_D01,
           reply.outcome == VIOMMU_ANSWERED && reply.status == VIRTIO_IOMMU_S_OK,
           "PROBE with reserved bytes 0xff: %s, expected OK", viommu_reply_text(&reply));
    expect(test, IOMMU_PROBE_D01, !memcmp(bytes, plain.bytes, plain.size),
           "PROBE with reserved bytes 0xff gives other properties than with zeroes");
}

/*
 * An error, too, has its status in the last four bytes: catches a device that puts the tail first.
 */
TEST(absent_endpoint_is_not_found,
     .clauses = CLAUSES(IOMMU_PROBE_D02, IOMMU_PROBE_D03, IOMMU_PROBE_P01, IOMMU_OP_P01),
     .needs = NEEDS_IOMMU | NEEDS_PROBE)
{
    uint8_t *bytes = properties_area(test);
    uint32_t id = fixture_absent_endpoint(test);
    struct viommu_reply reply = viommu_probe(fixture_iommu(test), id, NULL, bytes);

    require(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN, "PROBE was not answered");
    expect(test, IOMMU_PROBE_P01,
           reply.status == VIRTIO_IOMMU_S_NOENT || bytes[0] != VIRTIO_IOMMU_S_NOENT,
           "PROBE of absent endpoint 0x%x: the status is before the properties", id);
    expect(test, IOMMU_PROBE_D02, reply.status != VIRTIO_IOMMU_S_OK,
           "PROBE of absent endpoint 0x%x: OK, expected a refusal", id);
    expect(test, IOMMU_PROBE_D03, reply.status == VIRTIO_IOMMU_S_NOENT,
           "PROBE of absent endpoint 0x%x: %s, expected NOENT", id, viommu_reply_text(&reply));
}

/* PROBE at any time, without side effects: the endpoint is still attached afterwards. */
TEST(does_not_depend_on_attachment, .clauses = CLAUSES(IOMMU_PROBE_P03), .needs = NEEDS)
{
    struct viommu *viommu = fixture_iommu(test);
    uint32_t id = fixture_endpoint_id(test, 0);
    uint64_t at = free_iova(test);
    struct properties before = probe(test, id);

    require_attach(test, 0, 0);

    struct properties attached = probe(test, id);

    expect(test, IOMMU_PROBE_P03, !memcmp(before.bytes, attached.bytes, before.size),
           "properties differ before and after ATTACH");
    /* Without its only endpoint the domain would be gone. */
    if (!viommu_has(viommu, VIRTIO_IOMMU_F_MAP_UNMAP))
        expect_status(test, IOMMU_PROBE_P03, viommu_detach(fixture_domain(test, 0), id),
                      VIRTIO_IOMMU_S_OK);
    else
        expect_status(test, IOMMU_PROBE_P03,
                      viommu_map(fixture_domain(test, 0), at, at + viommu_granule(viommu) - 1, at,
                                 READ_WRITE),
                      VIRTIO_IOMMU_S_OK);
}

/*
 * Every size of the area from nothing to one byte less than probe_size: nothing but the tail is
 * written, and that at the end. Zeros in the area are no property but the end of the list
 * (PROBE-P02): a device whose used length includes the tail has to write something before it
 * (2.7.8.2).
 */
TEST(small_property_areas,
     .clauses = CLAUSES(IOMMU_PROBE_D09, IOMMU_PROBE_D10, IOMMU_PROBE_D11, IOMMU_OP_P01,
                        IOMMU_OP_P02),
     .needs = NEEDS, .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    uint32_t probe_size = viommu->config.probe_size;
    struct virtio_iommu_req_probe request = {.head.type = VIRTIO_IOMMU_T_PROBE,
                                             .endpoint = fixture_endpoint_id(test, 0)};
    uint32_t step = probe_size > 64 ? probe_size / 64 : 1;
    uint8_t *bytes = properties_area(test);

    if (!probe_size)
        skip(test, "probe_size is 0: no area is too small");
    for (uint32_t size = 0; size < probe_size; size += size < 8 ? 1 : step) {
        struct viommu_reply reply = viommu_submit_malformed(
            viommu, &request, sizeof(request), bytes, size + sizeof(struct virtio_iommu_req_tail));
        unsigned written = 0;

        require(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN,
                "PROBE with %u bytes of properties did not come back", size);
        expect(test, IOMMU_OP_P02, !reply.out_of_bounds,
               "PROBE with %u bytes of properties: a byte outside the reply was changed", size);
        for (uint32_t i = 0; i < size; i++)
            written += bytes[i] != VIOMMU_POISON && bytes[i] != 0;
        expect(test, IOMMU_PROBE_D09, !written,
               "PROBE with %u bytes of properties, fewer than probe_size: %u are not 0", size,
               written);
        expect(test, IOMMU_PROBE_D10, reply.status != VIRTIO_IOMMU_S_OK,
               "PROBE with %u bytes of properties: OK, expected a refusal", size);
        expect(test, IOMMU_PROBE_D11, reply.status == VIRTIO_IOMMU_S_INVAL,
               "PROBE with %u bytes of properties: %s in the last four bytes, expected INVAL", size,
               viommu_reply_text(&reply));
    }
}

/* Like any type that the device does not know. */
TEST(without_the_feature_nothing_is_written,
     .clauses = CLAUSES(IOMMU_PROBE_D04, IOMMU_PROBE_D05, IOMMU_OP_P01), .needs = NEEDS_IOMMU,
     .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_iommu_req_probe request = {.head.type = VIRTIO_IOMMU_T_PROBE};
    struct virtio_iommu_req_tail tail;

    if (viommu->offered >> VIRTIO_IOMMU_F_PROBE & 1)
        skip(test, "VIRTIO_IOMMU_F_PROBE is offered");

    struct viommu_reply reply =
        viommu_submit_malformed(viommu, &request, sizeof(request), &tail, sizeof(tail));

    require(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN, "PROBE did not come back");
    expect(test, IOMMU_PROBE_D04, !reply.has_status,
           "PROBE without the feature: status %u was written", reply.status);
    expect(test, IOMMU_PROBE_D05, !reply.written, "PROBE without the feature: used length %u",
           reply.written);
}
