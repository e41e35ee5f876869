// SPDX-License-Identifier: BSD-2-Clause
/* The IOMMU as a function of PCI: virtio 1.4 sections 4.1.2, 4.1.4.3 to 4.1.4.6 and 2.6.1. */
#include "lib/array/array.h"
#include "tests/framework/request.h"

#define SUITE "conformance.pci"

#define RING_RESET       VIRTIO_BIT(VIRTIO_F_RING_RESET)
#define SUBSYSTEM_ID     0x2e /* in configuration space */
#define MULTIPLIER       16   /* in the notify capability */
#define QUEUES           2
#define RESET_TIMEOUT_NS 1000000000ull
#define ANSWER_NS        1000000000ull
#define SILENCE_NS       10000000ull

/* 4.1.4.3: offsets in the common configuration. */
enum {
    DEVICE_FEATURE_SELECT = 0x00,
    DEVICE_FEATURE = 0x04,
    DRIVER_FEATURE_SELECT = 0x08,
    DRIVER_FEATURE = 0x0c,
    QUEUE_SELECT = 0x16,
    QUEUE_NOTIFY_OFF = 0x1e,
    QUEUE_RESET = 0x3a,
};

static const struct virtio_pci *device(struct test *test)
{
    return &test->fixture->iommu_device.pci;
}

static uint32_t feature_word(struct test *test, uint32_t select_at, uint32_t select)
{
    volatile uint8_t *common = device(test)->common;

    mmio_write32(common + select_at, select);
    return mmio_read32(common + select_at + 4);
}

static uint16_t read_of_queue(struct test *test, uint16_t queue, uint32_t offset)
{
    volatile uint8_t *common = device(test)->common;

    mmio_write16(common + QUEUE_SELECT, queue);
    return mmio_read16(common + offset);
}

/* Read without starting the device: a missing structure is why it would not start. */
TEST(every_structure_has_a_capability,
     .clauses = CLAUSES(PCI_COM_D02, PCI_NOT_D01, PCI_ISR_D01, PCI_DEVC_D01),
     .needs = NEEDS_PCI | NEEDS_NO_START)
{
    static const enum clause clauses[] = {[VIRTIO_PCI_CAP_COMMON_CFG] = PCI_COM_D02,
                                          [VIRTIO_PCI_CAP_NOTIFY_CFG] = PCI_NOT_D01,
                                          [VIRTIO_PCI_CAP_ISR_CFG] = PCI_ISR_D01,
                                          [VIRTIO_PCI_CAP_DEVICE_CFG] = PCI_DEVC_D01};

    for (unsigned type = VIRTIO_PCI_CAP_COMMON_CFG; type <= VIRTIO_PCI_CAP_DEVICE_CFG; type++)
        expect(test, clauses[type], device(test)->capabilities[type].position,
               "there is no capability of cfg_type %u", type);
}

/* Type 23 has no transitional device, so only the non-transitional ids are right. */
TEST(ids_of_a_modern_device, .clauses = CLAUSES(PCI_ID_D04, PCI_ID_D06),
     .needs = NEEDS_PCI | NEEDS_NO_START)
{
    const struct pci_function *function = device(test)->function;
    unsigned id = pci_read32(function, 0) >> 16;
    unsigned subsystem = pci_read32(function, SUBSYSTEM_ID & ~3u) >> 16;

    expect(test, PCI_ID_D04, id >= 0x1040 && id <= 0x107f,
           "device id is 0x%04x, expected 0x1040 to 0x107f", id);
    expect(test, PCI_ID_D06, subsystem >= 0x40,
           "subsystem device id is 0x%04x, expected at least 0x40", subsystem);
}

/* A doorbell outside of its structure is a write to something else. */
TEST(notifications_lie_inside_their_capability,
     .clauses = CLAUSES(PCI_NOT_D03, PCI_NOT_D04, PCI_NOT_D05), .needs = NEEDS_PCI | NEEDS_NO_START)
{
    const struct virtio_pci_capability *notify =
        &device(test)->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG];
    uint32_t length = notify->length, multiplier;

    if (!notify->position)
        skip(test, "there is no notify capability");
    multiplier = pci_read32(device(test)->function, notify->position + MULTIPLIER);

    expect(test, PCI_NOT_D03, !(multiplier & (multiplier - 1)) && multiplier != 1,
           "notify_off_multiplier is %u, expected 0 or an even power of 2", (unsigned)multiplier);
    expect(test, PCI_NOT_D04, length >= 2, "cap.length is %u, expected at least 2",
           (unsigned)length);
    if (!device(test)->common)
        skip(test, "the common configuration structure can't be reached");
    for (uint16_t queue = 0; queue < QUEUES; queue++) {
        uint64_t last = read_of_queue(test, queue, QUEUE_NOTIFY_OFF) * (uint64_t)multiplier + 2;

        expect(test, PCI_NOT_D05, length >= last,
               "cap.length is %u, expected at least %llu for queue %u", (unsigned)length,
               (unsigned long long)last, queue);
    }
}

