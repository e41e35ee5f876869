// SPDX-License-Identifier: BSD-2-Clause
/* MAP: virtio 1.4 section 5.13.6.5. What concerns the status; translation is in translation.c. */
#include "lib/array/array.h"
#include "tests/framework/properties.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.map"

#define READ  VIRTIO_IOMMU_MAP_F_READ
#define NEEDS (NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)

/* A domain with an endpoint and room to map in. */
struct room {
    uint32_t domain;
    uint64_t at, granule;
};

static struct room attached(struct test *test)
{
    require_attach(test, 0, 0);
    return (struct room){.domain = fixture_domain(test, 0),
                         .at = free_iova(test),
                         .granule = viommu_granule(fixture_iommu(test))};
}

/* MAP of granules first..last to the same physical address. */
static struct viommu_request map(const struct room *room, uint64_t first, uint64_t last)
{
    uint64_t start = room->at + first * room->granule;

    return viommu_map(room->domain, start, room->at + (last + 1) * room->granule - 1, start,
                      READ_WRITE);
}

/* A MAP that must be refused; if it is not, what it mapped is taken away again. */
static void expect_no_map(struct test *test, enum clause refused, enum clause clause,
                          struct viommu_request request, uint8_t status)
{
    struct viommu_reply reply = submit(test, &request);
    char text[VIOMMU_REQUEST_TEXT];

    viommu_request_text(&request, text);
    if (expect(test, refused, reply.outcome != VIOMMU_ANSWERED || reply.status != VIRTIO_IOMMU_S_OK,
               "%s: OK, expected a refusal", text)) {
        expect(test, clause, reply.outcome == VIOMMU_ANSWERED && reply.status == status,
               "%s: %s, expected %s", text, viommu_reply_text(&reply), viommu_status_text(status));
        return;
    }
    require_ok(test, viommu_detach(request.map.domain, fixture_endpoint_id(test, 0)));
    require_ok(test, viommu_attach(request.map.domain, fixture_endpoint_id(test, 0), 0));
}

TEST(one_granule, .clauses = CLAUSES(IOMMU_CFG_P03), .needs = NEEDS)
{
    struct room room = attached(test);

    expect_status(test, IOMMU_CFG_P03, map(&room, 1, 1), VIRTIO_IOMMU_S_OK);
}

TEST(sizes_that_are_no_page_size, .clauses = CLAUSES(IOMMU_CFG_P04), .needs = NEEDS)
{
    static const uint64_t sizes[] = {3, 5, 7, 511, 513};
    struct room room = attached(test);

    for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
        expect_status(test, IOMMU_CFG_P04, map(&room, 1, sizes[i]), VIRTIO_IOMMU_S_OK);
        require_ok(test, viommu_unmap(room.domain, room.at + room.granule,
                                      room.at + (sizes[i] + 1) * room.granule - 1));
    }
}

