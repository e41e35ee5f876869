// SPDX-License-Identifier: BSD-2-Clause
/* ATTACH: virtio 1.4 section 5.13.6.3. */
#include "tests/framework/transfer.h"

#define SUITE "conformance.attach"

/* Whether a domain exists shows in the answer to a MAP: OK, or a refusal (MAP-D11). */
static struct viommu_request any_map(struct test *test, uint32_t domain)
{
    uint64_t address = free_iova(test);

    return viommu_map(domain, address, address + viommu_granule(fixture_iommu(test)) - 1,
                      memory_unused(test, 0, 1), READ_WRITE);
}

/*
 * MAP before and after ATTACH, so that a device that creates domains by MAP is not taken for a good
 * one.
 */
TEST(creates_the_domain_it_names,
     .clauses = CLAUSES(IOMMU_ATTACH_P01, IOMMU_ATTACH_D19, IOMMU_MAP_D11),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint32_t domain = fixture_domain(test, 0);

    expect_refused(test, IOMMU_MAP_D11, any_map(test, domain));
    require_attach(test, 0, 0);
    expect_status(test, IOMMU_ATTACH_P01, any_map(test, domain), VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_ATTACH_D19, viommu_detach(domain, fixture_endpoint_id(test, 0)),
                  VIRTIO_IOMMU_S_OK);
}

#define DOMAINS_AT_ONCE 8 /* a device need not have room for more */

/* Each in a domain of its own: a device need not support shared domains. */
TEST(every_described_endpoint_can_be_attached, .clauses = CLAUSES(IOMMU_ATTACH_D19),
     .needs = NEEDS_ENDPOINT)
{
    struct fixture *fixture = test->fixture;

    const unsigned at_once = fixture_domain_count(test, DOMAINS_AT_ONCE);

    for (unsigned i = 0; i < fixture->endpoint_count; i++) {
        uint32_t domain = fixture_domain(test, i % at_once);

        if (i >= at_once)
            require_ok(test, viommu_detach(domain, fixture->endpoints[i - at_once].id));
        expect_status(test, IOMMU_ATTACH_D19, viommu_attach(domain, fixture->endpoints[i].id, 0),
                      VIRTIO_IOMMU_S_OK);
    }
}

/* A refused ATTACH must not create the domain. Where it did, or did attach, it is undone. */
static void expect_no_domain(struct test *test, enum clause clause)
{
    struct viommu_request map = any_map(test, fixture_domain(test, 0));

    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MAP_UNMAP))
        return;
    if (!expect_refused(test, clause, map))
        require_ok(test, viommu_detach(fixture_domain(test, 0), fixture_endpoint_id(test, 0)));
}

/*
 * One byte at a time, each with another bit: an older layout has eight reserved bytes there, which
 * devices ignored, and some look at the first byte only.
 */
TEST(reserved_bytes_are_refused, .clauses = CLAUSES(IOMMU_ATTACH_D01, IOMMU_ATTACH_D02),
     .needs = NEEDS_ENDPOINT)
{
    for (unsigned i = 0; i < 4; i++) {
        struct viommu_request attach =
            viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);

        attach.attach.reserved[i] = (uint8_t)(1u << (2 * i));
        expect_refusal(test, IOMMU_ATTACH_D01, IOMMU_ATTACH_D02, attach, VIRTIO_IOMMU_S_INVAL);
        expect_no_domain(test, IOMMU_ATTACH_D01);
    }
}

/*
 * Every single bit but BYPASS: a device that compares 8 or 16 bits of the flags accepts the others.
 */
TEST(unknown_flags_are_refused, .clauses = CLAUSES(IOMMU_ATTACH_D03, IOMMU_ATTACH_D04),
     .needs = NEEDS_ENDPOINT)
{
    for (unsigned bit = 1; bit < 32; bit++) {
        expect_refusal(
            test, IOMMU_ATTACH_D03, IOMMU_ATTACH_D04,
            viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 1u << bit),
            VIRTIO_IOMMU_S_INVAL);
        expect_no_domain(test, IOMMU_ATTACH_D03);
    }
}

