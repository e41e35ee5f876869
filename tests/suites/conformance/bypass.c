// SPDX-License-Identifier: BSD-2-Clause
/* Bypass mode: virtio 1.4 sections 5.13.3, 5.13.4.2 and 5.13.6. */
#include "tests/framework/transfer.h"

#define SUITE "conformance.bypass"

#define NEEDS (NEEDS_DMA | NEEDS_BYPASS_CONFIG)

/* Twice each value, in turn: a byte that is stuck, or reads inverted, fails. */
TEST(byte_reads_back, .clauses = CLAUSES(IOMMU_CFG_P10), .needs = NEEDS_IOMMU | NEEDS_BYPASS_CONFIG)
{
    struct viommu *viommu = fixture_iommu(test);

    for (unsigned i = 0; i < 4; i++) {
        uint8_t value = i & 1;

        viommu_set_bypass(viommu, value);
        expect(test, IOMMU_CFG_P10, viommu_bypass(viommu) == value,
               "bypass reads %u after %u was written", viommu_bypass(viommu), value);
    }
}

/* A driver must not write them; the device must still never show anything but 0 or 1. */
TEST(byte_is_never_more_than_one, .clauses = CLAUSES(IOMMU_CFG_D06),
     .needs = NEEDS_IOMMU | NEEDS_BYPASS_CONFIG, .provokes = true)
{
    static const uint8_t values[] = {2, 0x80, 0xff, 0xfe};
    struct viommu *viommu = fixture_iommu(test);

    for (unsigned i = 0; i < sizeof(values); i++) {
        viommu_set_bypass(viommu, values[i]);
        expect(test, IOMMU_CFG_D06, viommu_bypass(viommu) <= 1,
               "bypass reads 0x%02x, expected 0 or 1", viommu_bypass(viommu));
    }
}

/*
 * Read in reset and again after negotiation: firmware sets the byte before an operating system
 * resets the device, and protection must not end there.
 */
TEST(byte_survives_a_device_reset, .clauses = CLAUSES(IOMMU_CFG_D04),
     .needs = NEEDS_IOMMU | NEEDS_BYPASS_CONFIG)
{
    struct viommu *viommu = fixture_iommu(test);

    for (uint8_t value = 0; value < 2; value++) {
        viommu_set_bypass(viommu, value);
        virtio_reset(viommu->transport);
        virtio_acknowledge(viommu->transport);
        expect(test, IOMMU_CFG_D04, viommu_bypass(viommu) == value,
               "bypass reads %u after a reset, %u was written before", viommu_bypass(viommu),
               value);
        fixture_restart(test, test->fixture->features);
        expect(test, IOMMU_CFG_D04, viommu_bypass(viommu) == value,
               "bypass reads %u after negotiation, %u was written before the reset",
               viommu_bypass(viommu), value);
    }
}

/* Identity means every offset: one that is not page aligned, and a second page. */
TEST(unattached_endpoint_reaches_memory, .clauses = CLAUSES(IOMMU_BYP_P01, IOMMU_BYP_P06),
     .needs = NEEDS)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 2);

    /* Engines that write random bytes load no content, so this is the first access of all. */
    for (unsigned i = 0; fixture_writer(test, i); i++)
        if (!fixture_writer(test, i)->content)
            expect_write_lands(test, IOMMU_BYP_P01, fixture_writer(test, i),
                               target_physical(&target), &target, 0, 512);
    prepare_engine(test, engine);
    expect_write_lands(test, IOMMU_BYP_P01, engine, target_physical(&target), &target, 0,
                       transfer_length(engine));
    expect_write_lands(test, IOMMU_BYP_P06, engine, target_physical(&target) + 100, &target, 100,
                       transfer_length(engine));
    expect_read_sees(test, IOMMU_BYP_P06, engine, target_physical(&target) + target.unit, &target,
                     target.unit, transfer_length(engine));
}

/* The engine reports what it read through memory, which bypass makes reachable again. */
static void allow(struct test *test, struct dma_engine *engine)
{
    (void)engine;
    viommu_set_bypass(fixture_iommu(test), 1);
}

