// SPDX-License-Identifier: BSD-2-Clause
/* What a notification of the driver's carries: virtio 1.4 sections 2.9 and 4.1.4.4. */
#include "tests/framework/request.h"

#define SUITE "conformance.notification"

#define BIT(name) VIRTIO_BIT(VIRTIO_F_##name)

#define QUIET_NS 500000ull

/* Requests one by one and many at once, with each format of rings that the device has. */
static void expect_service(struct test *test, enum clause clause, uint64_t more)
{
    enum { BATCH = 100, ROUNDS = 5 };
    struct viommu_request requests[BATCH];
    struct viommu_reply replies[BATCH];
    const uint64_t features = (test->fixture->features & ~BIT(RING_PACKED)) | more;

    for (unsigned i = 0; i < BATCH; i++)
        requests[i] = viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));
    for (unsigned packed = 0; packed <= test->fixture->has_packed_rings; packed++) {
        fixture_restart(test, features | (packed ? BIT(RING_PACKED) : 0));
        for (unsigned i = 1; i <= ROUNDS * BATCH; i += i % BATCH ? 1 : BATCH - 1) {
            unsigned count = i <= BATCH ? 1 : BATCH;

            require(test, clause,
                    viommu_submit_batch(fixture_iommu(test), requests, count, replies) == count,
                    "after %u requests in a %s ring: %u more do not come back", i,
                    packed ? "packed" : "split", count);
        }
    }
}

TEST(names_the_queue, .clauses = CLAUSES(DEV_NOTIF_P01), .needs = NEEDS_IOMMU)
{
    uint64_t offered = fixture_iommu(test)->offered;

    expect_service(test, DEV_NOTIF_P01, 0);
    if (offered & BIT(NOTIF_CONFIG_DATA))
        expect_service(test, DEV_NOTIF_P01, BIT(NOTIF_CONFIG_DATA));
}

TEST(tells_where_the_ring_is, .clauses = CLAUSES(DEV_NOTIF_P02), .needs = NEEDS_IOMMU)
{
    uint64_t offered = fixture_iommu(test)->offered;

    if (!(offered & BIT(NOTIFICATION_DATA)))
        skip(test, "NOTIFICATION_DATA is not offered");
    expect_service(test, DEV_NOTIF_P02, BIT(NOTIFICATION_DATA));
    if (offered & BIT(NOTIF_CONFIG_DATA))
        expect_service(test, DEV_NOTIF_P02, BIT(NOTIFICATION_DATA) | BIT(NOTIF_CONFIG_DATA));
}

TEST(may_be_repeated, .clauses = CLAUSES(DEV_NOTIF_P02), .needs = NEEDS_IOMMU)
{
    struct viommu *viommu = fixture_iommu(test);
    const struct viommu_request request =
        viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));

    if (!(viommu->offered & BIT(NOTIFICATION_DATA)))
        skip(test, "NOTIFICATION_DATA is not offered");
    for (unsigned packed = 0; packed <= test->fixture->has_packed_rings; packed++) {
        fixture_restart(test, (test->fixture->features & ~BIT(RING_PACKED)) |
                                  BIT(NOTIFICATION_DATA) | (packed ? BIT(RING_PACKED) : 0));
        for (unsigned i = 0; i < 10; i++) {
            struct virtq_used_element used;

            submit(test, &request);
            for (unsigned k = 0; k < 3; k++)
                virtq_notify(&viommu->requests);
            arch_wait_ns(QUIET_NS);
            expect(test, DEV_NOTIF_P02, virtq_pop(&viommu->requests, &used) == VIRTQ_EMPTY,
                   "a notification that was repeated has a request used twice");
            require(test, DEV_NOTIF_P02, !viommu_needs_reset(viommu),
                    "the device asks for a reset after a notification that was repeated");
        }
    }
}

/* 4.1.4.4.1; without the feature conformance.pci and discovery.pci have it. */
TEST(doorbells_have_room_for_data,
     .clauses = CLAUSES(PCI_NOT_D06, PCI_NOT_D07, PCI_NOT_D08, PCI_NOT_D09),
     .needs = NEEDS_PCI | NEEDS_NO_START)
{
    struct virtio_pci *device = &test->fixture->iommu_device.pci;
    const struct virtio_pci_capability *notify = &device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG];
    uint32_t multiplier = device->notify_off_multiplier;

    if (!device->common || !device->notify)
        skip(test, "the structures of the device can't be reached");
    if (!(test->fixture->iommu.offered & BIT(NOTIFICATION_DATA)))
        skip(test, "NOTIFICATION_DATA is not offered");
    expect(test, PCI_NOT_D06, !(multiplier & (multiplier - 1)) && multiplier % 4 == 0,
           "notify_off_multiplier is %u, expected 0 or a power of 2 from 4 on",
           (unsigned)multiplier);
    expect(test, PCI_NOT_D07, notify->offset % 4 == 0,
           "the notify structure is at offset 0x%x, expected a multiple of 4",
           (unsigned)notify->offset);
    expect(test, PCI_NOT_D08, notify->length >= 4, "cap.length is %u, expected at least 4",
           (unsigned)notify->length);
    for (uint16_t queue = 0; queue < 2; queue++)
        expect(test, PCI_NOT_D09, device->transport.ops->doorbell(&device->transport, queue, 4),
               "cap.length is %u, and there are no 4 bytes for queue %u", (unsigned)notify->length,
               queue);
}
