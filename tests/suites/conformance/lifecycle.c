// SPDX-License-Identifier: BSD-2-Clause
/*
 * What happens to a device at odd times of its life: virtio 1.4 sections 2.1.2, 2.4, 2.5, 3.1.1 and
 * 5.13.5. Nothing here needs an answer that a driver could not wait for.
 */
#include "drivers/viommu/event.h"
#include "tests/framework/report.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.lifecycle"

#define WAIT_NS    20000000ull
#define HANG_S     6  /* after which a VMM is taken for hung: it has 2 s to answer */
#define LOOKS      64 /* at the generation */
#define QUEUES     2
#define SMALL_SIZE 16

/* An access that is denied while the driver has not said DRIVER_OK: the report has to wait. */
TEST(faults_before_driver_ok_are_not_reported,
     .clauses = CLAUSES(DEV_STAT_D01, DEV_STAT_D02, IOMMU_OP_D06),
     .needs = NEEDS_DMA | NEEDS_BYPASS_CONFIG)
{
    struct viommu *viommu = fixture_iommu(test);
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    struct virtq_used_element used;

    prepare_engine(test, engine);
    viommu_set_bypass(viommu, 0);
    if (viommu_prepare(viommu, test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX),
                       SMALL_SIZE))
        error(test, "the queues can't be set up");
    viommu->transport->ops->isr(viommu->transport);
    expect_write_denied(test, IOMMU_OP_D06, engine, target_physical(&target), &target,
                        transfer_length(engine));
    arch_wait_ns(WAIT_NS);
    expect(test, DEV_STAT_D01, virtq_pop(&viommu->events, &used) == VIRTQ_EMPTY,
           "the device used a buffer of the event queue before DRIVER_OK");

    uint8_t isr = viommu->transport->ops->isr(viommu->transport);

    expect(test, DEV_STAT_D02, !(isr & 1), "the interrupt status reads 0x%x before DRIVER_OK", isr);
}

/*
 * What a driver must not send, and then what every driver sends to be rid of it. A VMM that looks for
 * the end of what ends before it begins is busy for good: there is no answer.
 */
TEST(inverted_map_can_be_unmapped, .clauses = CLAUSES(IOMMU_OP_P01),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    const struct viommu *viommu = fixture_iommu(test);
    bool ranged = viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE);
    uint64_t at = free_iova(test), granule = viommu_granule(viommu);
    uint64_t first = ranged ? viommu->config.input_range.start : 0;
    uint64_t last = ranged ? viommu->config.input_range.end : UINT64_MAX;
    uint32_t domain = fixture_domain(test, 0);
    struct viommu_request inverted =
        viommu_map(domain, at + 4 * granule, at + granule - 1, 0x200000, READ_WRITE);
    struct viommu_request all = viommu_unmap(domain, first, last);

    require_attach(test, 0, 0);
    require_ok(test, viommu_map(domain, at + 8 * granule, at + 9 * granule - 1, at, READ_WRITE));
    submit(test, &inverted);
    report_may_hang(HANG_S);
    submit(test, &all);
    require_ok(test, viommu_detach(domain, fixture_endpoint_id(test, 0)));
    require_attach(test, 0, 0);
    expect_status(test, IOMMU_OP_P01, viommu_map(domain, at, at + 8 * granule - 1, at, READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
}

/* The same for the transport of the IOMMU. */
static enum clause generation_clause(struct test *test)
{
    return fixture_clause(test, PCI_COM_D06, MMIO_CFG_D01);
}

/*
 * Without a change of the configuration: a driver that reads it until two generations are the same
 * would never end.
 */
TEST(generation_stays_without_a_change, .clauses = CLAUSES(PCI_COM_D06, MMIO_CFG_D01),
     .needs = NEEDS_ENDPOINT)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    uint32_t before = transport->ops->generation(transport), changes = 0;

    for (unsigned i = 0; i < LOOKS; i++) {
        uint32_t now;

        transport->ops->config_read(transport, 4 * (i % 9), 4);
        if (i == LOOKS / 2)
            require_attach(test, 0, 0);
        now = transport->ops->generation(transport);
        changes += now != before;
        before = now;
    }
    expect_should(test, generation_clause(test), changes <= 1,
                  "the generation changed %u times in %u looks, and the configuration did not",
                  (unsigned)changes, LOOKS);
}

/* 4.1.4.3, 4.2.2: after a reset a queue has the size again that the device can have at most. */
TEST(reset_gives_queue_sizes_back, .clauses = CLAUSES(PCI_COM_P01, MMIO_REG_P03),
     .needs = NEEDS_IOMMU)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    uint32_t sizes[QUEUES];

    fixture_negotiate(test, test->fixture->features);
    for (uint16_t queue = 0; queue < QUEUES; queue++)
        sizes[queue] = transport->ops->queue_size(transport, queue);
    if (viommu_prepare(viommu, test->fixture->features, SMALL_SIZE))
        error(test, "the queues can't be set up");
    viommu_go(viommu);
    fixture_negotiate(test, test->fixture->features);
    for (uint16_t queue = 0; queue < QUEUES; queue++) {
        uint32_t size = transport->ops->queue_size(transport, queue);

        expect(test, fixture_clause(test, PCI_COM_P01, MMIO_REG_P03), size == sizes[queue],
               "queue %u has %u entries after a reset, %u before it was made smaller",
               (unsigned)queue, (unsigned)size, (unsigned)sizes[queue]);
    }
}