TEST(byte_granule, .clauses = CLAUSES(IOMMU_CFG_P05), .needs = NEEDS)
{
    struct room room = attached(test);

    if (room.granule != 1)
        skip(test, "the granule is 0x%llx bytes, not 1", (unsigned long long)room.granule);
    expect_status(test, IOMMU_CFG_P05,
                  viommu_map(room.domain, room.at + 1, room.at + 3, 0x1007, READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
}

TEST(unaligned_virt_start_is_refused, .clauses = CLAUSES(IOMMU_MAP_D01, IOMMU_MAP_D02),
     .needs = NEEDS)
{
    struct room room = attached(test);

    if (room.granule == 1)
        skip(test, "every address is aligned to a granule of 1");
    for (uint64_t off = 1; off < room.granule; off *= 2) {
        expect_no_map(test, IOMMU_MAP_D01, IOMMU_MAP_D02,
                      viommu_map(room.domain, room.at + off, room.at + 2 * room.granule - 1,
                                 0x200000, READ_WRITE),
                      VIRTIO_IOMMU_S_RANGE);
    }
    expect_status(test, IOMMU_MAP_D01, map(&room, 0, 1), VIRTIO_IOMMU_S_OK);
}

TEST(unaligned_phys_start_is_refused, .clauses = CLAUSES(IOMMU_MAP_D03, IOMMU_MAP_D04),
     .needs = NEEDS)
{
    struct room room = attached(test);

    if (room.granule == 1)
        skip(test, "every address is aligned to a granule of 1");
    for (uint64_t off = 1; off < room.granule; off *= 2)
        expect_no_map(test, IOMMU_MAP_D03, IOMMU_MAP_D04,
                      viommu_map(room.domain, room.at, room.at + room.granule - 1, 0x200000 + off,
                                 READ_WRITE),
                      VIRTIO_IOMMU_S_RANGE);
    expect_status(test, IOMMU_MAP_D03, map(&room, 0, 0), VIRTIO_IOMMU_S_OK);
}

TEST(unaligned_virt_end_is_refused, .clauses = CLAUSES(IOMMU_MAP_D05, IOMMU_MAP_D06),
     .needs = NEEDS)
{
    struct room room = attached(test);
    const uint64_t ends[] = {room.granule / 2 - 1, room.granule - 2, room.granule,
                             room.granule + room.granule / 2};

    if (room.granule < 4)
        skip(test, "a granule of 0x%llx bytes has no room for an unaligned end",
             (unsigned long long)room.granule);
    for (unsigned i = 0; i < ARRAY_LENGTH(ends); i++)
        expect_no_map(test, IOMMU_MAP_D05, IOMMU_MAP_D06,
                      viommu_map(room.domain, room.at, room.at + ends[i], 0x200000, READ_WRITE),
                      VIRTIO_IOMMU_S_RANGE);
    expect_status(test, IOMMU_MAP_D05, map(&room, 0, 1), VIRTIO_IOMMU_S_OK);
}

TEST(overlap_is_rejected, .clauses = CLAUSES(IOMMU_MAP_D07, IOMMU_MAP_D08), .needs = NEEDS)
{
    static const struct {
        unsigned first, last;
    } overlaps[] = {{4, 7}, {5, 6}, {4, 4}, {7, 7}, {0, 9},
                    {3, 8}, {3, 4}, {7, 8}, {0, 4}, {7, 20}};
    struct room room = attached(test);

    require_ok(test, map(&room, 4, 7));
    for (unsigned i = 0; i < ARRAY_LENGTH(overlaps); i++)
        expect_refusal(test, IOMMU_MAP_D07, IOMMU_MAP_D08,
                       map(&room, overlaps[i].first, overlaps[i].last), VIRTIO_IOMMU_S_INVAL);
    expect_status(test, IOMMU_MAP_D07, map(&room, 3, 3), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_MAP_D07, map(&room, 8, 8), VIRTIO_IOMMU_S_OK);
}

TEST(overlap_with_other_flags_or_target_is_rejected,
     .clauses = CLAUSES(IOMMU_MAP_D07, IOMMU_MAP_D08), .needs = NEEDS)
{
    struct room room = attached(test);
    struct viommu_request again = map(&room, 0, 0);

    require_ok(test, again);
    again.map.phys_start += room.granule;
    expect_refusal(test, IOMMU_MAP_D07, IOMMU_MAP_D08, again, VIRTIO_IOMMU_S_INVAL);
    again = map(&room, 0, 0);
    again.map.flags = READ;
    expect_refusal(test, IOMMU_MAP_D07, IOMMU_MAP_D08, again, VIRTIO_IOMMU_S_INVAL);
}

TEST(adjacent_mappings_do_not_overlap, .clauses = CLAUSES(IOMMU_MAP_P02), .needs = NEEDS)
{
    struct room room = attached(test);

    require_ok(test, map(&room, 4, 5));
    expect_status(test, IOMMU_MAP_P02, map(&room, 6, 6), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_MAP_P02, map(&room, 3, 3), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_MAP_P02, map(&room, 7, 9), VIRTIO_IOMMU_S_OK);
}

TEST(two_addresses_of_one_page, .clauses = CLAUSES(IOMMU_MAP_P01), .needs = NEEDS)
{
    struct room room = attached(test);
    struct viommu_request alias = map(&room, 0, 0);

    require_ok(test, alias);
    alias.map.virt_start += room.granule;
    alias.map.virt_end += room.granule;
    expect_status(test, IOMMU_MAP_P01, alias, VIRTIO_IOMMU_S_OK);
}

TEST(unknown_flags_are_refused, .clauses = CLAUSES(IOMMU_MAP_D09, IOMMU_MAP_D10), .needs = NEEDS)
{
    struct room room = attached(test);

    for (unsigned bit = 3; bit < 32; bit++) {
        struct viommu_request request = map(&room, 0, 0);

        request.map.flags |= 1u << bit;
        expect_no_map(test, IOMMU_MAP_D09, IOMMU_MAP_D10, request, VIRTIO_IOMMU_S_INVAL);
    }
    expect_status(test, IOMMU_MAP_D09, map(&room, 0, 0), VIRTIO_IOMMU_S_OK);
}

TEST(missing_domain_is_not_found, .clauses = CLAUSES(IOMMU_MAP_D11, IOMMU_MAP_D12), .needs = NEEDS)
{
    struct room room = attached(test);

    room.domain = fixture_domain(test, 1);
    expect_refusal(test, IOMMU_MAP_D11, IOMMU_MAP_D12, map(&room, 0, 0), VIRTIO_IOMMU_S_NOENT);
    /* ... and did not make it. */
    expect_refused(test, IOMMU_MAP_D11,
                   viommu_unmap(room.domain, room.at, room.at + room.granule - 1));
}

TEST(bypass_domain_is_refused, .clauses = CLAUSES(IOMMU_MAP_D13, IOMMU_MAP_D14),
     .needs = NEEDS | NEEDS_BYPASS_CONFIG)
{
    struct room room = {fixture_domain(test, 0), free_iova(test),
                        viommu_granule(fixture_iommu(test))};

    require_ok(test, viommu_attach(room.domain, fixture_endpoint_id(test, 0),
                                   VIRTIO_IOMMU_ATTACH_F_BYPASS));
    expect_refusal(test, IOMMU_MAP_D13, IOMMU_MAP_D14, map(&room, 0, 0), VIRTIO_IOMMU_S_INVAL);
}

TEST(last_granule_of_the_input_range, .clauses = CLAUSES(IOMMU_CFG_P09), .needs = NEEDS)
{
    struct room room = attached(test);
    uint64_t last = last_mappable(test, fixture_endpoint_id(test, 0));
    uint64_t first = last - room.granule + 1;

    expect_status(test, IOMMU_CFG_P09, viommu_map(room.domain, first, last, 0x200000, READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
    expect_refused(test, IOMMU_MAP_D07, viommu_map(room.domain, first, last, 0x200000, READ_WRITE));
    expect_status(test, IOMMU_UNMAP_P05, viommu_unmap(room.domain, first, last), VIRTIO_IOMMU_S_OK);
}

TEST(first_granule_of_the_input_range, .clauses = CLAUSES(IOMMU_CFG_P09), .needs = NEEDS)
{
    const struct viommu *viommu = fixture_iommu(test);
    struct room room = attached(test);

    room.at = viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) ? viommu->config.input_range.start : 0;
    if (is_reserved(test, fixture_endpoint_id(test, 0), room.at, room.at + room.granule - 1))
        skip(test, "the first granule is reserved");
    expect_status(test, IOMMU_CFG_P09, map(&room, 0, 0), VIRTIO_IOMMU_S_OK);
}

/* Sent without INPUT_RANGE being negotiated, for then no rule forbids the driver to. */
TEST(outside_the_input_range_fails, .clauses = CLAUSES(IOMMU_CFG_P08), .needs = NEEDS)
{
    struct viommu *viommu = fixture_iommu(test);
    uint64_t last = viommu->config.input_range.end;

    if (!viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE) || last == UINT64_MAX)
        skip(test, "the input range ends at 2^64 - 1");

    uint64_t mappable = last_mappable(test, fixture_endpoint_id(test, 0));

    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_IOMMU_F_INPUT_RANGE));

    struct room room = attached(test);

    expect_refused(test, IOMMU_CFG_P08,
                   viommu_map(room.domain, last + 1, last + room.granule, 0x200000, READ_WRITE));
    expect_refused(test, IOMMU_CFG_P08,
                   viommu_map(room.domain, last - room.granule + 1, last + room.granule, 0x200000,
                              READ_WRITE));
    expect_status(
        test, IOMMU_CFG_P09,
        viommu_map(room.domain, mappable - room.granule + 1, mappable, 0x200000, READ_WRITE),
        VIRTIO_IOMMU_S_OK);
}

