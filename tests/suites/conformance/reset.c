// SPDX-License-Identifier: BSD-2-Clause
/* Reset and status: virtio 1.4 sections 2.1, 2.4, 3.1.1 and 5.13.5. */
#include "tests/framework/transfer.h"

#define SUITE "conformance.reset"

/* From DRIVER_OK and from ACKNOWLEDGE: a device may reset only what was started. */
TEST(status_returns_to_zero,
     .clauses = CLAUSES(DEV_RESET_D01, DEV_STAT_P01, PCI_COM_D07, MMIO_REG_P05),
     .needs = NEEDS_IOMMU)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;

    expect(test, DEV_RESET_D01, virtio_reset(transport) == VIRTIO_OK,
           "status does not read 0 after a reset");
    expect(test, DEV_STAT_P01, transport->ops->status(transport) == 0, "status reads 0x%x",
           transport->ops->status(transport));
    virtio_acknowledge(transport);
    expect(test, fixture_clause(test, PCI_COM_D07, MMIO_REG_P05),
           virtio_reset(transport) == VIRTIO_OK, "status does not read 0 after 0 was written");
}

/* Drivers read status back, to see whether FEATURES_OK was kept. */
TEST(status_bits_read_back, .clauses = CLAUSES(DEV_STAT_P02, DEV_INIT_P01), .needs = NEEDS_IOMMU)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    const uint8_t steps[] = {VIRTIO_STATUS_ACKNOWLEDGE,
                             VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER};

    virtio_reset(transport);
    for (unsigned i = 0; i < sizeof(steps); i++) {
        transport->ops->set_status(transport, steps[i]);
        expect(test, DEV_STAT_P02, transport->ops->status(transport) == steps[i],
               "status reads 0x%x after 0x%x was written", transport->ops->status(transport),
               steps[i]);
    }
    fixture_restart(test, test->fixture->features);
    expect(test, DEV_INIT_P01, transport->ops->status(transport) == 0xf,
           "status reads 0x%x after initialisation, expected 0xf",
           transport->ops->status(transport));
}

/* A queue that stays enabled uses memory that the next driver has given to something else. */
TEST(queues_are_disabled, .clauses = CLAUSES(PCI_COM_D08, MMIO_RST_D02), .needs = NEEDS_IOMMU)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;

    fixture_negotiate(test, test->fixture->features);
    for (uint16_t queue = 0; queue < 2; queue++)
        expect(test, fixture_clause(test, PCI_COM_D08, MMIO_RST_D02),
               !transport->ops->queue_enabled(transport, queue),
               "queue %u is enabled after a reset", queue);
}

/* MAP shows that the domain is gone; and when it is created again it is empty. */
TEST(endpoints_leave_their_domains, .clauses = CLAUSES(IOMMU_INIT_P01),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint64_t address = free_iova(test);
    uint32_t domain = fixture_domain(test, 0);
    struct viommu_request map =
        viommu_map(domain, address, address + viommu_granule(fixture_iommu(test)) - 1,
                   memory_unused(test, 0, 1), READ_WRITE);

    require_attach(test, 0, 0);
    require_ok(test, map);
    fixture_restart(test, test->fixture->features);
    expect_refused(test, IOMMU_INIT_P01, map);
    require_attach(test, 0, 0);
    expect_status(test, IOMMU_INIT_P01, map, VIRTIO_IOMMU_S_OK);
}

/* By DMA, with the bypass byte 0: neither the old mapping nor identity lets the write through. */
TEST(mappings_end_for_real, .clauses = CLAUSES(IOMMU_INIT_P01, IOMMU_OP_D06, IOMMU_MAP_P01),
     .needs = NEEDS_DMA | NEEDS_MAP_UNMAP | NEEDS_BYPASS_CONFIG)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test);

    prepare_engine(test, engine);
    attach_engine(test, fixture_domain(test, 0), engine);
    require_ok(test, viommu_map(fixture_domain(test, 0), at, at + target.unit - 1,
                                target_physical(&target), READ_WRITE));
    expect_write_lands(test, IOMMU_MAP_P01, engine, at, &target, 0, transfer_length(engine));
    viommu_set_bypass(fixture_iommu(test), 0);
    fixture_restart(test, test->fixture->features);
    expect_write_denied(test, IOMMU_INIT_P01, engine, at, &target, transfer_length(engine));
    expect_write_denied(test, IOMMU_OP_D06, engine, target_physical(&target), &target,
                        transfer_length(engine));
}

/*
 * That nothing is shown proves something only where something is; where it ought to be the tests of
 * interrupts say so.
 */
static bool shows_requests(struct test *test)
{
    return fixture_iommu(test)->transport->ops->isr(fixture_iommu(test)->transport) & 1;
}

/* A request is used; whether the interrupt status shows it. */
static bool shows_service(struct test *test)
{
    const struct viommu_request detach =
        viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));

    submit(test, &detach);
    return shows_requests(test);
}

#define NOTHING_SHOWN "the interrupt status has no bit 0 after a request, either"

