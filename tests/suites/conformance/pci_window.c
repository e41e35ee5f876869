// SPDX-License-Identifier: BSD-2-Clause
/* The window that configuration space has into the BARs: virtio 1.4 section 4.1.4.9. */
#include "lib/array/array.h"
#include "tests/framework/request.h"

#define SUITE "conformance.pci_window"
#define NEEDS NEEDS_PCI

/* Of the capability. */
enum { BAR = 4, OFFSET = 8, LENGTH = 12 };

/* 4.1.4.3: of the common configuration. */
enum { DRIVER_FEATURE_SELECT = 0x08, DEVICE_STATUS = 0x14, QUEUE_SELECT = 0x16, NOTIFY_OFF = 0x1e };

static const struct virtio_pci *device_with_window(struct test *test)
{
    const struct virtio_pci *device = &test->fixture->iommu_device.pci;

    if (!device->capabilities[VIRTIO_PCI_CAP_PCI_CFG].position)
        skip(test, "there is no PCI_CFG capability");
    return device;
}

/*
 * Every width: catches a window that takes 4 bytes whatever its length is. The head of the
 * capability is read-only.
 */
TEST(registers_read_back, .clauses = CLAUSES(PCI_CFGW_P01), .needs = NEEDS)
{
    static const uint32_t offsets[] = {0, 4, 0x14, 0x3c};
    const struct virtio_pci *device = device_with_window(test);
    const struct pci_function *function = device->function;
    const uint8_t window = device->capabilities[VIRTIO_PCI_CAP_PCI_CFG].position;
    const uint8_t bar = device->capabilities[VIRTIO_PCI_CAP_COMMON_CFG].bar;
    const uint32_t head = pci_read32(function, window);

    for (unsigned i = 0; i < ARRAY_LENGTH(offsets); i++)
        for (unsigned length = 1; length <= 4; length *= 2) {
            pci_write8(function, window + BAR, bar);
            pci_write32(function, window + OFFSET, offsets[i]);
            pci_write32(function, window + LENGTH, length);

            uint8_t bar_is = pci_read8(function, window + BAR);
            uint32_t offset_is = pci_read32(function, window + OFFSET);
            uint32_t length_is = pci_read32(function, window + LENGTH);

            expect(test, PCI_CFGW_P01,
                   bar_is == bar && offset_is == offsets[i] && length_is == length,
                   "bar %u, offset 0x%x, length %u read back as %u, 0x%x, %u", bar,
                   (unsigned)offsets[i], length, bar_is, (unsigned)offset_is, (unsigned)length_is);
        }
    pci_write32(function, window, ~head);
    expect(test, PCI_CFGW_P01, pci_read32(function, window) == head,
           "the head of the capability reads 0x%x after a write, expected 0x%x",
           (unsigned)pci_read32(function, window), (unsigned)head);
}

/* Written through the window, read through the BAR. */
static void write_common(struct test *test, uint32_t offset, unsigned width, uint32_t value)
{
    const struct virtio_pci *device = &test->fixture->iommu_device.pci;
    uint32_t seen;

    virtio_pci_window_write(device, VIRTIO_PCI_CAP_COMMON_CFG, offset, width, value);
    seen = width == 1   ? mmio_read8(device->common + offset)
           : width == 2 ? mmio_read16(device->common + offset)
                        : mmio_read32(device->common + offset);
    expect(
        test, PCI_CFGW_D02, seen == value,
        "offset 0x%x of the common configuration reads 0x%x after 0x%x was written with %u bytes "
        "through PCI_CFG",
        (unsigned)offset, (unsigned)seen, (unsigned)value, width);
}

/* Fields of 1, 2 and 4 bytes, with different values in turn, so that none passes by accident. */
TEST(writes_reach_the_common_configuration, .clauses = CLAUSES(PCI_CFGW_D02), .needs = NEEDS)
{
    device_with_window(test);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned value = 0; value < 2; value++) {
            write_common(test, DRIVER_FEATURE_SELECT, 4, value);
            write_common(test, QUEUE_SELECT, 2, value);
        }
    virtio_reset(fixture_iommu(test)->transport);
    write_common(test, DEVICE_STATUS, 1, VIRTIO_STATUS_ACKNOWLEDGE);
    write_common(test, DEVICE_STATUS, 1, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
}

/* A driver that cannot map BARs must be able to work: the only kick goes through the window. */
TEST(notification_through_the_window, .clauses = CLAUSES(PCI_CFGW_D02),
     .needs = NEEDS_ENDPOINT | NEEDS)
{
    const struct virtio_pci *device = device_with_window(test);
    struct viommu *viommu = fixture_iommu(test);
    struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    const struct virtq *queue = &viommu->requests;
    uint16_t head;

    if (queue->notification_data)
        skip(test, "a notification says more than which queue");
    mmio_write16(device->common + QUEUE_SELECT, VIRTIO_IOMMU_REQUESTQ);

    uint32_t offset = mmio_read16(device->common + NOTIFY_OFF) * device->notify_off_multiplier;

    fixture_remember(test, &attach, VIRTIO_IOMMU_S_OK);
    publish(test, &attach);
    virtio_pci_window_write(device, VIRTIO_PCI_CAP_NOTIFY_CFG, offset, queue->doorbell_width,
                            queue->doorbell_value);
    expect(test, PCI_CFGW_D02, viommu_collect(viommu, &head).outcome == VIOMMU_ANSWERED,
           "a request is not answered whose notification went through PCI_CFG");
}
