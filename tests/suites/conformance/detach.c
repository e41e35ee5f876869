// SPDX-License-Identifier: BSD-2-Clause
/* DETACH: virtio 1.4 section 5.13.6.4. */
#include <string.h>

#include "tests/framework/transfer.h"

#define SUITE "conformance.detach"

#define LATE_NS 10000000ull

/*
 * Whether a domain exists, and whether the endpoint kept it alive, shows in the answer to this MAP.
 */
static struct viommu_request map_one(struct test *test, uint32_t domain)
{
    uint64_t address = free_iova(test);

    return viommu_map(domain, address, address + viommu_granule(fixture_iommu(test)) - 1,
                      memory_unused(test, 0, 1), READ_WRITE);
}

/* MUST ignore here, MUST reject in ATTACH: a device that checks both alike is wrong in one. */
TEST(reserved_bytes_are_ignored, .clauses = CLAUSES(IOMMU_DETACH_D01),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    struct viommu_request detach =
        viommu_detach(fixture_domain(test, 0), fixture_endpoint_id(test, 0));

    require_attach(test, 0, 0);
    memset(detach.detach.reserved, 0xff, sizeof(detach.detach.reserved));
    expect_status(test, IOMMU_DETACH_D01, detach, VIRTIO_IOMMU_S_OK);
    expect_refused(test, IOMMU_DETACH_D01, map_one(test, fixture_domain(test, 0)));
}

/* The domain must survive: its only endpoint was not the one that DETACH named. */
TEST(absent_endpoint_is_refused, .clauses = CLAUSES(IOMMU_DETACH_D02, IOMMU_DETACH_D03),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    require_attach(test, 0, 0);
    expect_refusal(test, IOMMU_DETACH_D02, IOMMU_DETACH_D03,
                   viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test)),
                   VIRTIO_IOMMU_S_NOENT);
    expect_status(test, IOMMU_DETACH_D02, map_one(test, fixture_domain(test, 0)),
                  VIRTIO_IOMMU_S_OK);
}

/*
 * DETACH of the first endpoint from a domain that is not its own. INVAL is a MAY, so every status
 * conforms; returns it.
 */
static uint8_t detach_from(struct test *test, enum clause clause, uint32_t domain,
                           const char *which)
{
    const struct viommu_request detach = viommu_detach(domain, fixture_endpoint_id(test, 0));
    struct viommu_reply reply = submit(test, &detach);

    expect(test, clause, reply.status == VIRTIO_IOMMU_S_INVAL,
           "DETACH from %s: %s, INVAL is allowed", which, viommu_status_text(reply.status));
    return reply.status;
}

/* Whatever the status says must be true: after an error the endpoint is still attached. */
TEST(unknown_domain_leaves_the_endpoint_attached,
     .clauses = CLAUSES(IOMMU_DETACH_D04, IOMMU_ATTACH_D19),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    require_attach(test, 0, 0);
    if (detach_from(test, IOMMU_DETACH_D04, fixture_domain(test, 7), "an unknown domain") ==
        VIRTIO_IOMMU_S_OK)
        require_attach(test, 0, 0); /* it may have left */
    expect_status(test, IOMMU_ATTACH_D19, map_one(test, fixture_domain(test, 0)),
                  VIRTIO_IOMMU_S_OK);
}

/* The same with a domain that exists. Neither domain may change. */
TEST(wrong_domain_leaves_the_endpoint_attached,
     .clauses = CLAUSES(IOMMU_DETACH_D05, IOMMU_ATTACH_D19),
     .needs = NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP)
{
    require_attach(test, 0, 0);
    require_attach(test, 1, 1);
    if (detach_from(test, IOMMU_DETACH_D05, fixture_domain(test, 1), "another endpoint's domain") !=
        VIRTIO_IOMMU_S_OK)
        expect_status(test, IOMMU_ATTACH_D19, map_one(test, fixture_domain(test, 0)),
                      VIRTIO_IOMMU_S_OK);
    expect_status(test, IOMMU_ATTACH_D19, map_one(test, fixture_domain(test, 1)),
                  VIRTIO_IOMMU_S_OK);
}

/* MAP and UNMAP are refused afterwards, and the id names an empty domain when it is used again. */
TEST(last_endpoint_takes_the_domain_along, .clauses = CLAUSES(IOMMU_DETACH_P02, IOMMU_DETACH_P03),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint32_t domain = fixture_domain(test, 0);
    uint64_t address = free_iova(test);

    require_attach(test, 0, 0);
    require_ok(test, map_one(test, domain));
    require_ok(test, viommu_detach(domain, fixture_endpoint_id(test, 0)));
    expect_refused(test, IOMMU_DETACH_P02, map_one(test, domain));
    expect_refused(test, IOMMU_DETACH_P02, viommu_unmap(domain, address, address + 0xffff));
    require_attach(test, 0, 0);
    expect_status(test, IOMMU_DETACH_P03, map_one(test, domain), VIRTIO_IOMMU_S_OK);
}