/*
 * Several times in turn, and words that do not exist read 0: catches a selector that is masked or
 * ignored.
 */
TEST(features_by_word, .clauses = CLAUSES(PCI_COM_D03, PCI_COM_D04), .needs = NEEDS_PCI)
{
    static const uint32_t absent[] = {4, 0x80, UINT32_MAX};
    const struct viommu *viommu = fixture_iommu(test);

    for (unsigned round = 0; round < 4; round++) {
        unsigned select = round & 1;
        uint32_t offered = feature_word(test, DEVICE_FEATURE_SELECT, select);
        uint32_t accepted = feature_word(test, DRIVER_FEATURE_SELECT, select);

        expect(test, PCI_COM_D03, offered == (uint32_t)(viommu->offered >> 32 * select),
               "device_feature of word %u reads 0x%x, expected 0x%x", select, (unsigned)offered,
               (unsigned)(viommu->offered >> 32 * select));
        expect(test, PCI_COM_D04, accepted == (uint32_t)(viommu->features >> 32 * select),
               "driver_feature of word %u reads 0x%x, expected 0x%x", select, (unsigned)accepted,
               (unsigned)(viommu->features >> 32 * select));
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(absent); i++)
        expect(test, PCI_COM_D03, !feature_word(test, DEVICE_FEATURE_SELECT, absent[i]),
               "device_feature of word %u reads 0x%x, expected 0", (unsigned)absent[i],
               (unsigned)mmio_read32(device(test)->common + DEVICE_FEATURE));
}

static bool reset_queue(struct test *test, uint16_t queue)
{
    struct wait wait = arch_wait_begin(RESET_TIMEOUT_NS);

    mmio_write16(device(test)->common + QUEUE_SELECT, queue);
    mmio_write16(device(test)->common + QUEUE_RESET, 1);
    while (read_of_queue(test, queue, QUEUE_RESET))
        if (!arch_wait_goes_on(&wait))
            return false;
    return true;
}

/* Whether the queue, as it is, answers a request within `ns`. */
static bool is_answered(struct test *test, uint64_t ns)
{
    const struct viommu_request request = viommu_unmap(fixture_domain(test, 3), 0, 0xffff);

    publish(test, &request);
    virtq_notify(&fixture_iommu(test)->requests);
    return is_used(test, ns);
}

/*
 * The life of queue_reset as 4.1.4.3.1 has it: the event queue is not affected, nothing is executed
 * after it, and the queue works when it is enabled again.
 */
TEST(queue_reset,
     .clauses = CLAUSES(PCI_COM_D09, PCI_COM_D10, PCI_COM_D11, PCI_COM_D13, DEV_VQRST_D01,
                        DEV_VQRST_D03, DEV_VQRST_D04),
     .needs = NEEDS_PCI, .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    const uint16_t queue = VIRTIO_IOMMU_REQUESTQ;

    if (!(viommu->offered & RING_RESET))
        skip(test, "RING_RESET is not offered");
    fixture_negotiate(test, test->fixture->features | RING_RESET);
    expect(test, PCI_COM_D09, !read_of_queue(test, queue, QUEUE_RESET),
           "queue_reset is not 0 after a reset of the device");
    fixture_restart(test, test->fixture->features | RING_RESET);
    expect(test, PCI_COM_D10, !read_of_queue(test, queue, QUEUE_RESET),
           "queue_reset is not 0 after the queue was enabled");
    if (!is_answered(test, ANSWER_NS))
        error(test, "a request is not answered before the reset of its queue");
    expect(test, PCI_COM_D13,
           reset_queue(test, queue) && !transport->ops->queue_enabled(transport, queue),
           "queue_reset and queue_enable do not both read 0 after a second");
    expect(test, PCI_COM_D11, transport->ops->queue_enabled(transport, VIRTIO_IOMMU_EVENTQ),
           "the reset of the request queue took the event queue along");
    expect(test, DEV_VQRST_D01, !is_answered(test, SILENCE_NS),
           "a request is used after its queue was reset");

    enum virtio_result result =
        virtio_setup_queue(transport, queue, viommu->requests.size, viommu->features, viommu->pages,
                           &viommu->requests);

    require(test, DEV_VQRST_D03, result == VIRTIO_OK, "the queue can't be set up again: %s",
            virtio_result_text(result));
    for (unsigned i = 0; i < 3; i++)
        expect(test, DEV_VQRST_D04, is_answered(test, ANSWER_NS),
               "request %u after the queue was enabled again is not used in the new ring", i);
}