/* Writes and reads are checked apart: a device may block one of them only. */
TEST(unattached_endpoint_is_blocked, .clauses = CLAUSES(IOMMU_OP_D06, IOMMU_CFG_P10),
     .needs = NEEDS)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);

    prepare_engine(test, engine);
    viommu_set_bypass(fixture_iommu(test), 0);
    expect_write_denied(test, IOMMU_OP_D06, engine, target_physical(&target), &target,
                        transfer_length(engine));
    expect_read_denied(test, IOMMU_OP_D06, engine, target_physical(&target), &target,
                       transfer_length(engine), allow);
    /* The switch takes effect in both directions, and nothing but the switch was in the way. */
    expect_write_lands(test, IOMMU_CFG_P10, engine, target_physical(&target), &target, 0,
                       transfer_length(engine));
}

/* An IOMMU may leave out one device of several. */
TEST(every_unattached_engine_is_blocked, .clauses = CLAUSES(IOMMU_OP_D06), .needs = NEEDS)
{
    struct target target = target_new(test, 1);

    for (unsigned i = 0; fixture_writer(test, i); i++)
        prepare_engine(test, fixture_writer(test, i));
    viommu_set_bypass(fixture_iommu(test), 0);
    for (unsigned i = 0; fixture_writer(test, i); i++)
        expect_write_denied(test, IOMMU_OP_D06, fixture_writer(test, i), target_physical(&target),
                            &target, 512);
}

/* With the byte at 1, so that a device that takes it for all endpoints is caught. */
TEST(attached_endpoint_does_not_bypass, .clauses = CLAUSES(IOMMU_BYP_P07),
     .needs = NEEDS | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test);

    prepare_engine(test, engine);
    attach_engine(test, fixture_domain(test, 0), engine);
    expect_write_denied(test, IOMMU_BYP_P07, engine, target_physical(&target), &target,
                        transfer_length(engine));
    require_ok(test, viommu_map(fixture_domain(test, 0), at, at + target.unit - 1,
                                target_physical(&target), READ_WRITE));
    expect_write_lands(test, IOMMU_BYP_P07, engine, at, &target, 0, transfer_length(engine));
}

/* With the byte at 0, so that nothing but the domain lets the transfers through. */
TEST(bypass_domain_translates_by_identity, .clauses = CLAUSES(IOMMU_BYP_P03, IOMMU_OP_D06),
     .needs = NEEDS)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);

    prepare_engine(test, engine);
    viommu_set_bypass(fixture_iommu(test), 0);
    require_ok(test, viommu_attach(domain, engine->endpoint, VIRTIO_IOMMU_ATTACH_F_BYPASS));
    expect_write_lands(test, IOMMU_BYP_P03, engine, target_physical(&target), &target, 0,
                       transfer_length(engine));
    expect_read_sees(test, IOMMU_BYP_P03, engine, target_physical(&target), &target, 0,
                     transfer_length(engine));
    require_ok(test, viommu_detach(domain, engine->endpoint));
    require_unattached(test, engine->endpoint);
    expect_write_denied(test, IOMMU_OP_D06, engine, target_physical(&target), &target,
                        transfer_length(engine));
}

/* The flag is of the domain, not of the endpoint that created it. */
TEST(bypass_domain_takes_every_endpoint, .clauses = CLAUSES(IOMMU_ATTACH_P06),
     .needs = NEEDS_TWO_ENGINES | NEEDS_BYPASS_CONFIG)
{
    struct target target = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);

    for (unsigned i = 0; i < 2; i++)
        prepare_engine(test, fixture_writer(test, i));
    viommu_set_bypass(fixture_iommu(test), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct viommu_request attach =
            viommu_attach(domain, fixture_writer(test, i)->endpoint, VIRTIO_IOMMU_ATTACH_F_BYPASS);

        if (submit(test, &attach).status != VIRTIO_IOMMU_S_OK)
            skip(test, "the device does not share a domain between endpoints");
    }
    for (unsigned i = 0; i < 2; i++)
        expect_write_lands(test, IOMMU_ATTACH_P06, fixture_writer(test, i),
                           target_physical(&target), &target, 0, 512);
}