TEST(absent_endpoint_is_refused, .clauses = CLAUSES(IOMMU_ATTACH_D05, IOMMU_ATTACH_D06),
     .needs = NEEDS_IOMMU)
{
    expect_refusal(test, IOMMU_ATTACH_D05, IOMMU_ATTACH_D06,
                   viommu_attach(fixture_domain(test, 0), fixture_absent_endpoint(test), 0),
                   VIRTIO_IOMMU_S_NOENT);
    expect_no_domain(test, IOMMU_ATTACH_D05);
}

/* Where any id is taken, as absent_endpoint_is_refused tells, none shows how it is compared. */
static void require_absent_refused(struct test *test)
{
    struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_absent_endpoint(test), 0);

    if (submit(test, &attach).status == VIRTIO_IOMMU_S_OK)
        skip(test, "the device attaches endpoints that do not exist");
}

/*
 * An id that differs from a known one above bit 15 is another endpoint. A device that takes
 * endpoint ids for 16-bit PCI requester ids attaches the wrong one.
 */
TEST(high_bits_of_the_endpoint_count, .clauses = CLAUSES(IOMMU_ATTACH_P02, IOMMU_ATTACH_D06),
     .needs = NEEDS_ENDPOINT)
{
    uint32_t id = fixture_endpoint_id(test, 0);

    require_absent_refused(test);
    for (unsigned bit = 16; bit < 32; bit++) {
        if (fixture_is_described(test, id ^ 1u << bit))
            continue;
        struct viommu_request attach = viommu_attach(fixture_domain(test, 0), id ^ 1u << bit, 0);

        if (expect_refused(test, IOMMU_ATTACH_P02, attach))
            expect_status(test, IOMMU_ATTACH_D06, attach, VIRTIO_IOMMU_S_NOENT);
        else
            require_ok(test, viommu_detach(fixture_domain(test, 0), id ^ 1u << bit));
    }
}

/*
 * OK or UNSUPP: a device may refuse what it does not support, but the endpoint must still be
 * attached afterwards.
 */
TEST(again_to_the_same_domain_stays_attached, .clauses = CLAUSES(IOMMU_ATTACH_P07),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint32_t domain = fixture_domain(test, 0);
    struct viommu_request attach = viommu_attach(domain, fixture_endpoint_id(test, 0), 0);

    require_ok(test, attach);

    struct viommu_reply reply = submit(test, &attach);

    expect(test, IOMMU_ATTACH_P07,
           reply.outcome == VIOMMU_ANSWERED &&
               (reply.status == VIRTIO_IOMMU_S_OK || reply.status == VIRTIO_IOMMU_S_UNSUPP),
           "ATTACH to the domain it is in: %s, expected OK or UNSUPP",
           viommu_status_text(reply.status));
    expect_status(test, IOMMU_ATTACH_P07, any_map(test, domain), VIRTIO_IOMMU_S_OK);
}

/*
 * Sharing a domain is optional (D07), so UNSUPP is a WARN by D16 and any other status a FAIL by
 * D09.
 */
TEST(second_endpoint_joins_or_is_unsupported,
     .clauses = CLAUSES(IOMMU_ATTACH_D09, IOMMU_ATTACH_D16), .needs = NEEDS_TWO_ENDPOINTS)
{
    struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 1), 0);

    require_attach(test, 0, 0);

    struct viommu_reply reply = submit(test, &attach);
    bool joined = reply.outcome == VIOMMU_ANSWERED && reply.status == VIRTIO_IOMMU_S_OK;

    expect(test, IOMMU_ATTACH_D09,
           joined || (reply.outcome == VIOMMU_ANSWERED && reply.status == VIRTIO_IOMMU_S_UNSUPP),
           "ATTACH of a second endpoint: %s, expected OK or UNSUPP",
           viommu_status_text(reply.status));
    expect(test, IOMMU_ATTACH_D16, joined, "ATTACH of a second endpoint is refused");
}