/* A driver must not send it, so no status is prescribed; but success would be a lie. */
TEST(inverted_range_maps_nothing, .clauses = CLAUSES(IOMMU_MAP_P02, IOMMU_OP_P01), .needs = NEEDS)
{
    struct room room = attached(test);
    struct viommu_request inverted = map(&room, 0, 0);

    inverted.map.virt_start = room.at + 4 * room.granule;

    struct viommu_reply reply = submit(test, &inverted);

    expect_should(test, IOMMU_MAP_P02,
                  reply.outcome != VIOMMU_ANSWERED || reply.status != VIRTIO_IOMMU_S_OK,
                  "MAP with virt_end < virt_start: OK, expected a refusal");
    require_ok(test, viommu_detach(room.domain, fixture_endpoint_id(test, 0)));
    require_attach(test, 0, 0);
    expect_status(test, IOMMU_OP_P01, map(&room, 0, 8), VIRTIO_IOMMU_S_OK);
}

TEST(target_beyond_memory_leaves_the_device_alive, .clauses = CLAUSES(IOMMU_MAP_P06),
     .needs = NEEDS)
{
    struct room room = attached(test);
    struct viommu_request request = map(&room, 0, 0);

    request.map.phys_start = 1ull << 50;

    struct viommu_reply reply = submit(test, &request);

    note(test, "MAP to physical 2^50: %s", viommu_reply_text(&reply));
    expect_status(test, IOMMU_MAP_P06, map(&room, 1, 1), VIRTIO_IOMMU_S_OK);
}

TEST(thousand_mappings, .clauses = CLAUSES(IOMMU_UNMAP_D08, IOMMU_MAP_P01), .needs = NEEDS)
{
    struct room room = attached(test);

    for (unsigned i = 0; i < 1000; i++) {
        struct viommu_request request = map(&room, 2 * i, 2 * i);
        struct viommu_reply reply = submit(test, &request);

        if (reply.status == VIRTIO_IOMMU_S_NOMEM)
            skip(test, "the device has room for %u mappings", i);
        require(test, IOMMU_OP_D01, reply.status == VIRTIO_IOMMU_S_OK,
                "mapping %u: %s, expected OK", i, viommu_reply_text(&reply));
    }
    expect(test, IOMMU_MAP_P01, is_mapped(test, room.domain, room.at, room.at + room.granule - 1),
           "the first of many mappings is not there any more");
    expect_refused(test, IOMMU_MAP_D07, map(&room, 1000, 1000));
    expect_status(test, IOMMU_MAP_P02, map(&room, 1001, 1001), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_UNMAP_D08,
                  viommu_unmap(room.domain, room.at, room.at + 2000 * room.granule - 1),
                  VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_UNMAP_D08, map(&room, 0, 1999), VIRTIO_IOMMU_S_OK);
}