/*
 * The address is mapped to another page than its own while attached: where the write lands shows
 * which of the two holds.
 */
TEST(detached_endpoint_bypasses_again, .clauses = CLAUSES(IOMMU_BYP_P08, IOMMU_MAP_P03),
     .needs = NEEDS | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target mapped = target_new(test, 1), identity = target_new(test, 1);
    uint32_t domain = fixture_domain(test, 0);
    uint64_t at = target_physical(&identity);

    prepare_engine(test, engine);
    attach_engine(test, domain, engine);
    require_ok(test,
               viommu_map(domain, at, at + mapped.unit - 1, target_physical(&mapped), READ_WRITE));
    expect_write_lands(test, IOMMU_MAP_P03, engine, at, &mapped, 0, transfer_length(engine));
    detach_engine(test, domain, engine);
    expect_write_lands(test, IOMMU_BYP_P08, engine, at, &identity, 0, transfer_length(engine));
}

/*
 * The byte decides wherever BYPASS_CONFIG is offered: in reset, and for a driver that does not
 * accept the feature and so cannot know of the byte.
 */
TEST(holds_without_the_feature_too, .clauses = CLAUSES(IOMMU_BYP_P02), .needs = NEEDS)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);

    prepare_engine(test, engine);
    viommu_set_bypass(fixture_iommu(test), 1);
    virtio_reset(fixture_iommu(test)->transport);
    expect_write_lands(test, IOMMU_BYP_P02, engine, target_physical(&target), &target, 0,
                       transfer_length(engine));
    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_IOMMU_F_BYPASS_CONFIG));
    expect_write_lands(test, IOMMU_BYP_P02, engine, target_physical(&target), &target, 0,
                       transfer_length(engine));
}

/* An engine of a device without BYPASS_CONFIG, which has no bypass byte. */
static struct dma_engine *engine_without_the_byte(struct test *test)
{
    struct dma_engine *engine = fixture_engine(test);

    if (viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_BYPASS_CONFIG))
        skip(test, "VIRTIO_IOMMU_F_BYPASS_CONFIG is offered");
    prepare_engine(test, engine);
    require_unattached(test, engine->endpoint);
    return engine;
}

static bool offers_old_bypass(struct test *test)
{
    return fixture_iommu(test)->offered >> VIRTIO_IOMMU_F_BYPASS & 1;
}

/* BYPASS offered and not accepted (P05), or not offered at all (P09): denied either way. */
TEST(without_any_feature_there_is_none, .clauses = CLAUSES(IOMMU_BYP_P05, IOMMU_BYP_P09),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = engine_without_the_byte(test);
    struct target target = target_new(test, 1);
    bool is_old = offers_old_bypass(test);

    waive(test, is_old ? IOMMU_BYP_P09 : IOMMU_BYP_P05,
          is_old ? "BYPASS is offered" : "BYPASS is not offered");
    expect_write_denied(test, is_old ? IOMMU_BYP_P05 : IOMMU_BYP_P09, engine,
                        target_physical(&target), &target, transfer_length(engine));
}

/* BYPASS is superseded by BYPASS_CONFIG; a device that offers it alone must still honour it. */
TEST(old_feature_lets_through, .clauses = CLAUSES(IOMMU_BYP_P04),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP)
{
    struct dma_engine *engine = engine_without_the_byte(test);
    struct target target = target_new(test, 1);

    if (!offers_old_bypass(test))
        skip(test, "VIRTIO_IOMMU_F_BYPASS is not offered");
    fixture_restart(test, test->fixture->features | VIRTIO_BIT(VIRTIO_IOMMU_F_BYPASS));
    expect_write_lands(test, IOMMU_BYP_P04, engine, target_physical(&target), &target, 0,
                       transfer_length(engine));
}