/* Catches a device that destroys a domain on every DETACH, or on none. */
TEST(domain_outlives_the_first_of_two_endpoints,
     .clauses = CLAUSES(IOMMU_DETACH_P04, IOMMU_DETACH_P02),
     .needs = NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP)
{
    uint32_t domain = fixture_domain(test, 0);
    struct viommu_request second = viommu_attach(domain, fixture_endpoint_id(test, 1), 0);

    require_attach(test, 0, 0);

    struct viommu_reply reply = submit(test, &second);

    if (reply.status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device does not share a domain between endpoints");
    require_ok(test, viommu_detach(domain, fixture_endpoint_id(test, 0)));
    expect_status(test, IOMMU_DETACH_P04, any_map(test, domain), VIRTIO_IOMMU_S_OK);
    require_ok(test, viommu_detach(domain, fixture_endpoint_id(test, 1)));
    expect_refused(test, IOMMU_DETACH_P02, any_map(test, domain));
}

/*
 * Both directions: a bypass endpoint into an ordinary domain, an ordinary one into a bypass domain.
 */
TEST(bypass_flag_must_match_the_domain, .clauses = CLAUSES(IOMMU_ATTACH_D10, IOMMU_ATTACH_D11),
     .needs = NEEDS_TWO_ENDPOINTS | NEEDS_BYPASS_CONFIG)
{
    uint32_t ordinary = fixture_domain(test, 0), bypass = fixture_domain(test, 1);

    require_ok(test, viommu_attach(ordinary, fixture_endpoint_id(test, 0), 0));
    expect_refusal(
        test, IOMMU_ATTACH_D10, IOMMU_ATTACH_D11,
        viommu_attach(ordinary, fixture_endpoint_id(test, 1), VIRTIO_IOMMU_ATTACH_F_BYPASS),
        VIRTIO_IOMMU_S_INVAL);
    require_ok(test, viommu_detach(ordinary, fixture_endpoint_id(test, 0)));
    require_ok(test,
               viommu_attach(bypass, fixture_endpoint_id(test, 0), VIRTIO_IOMMU_ATTACH_F_BYPASS));
    expect_refusal(test, IOMMU_ATTACH_D10, IOMMU_ATTACH_D11,
                   viommu_attach(bypass, fixture_endpoint_id(test, 1), 0), VIRTIO_IOMMU_S_INVAL);
}

/*
 * A move is DETACH and ATTACH in one. The old domain had one endpoint, so it must be gone with its
 * mappings: MAP to it is refused, and once it is created again its range is free.
 */
TEST(moving_leaves_the_old_domain,
     .clauses = CLAUSES(IOMMU_ATTACH_D12, IOMMU_ATTACH_D13, IOMMU_ATTACH_D15),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint32_t old = fixture_domain(test, 0), new = fixture_domain(test, 1);

    require_ok(test, viommu_attach(old, fixture_endpoint_id(test, 0), 0));
    require_ok(test, any_map(test, old));

    struct viommu_request move = viommu_attach(new, fixture_endpoint_id(test, 0), 0);
    struct viommu_reply reply = submit(test, &move);

    expect(test, IOMMU_ATTACH_D15,
           reply.status == VIRTIO_IOMMU_S_OK || reply.status == VIRTIO_IOMMU_S_UNSUPP,
           "ATTACH of an attached endpoint: %s, expected OK or UNSUPP",
           viommu_status_text(reply.status));
    require(test, IOMMU_ATTACH_D12, reply.status == VIRTIO_IOMMU_S_OK,
            "an attached endpoint can't be moved");
    expect_refused(test, IOMMU_ATTACH_D13, any_map(test, old));
    expect_status(test, IOMMU_ATTACH_D12, any_map(test, new), VIRTIO_IOMMU_S_OK);
    require_ok(test, viommu_detach(new, fixture_endpoint_id(test, 0)));
    require_ok(test, viommu_attach(old, fixture_endpoint_id(test, 0), 0));
    expect_status(test, IOMMU_ATTACH_D13, any_map(test, old), VIRTIO_IOMMU_S_OK);
}

/*
 * By DMA: after the move the new mapping works and the old one does not. Catches a device that
 * keeps the translations of the old domain in a cache, or takes mappings along.
 */
TEST(mappings_do_not_follow_a_moved_endpoint,
     .clauses = CLAUSES(IOMMU_ATTACH_D12, IOMMU_ATTACH_P04, IOMMU_MAP_P01),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target first = target_new(test, 1), second = target_new(test, 1);
    uint32_t old = fixture_domain(test, 0), new = fixture_domain(test, 1);
    uint64_t here = free_iova(test), there = here + 16 * memory_unit(test);

    prepare_engine(test, engine);
    attach_engine(test, old, engine);
    require_ok(test,
               viommu_map(old, here, here + first.unit - 1, target_physical(&first), READ_WRITE));
    expect_write_lands(test, IOMMU_MAP_P01, engine, here, &first, 0, transfer_length(engine));

    const struct viommu_request move = viommu_attach(new, engine->endpoint, 0);

    if (submit(test, &move).status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device does not move an attached endpoint");
    attach_engine(test, new, engine);
    require_ok(test, viommu_map(new, there, there + second.unit - 1, target_physical(&second),
                                READ_WRITE));
    expect_write_lands(test, IOMMU_ATTACH_D12, engine, there, &second, 0, transfer_length(engine));
    expect_write_denied(test, IOMMU_ATTACH_P04, engine, here, &first, transfer_length(engine));
}

/*
 * The same address leads to different pages in two domains, and what only the first domain maps is
 * denied to the second.
 */
TEST(domains_are_isolated, .clauses = CLAUSES(IOMMU_ATTACH_P05),
     .needs = NEEDS_TWO_ENGINES | NEEDS_MAP_UNMAP)
{
    struct target targets[2] = {target_new(test, 1), target_new(test, 1)};
    uint64_t shared = free_iova(test), only_first = shared + 16 * memory_unit(test);

    for (unsigned i = 0; i < 2; i++) {
        struct dma_engine *engine = fixture_writer(test, i);

        prepare_engine(test, engine);
        attach_engine(test, fixture_domain(test, i), engine);
        require_ok(test, viommu_map(fixture_domain(test, i), shared, shared + targets[i].unit - 1,
                                    target_physical(&targets[i]), READ_WRITE));
    }
    require_ok(test,
               viommu_map(fixture_domain(test, 0), only_first, only_first + targets[0].unit - 1,
                          target_physical(&targets[0]), READ_WRITE));
    for (unsigned i = 0; i < 2; i++)
        expect_write_lands(test, IOMMU_ATTACH_P05, fixture_writer(test, i), shared, &targets[i], 0,
                           512);
    expect_write_denied(test, IOMMU_ATTACH_P05, fixture_writer(test, 1), only_first, &targets[0],
                        512);
}

/*
 * One mapping from before the second endpoint joins and one from after it: both endpoints use both,
 * and an UNMAP ends it for both.
 */
TEST(endpoints_of_a_domain_share_its_mappings, .clauses = CLAUSES(IOMMU_ATTACH_P03),
     .needs = NEEDS_TWO_ENGINES | NEEDS_MAP_UNMAP)
{
    struct dma_engine *early = fixture_writer(test, 0), *late = fixture_writer(test, 1);
    struct target target = target_new(test, 2);
    uint32_t domain = fixture_domain(test, 0);
    uint64_t before = free_iova(test), after = before + target.unit;

    prepare_engine(test, early);
    prepare_engine(test, late);
    attach_engine(test, domain, early);
    require_ok(test, viommu_map(domain, before, before + target.unit - 1, target_physical(&target),
                                READ_WRITE));
    join_engine(test, domain, late);
    require_ok(test, viommu_map(domain, after, after + target.unit - 1,
                                target_physical(&target) + target.unit, READ_WRITE));
    for (unsigned i = 0; i < 2; i++) {
        struct dma_engine *engine = fixture_writer(test, i);

        expect_write_lands(test, IOMMU_ATTACH_P03, engine, before, &target, 0, 512);
        expect_write_lands(test, IOMMU_ATTACH_P03, engine, after, &target, target.unit, 512);
    }
    require_ok(test, viommu_unmap(domain, before, before + target.unit - 1));
    for (unsigned i = 0; i < 2; i++)
        expect_write_denied(test, IOMMU_ATTACH_P03, fixture_writer(test, i), before, &target, 512);
}