/* Catches a device that keeps a domain object, with its type, after the last DETACH. */
TEST(domain_id_may_come_back_as_a_bypass_domain, .clauses = CLAUSES(IOMMU_DETACH_P03),
     .needs = NEEDS_ENDPOINT | NEEDS_BYPASS_CONFIG)
{
    uint32_t domain = fixture_domain(test, 0);

    require_attach(test, 0, 0);
    require_ok(test, viommu_detach(domain, fixture_endpoint_id(test, 0)));
    expect_status(test, IOMMU_DETACH_P03,
                  viommu_attach(domain, fixture_endpoint_id(test, 0), VIRTIO_IOMMU_ATTACH_F_BYPASS),
                  VIRTIO_IOMMU_S_OK);
}

/* A device may invalidate its caches too late, which violates P01, or never, which violates D06. */
static bool expect_cut_off(struct test *test, struct dma_engine *engine, uint64_t address,
                           const struct target *target)
{
    target_poison(target);
    dma_write(engine, address, transfer_length(engine), transfer_timeout(engine, true));
    if (!target_is_touched(target))
        return expect_untouched(test, IOMMU_DETACH_D06, engine, address, target,
                                transfer_length(engine)) &&
               expect(test, IOMMU_DETACH_P01, true, "at once");
    arch_wait_ns(LATE_NS);
    return expect_write_denied(test, IOMMU_DETACH_D06, engine, address, target,
                               transfer_length(engine)) &&
           expect(test, IOMMU_DETACH_P01, false,
                  "%s: a write right after DETACH came back arrived, a later one did not",
                  engine->ops->name);
}

/* Right after DETACH comes back, and several times: caches are filled in between. */
TEST(cuts_every_mapping_off, .clauses = CLAUSES(IOMMU_DETACH_D06, IOMMU_DETACH_P01, IOMMU_MAP_P01),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP | NEEDS_BYPASS_CONFIG)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);
    uint64_t address = free_iova(test);

    prepare_engine(test, engine);
    viommu_set_bypass(fixture_iommu(test), 0);
    for (unsigned round = 0; round < 16; round++) {
        attach_engine(test, domain, engine);
        require_ok(test, viommu_map(domain, address, address + target.unit - 1,
                                    target_physical(&target), READ_WRITE));
        expect_write_lands(test, IOMMU_MAP_P01, engine, address, &target, 0,
                           transfer_length(engine));
        detach_engine(test, domain, engine);
        if (!expect_cut_off(test, engine, address, &target))
            return;
    }
}

/* The engine reports what it read through memory; without a domain only bypass reaches that. */
static void allow_bypass(struct test *test, struct dma_engine *engine)
{
    (void)engine;
    viommu_set_bypass(fixture_iommu(test), 1);
}

/* Reads apart from writes: caches may hold them apart. */
TEST(cuts_reads_off, .clauses = CLAUSES(IOMMU_DETACH_D06, IOMMU_MAP_P01),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP | NEEDS_BYPASS_CONFIG)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);
    uint64_t address = free_iova(test);

    prepare_engine(test, engine);
    for (unsigned round = 0; round < 4; round++) {
        viommu_set_bypass(fixture_iommu(test), 0);
        attach_engine(test, domain, engine);
        require_ok(test, viommu_map(domain, address, address + target.unit - 1,
                                    target_physical(&target), READ_WRITE));
        expect_read_sees(test, IOMMU_MAP_P01, engine, address, &target, 0, transfer_length(engine));
        detach_engine(test, domain, engine);
        if (!expect_read_denied(test, IOMMU_DETACH_D06, engine, address, &target,
                                transfer_length(engine), allow_bypass))
            return;
    }
}

#define LEAVING_CLAUSES CLAUSES(IOMMU_DETACH_P04, IOMMU_DETACH_D06, IOMMU_ATTACH_P03)
#define LEAVING_NEEDS   (NEEDS_TWO_ENGINES | NEEDS_MAP_UNMAP | NEEDS_BYPASS_CONFIG)

/* Engine 0 comes first and engine 1 joins it; engine `left` leaves. */
static void judge_leaving(struct test *test, unsigned left)
{
    struct dma_engine *stays = fixture_writer(test, !left), *leaves = fixture_writer(test, left);
    struct target target = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);
    uint64_t address = free_iova(test);

    for (unsigned i = 0; i < 2; i++)
        prepare_engine(test, fixture_writer(test, i));
    viommu_set_bypass(fixture_iommu(test), 0);
    attach_engine(test, domain, fixture_writer(test, 0));
    join_engine(test, domain, fixture_writer(test, 1));
    require_ok(test, viommu_map(domain, address, address + target.unit - 1,
                                target_physical(&target), READ_WRITE));
    expect_write_lands(test, IOMMU_ATTACH_P03, leaves, address, &target, 0, 512);
    require_ok(test, viommu_detach(domain, leaves->endpoint));
    expect_write_denied(test, IOMMU_DETACH_D06, leaves, address, &target, 512);
    expect_write_lands(test, IOMMU_DETACH_P04, stays, address, &target, 0, 512);
}

/*
 * DETACH of one endpoint ends the access of that one only. Catches a device that empties the
 * domain.
 */
TEST(other_members_keep_their_mappings, .clauses = LEAVING_CLAUSES, .needs = LEAVING_NEEDS)
{
    judge_leaving(test, 1);
}

/* Catches a device in which a domain and its mappings belong to the endpoint that made it. */
TEST(mappings_outlive_the_first_member, .clauses = LEAVING_CLAUSES, .needs = LEAVING_NEEDS)
{
    judge_leaving(test, 0);
}