/*
 * A request in the rings that were in use before the reset, with a notification: a device that
 * keeps their addresses uses it. Without EVENT_IDX, so that it would notify, too.
 */
TEST(old_rings_are_left_alone, .clauses = CLAUSES(DEV_RESET_D02, DEV_RESET_D03),
     .needs = NEEDS_ENDPOINT, .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    struct virtq_used_element used;
    bool is_shown;

    /* Without EVENT_IDX every used buffer is notified. */
    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    is_shown = shows_service(test);
    virtio_reset(viommu->transport);
    fixture_remember(test, &attach, VIRTIO_IOMMU_S_OK);
    publish(test, &attach);
    virtq_notify(&viommu->requests);
    arch_wait_ns(10000000);
    expect(test, DEV_RESET_D03, virtq_pop(&viommu->requests, &used) == VIRTQ_EMPTY,
           "the device used a buffer while its status reads 0");

    uint8_t isr = viommu->transport->ops->isr(viommu->transport);

    if (is_shown || isr)
        expect(test, DEV_RESET_D02, !isr, "the interrupt status reads 0x%x while status reads 0",
               isr);
    else
        waive(test, DEV_RESET_D02, NOTHING_SHOWN);
}

/* Everything but DRIVER_OK is done. The same request must be answered once it is set. */
TEST(nothing_is_used_before_driver_ok, .clauses = CLAUSES(DEV_STAT_D01, DEV_STAT_D02, IOMMU_OP_P01),
     .needs = NEEDS_ENDPOINT)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    const uint64_t features = test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX);
    struct virtq_used_element used;
    uint16_t head;

    if (viommu_prepare(viommu, features, 64))
        error(test, "the queues can't be set up");
    fixture_remember(test, &attach, VIRTIO_IOMMU_S_OK);
    publish(test, &attach);
    arch_wait_ns(10000000);
    expect(test, DEV_STAT_D01, virtq_pop(&viommu->requests, &used) == VIRTQ_EMPTY,
           "the device used a buffer before DRIVER_OK");

    uint8_t isr = transport->ops->isr(transport);

    viommu_go(viommu);
    virtq_notify(&viommu->requests);

    struct viommu_reply reply = viommu_collect(viommu, &head);

    expect(test, IOMMU_OP_P01, reply.outcome == VIOMMU_ANSWERED,
           "a request made available before DRIVER_OK is not answered after it");
    if (shows_requests(test) || isr & 1)
        expect(test, DEV_STAT_D02, !(isr & 1), "the interrupt status reads 0x%x before DRIVER_OK",
               isr);
    else
        waive(test, DEV_STAT_D02, NOTHING_SHOWN);
}

/*
 * An avail index that is further ahead than the queue has entries, which is invalid. A device may
 * ignore it; if it sets NEEDS_RESET, it must notify, and nothing else has happened.
 */
TEST(needs_reset_is_announced, .clauses = CLAUSES(DEV_STAT_D04, PCI_ISR_D02, MMIO_INT_D02),
     .needs = NEEDS_ENDPOINT, .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    struct wait wait;
    uint8_t isr;

    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_RING_PACKED));
    transport->ops->isr(transport);
    viommu->requests.avail_index += (uint16_t)(3 * viommu->requests.size);
    virtq_publish(&viommu->requests);
    virtq_notify(&viommu->requests);
    wait = arch_wait_begin(100000000);
    while (!viommu_needs_reset(viommu) && arch_wait_goes_on(&wait))
        ;
    if (!viommu_needs_reset(viommu))
        skip(test, "the device does not say NEEDS_RESET of an available index that can't be right");
    isr = transport->ops->isr(transport);
    expect(test, DEV_STAT_D04, isr & 2,
           "the interrupt status reads 0x%x after NEEDS_RESET was set, expected bit 1", isr);
    /* Of PCI's bit nothing says that it must not be set without a reason. */
    (fixture_clause(test, PCI_ISR_D02, MMIO_INT_D02) == PCI_ISR_D02 ? expect_should : expect)(
        test, fixture_clause(test, PCI_ISR_D02, MMIO_INT_D02), !(isr & ~2),
        "the interrupt status reads 0x%x, expected bit 1 alone: nothing was used", isr);
}

/*
 * Resources that a reset does not give back run out. The same features must be accepted each time.
 * Every start takes about forty registers, an access to each of which may cost what a request does.
 */
TEST(hundred_times, .clauses = CLAUSES(DEV_FEAT_D05, DEV_INIT_P01), .needs = NEEDS_ENDPOINT,
     .requests = 4000)
{
    for (unsigned i = 0; i < 100; i++) {
        enum virtio_result result = viommu_start(fixture_iommu(test), test->fixture->features);

        require(test, result == VIRTIO_FEATURES_REFUSED ? DEV_FEAT_D05 : DEV_INIT_P01, !result,
                "time %u: %s", i, virtio_result_text(result));
        expect_status(test, DEV_FEAT_D05,
                      viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0),
                      VIRTIO_IOMMU_S_OK);
    }
}
