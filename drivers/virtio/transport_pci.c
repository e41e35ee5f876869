// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/virtio/transport_pci.h"

#include "arch/arch.h"

/* 4.1.4.3 Common configuration structure */
enum {
    DEVICE_FEATURE_SELECT = 0,
    DEVICE_FEATURE = 4,
    DRIVER_FEATURE_SELECT = 8,
    DRIVER_FEATURE = 12,
    CONFIG_MSIX_VECTOR = 16,
    NUM_QUEUES = 18,
    DEVICE_STATUS = 20,
    CONFIG_GENERATION = 21,
    QUEUE_SELECT = 22,
    QUEUE_SIZE = 24,
    QUEUE_MSIX_VECTOR = 26,
    QUEUE_ENABLE = 28,
    QUEUE_NOTIFY_OFF = 30,
    QUEUE_DESC = 32,
    QUEUE_DRIVER = 40,
    QUEUE_DEVICE = 48,
    QUEUE_NOTIF_CONFIG_DATA = 56,
    QUEUE_RESET = 58
};

static struct virtio_pci *pci_of(struct virtio_transport *transport)
{
    return (struct virtio_pci *)transport;
}

static volatile uint8_t *common_of(struct virtio_transport *transport)
{
    return pci_of(transport)->common;
}

/* 4.1.3.1: a 64-bit field is written as two 32-bit halves. */
static void write64(volatile uint8_t *address, uint64_t value)
{
    mmio_write32(address, (uint32_t)value);
    mmio_write32(address + 4, (uint32_t)(value >> 32));
}

static uint8_t status(struct virtio_transport *transport)
{
    return mmio_read8(common_of(transport) + DEVICE_STATUS);
}

static void set_status(struct virtio_transport *transport, uint8_t value)
{
    mmio_write8(common_of(transport) + DEVICE_STATUS, value);
}

static uint32_t device_features(struct virtio_transport *transport, uint32_t select)
{
    mmio_write32(common_of(transport) + DEVICE_FEATURE_SELECT, select);
    return mmio_read32(common_of(transport) + DEVICE_FEATURE);
}

static uint32_t driver_features(struct virtio_transport *transport, uint32_t select)
{
    mmio_write32(common_of(transport) + DRIVER_FEATURE_SELECT, select);
    return mmio_read32(common_of(transport) + DRIVER_FEATURE);
}

static void set_driver_features(struct virtio_transport *transport, uint32_t select, uint32_t bits)
{
    mmio_write32(common_of(transport) + DRIVER_FEATURE_SELECT, select);
    mmio_write32(common_of(transport) + DRIVER_FEATURE, bits);
}

static uint16_t queue_count(struct virtio_transport *transport)
{
    return mmio_read16(common_of(transport) + NUM_QUEUES);
}

static uint32_t generation(struct virtio_transport *transport)
{
    return mmio_read8(common_of(transport) + CONFIG_GENERATION);
}

static bool config_contains(const struct virtio_pci *device, uint32_t offset, unsigned width)
{
    uint32_t length = device->capabilities[VIRTIO_PCI_CAP_DEVICE_CFG].length;

    return device->device && offset < length && width <= length - offset;
}

static uint32_t config_read(struct virtio_transport *transport, uint32_t offset, unsigned width)
{
    struct virtio_pci *device = pci_of(transport);

    if (!config_contains(device, offset, width))
        return UINT32_MAX >> (32 - 8 * width);
    return mmio_read(device->device + offset, width);
}

static void config_write(struct virtio_transport *transport, uint32_t offset, unsigned width,
                         uint32_t value)
{
    struct virtio_pci *device = pci_of(transport);

    if (config_contains(device, offset, width))
        mmio_write(device->device + offset, width, value);
}

/* The queue registers of `queue`, which this selects. */
static volatile uint8_t *select_queue(struct virtio_transport *transport, uint16_t queue)
{
    mmio_write16(common_of(transport) + QUEUE_SELECT, queue);
    return common_of(transport);
}

static uint32_t queue_size(struct virtio_transport *transport, uint16_t queue)
{
    return mmio_read16(select_queue(transport, queue) + QUEUE_SIZE);
}

static uint16_t set_queue_size(struct virtio_transport *transport, uint16_t queue, uint16_t size)
{
    volatile uint8_t *common = select_queue(transport, queue);

    mmio_write16(common + QUEUE_SIZE, size);
    return mmio_read16(common + QUEUE_SIZE);
}

static void set_queue_rings(struct virtio_transport *transport, uint16_t queue, uint64_t desc,
                            uint64_t driver, uint64_t device)
{
    volatile uint8_t *common = select_queue(transport, queue);

    write64(common + QUEUE_DESC, desc);
    write64(common + QUEUE_DRIVER, driver);
    write64(common + QUEUE_DEVICE, device);
}

static bool queue_enabled(struct virtio_transport *transport, uint16_t queue)
{
    return mmio_read16(select_queue(transport, queue) + QUEUE_ENABLE) == 1;
}

static void enable_queue(struct virtio_transport *transport, uint16_t queue)
{
    mmio_write16(select_queue(transport, queue) + QUEUE_ENABLE, 1);
}

/* A field of the queue that is there with some features only; NULL: the structure is too short. */
static volatile uint8_t *later_field(struct virtio_transport *transport, uint16_t queue,
                                     uint32_t offset)
{
    uint32_t length = pci_of(transport)->capabilities[VIRTIO_PCI_CAP_COMMON_CFG].length;

    return length >= offset + 2 ? select_queue(transport, queue) + offset : NULL;
}

static void reset_queue(struct virtio_transport *transport, uint16_t queue)
{
    volatile uint8_t *field = later_field(transport, queue, QUEUE_RESET);

    if (field)
        mmio_write16(field, 1);
}

static uint32_t queue_reset(struct virtio_transport *transport, uint16_t queue)
{
    const volatile uint8_t *field = later_field(transport, queue, QUEUE_RESET);

    return field ? mmio_read16(field) : 0;
}

static uint16_t queue_notification(struct virtio_transport *transport, uint16_t queue)
{
    const volatile uint8_t *field = later_field(transport, queue, QUEUE_NOTIF_CONFIG_DATA);

    return field ? mmio_read16(field) : queue;
}

static volatile void *doorbell(struct virtio_transport *transport, uint16_t queue, unsigned width)
{
    struct virtio_pci *device = pci_of(transport);
    uint16_t index = mmio_read16(select_queue(transport, queue) + QUEUE_NOTIFY_OFF);
    uint64_t offset = (uint64_t)index * device->notify_off_multiplier;
    uint32_t length = device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG].length;

    return length >= width && offset <= length - width ? device->notify + offset : NULL;
}

static uint16_t set_queue_vector(struct virtio_transport *transport, uint16_t queue,
                                 uint16_t vector)
{
    volatile uint8_t *common = select_queue(transport, queue);

    mmio_write16(common + QUEUE_MSIX_VECTOR, vector);
    return mmio_read16(common + QUEUE_MSIX_VECTOR);
}

static uint16_t set_config_vector(struct virtio_transport *transport, uint16_t vector)
{
    mmio_write16(common_of(transport) + CONFIG_MSIX_VECTOR, vector);
    return mmio_read16(common_of(transport) + CONFIG_MSIX_VECTOR);
}

static uint8_t isr(struct virtio_transport *transport)
{
    return mmio_read8(pci_of(transport)->isr_status);
}

const struct virtio_transport_ops virtio_pci_ops = {
    .status = status,
    .set_status = set_status,
    .device_features = device_features,
    .driver_features = driver_features,
    .set_driver_features = set_driver_features,
    .queue_count = queue_count,
    .generation = generation,
    .config_read = config_read,
    .config_write = config_write,
    .queue_size = queue_size,
    .set_queue_size = set_queue_size,
    .set_queue_rings = set_queue_rings,
    .queue_enabled = queue_enabled,
    .enable_queue = enable_queue,
    .reset_queue = reset_queue,
    .queue_reset = queue_reset,
    .doorbell = doorbell,
    .queue_notification = queue_notification,
    .set_queue_vector = set_queue_vector,
    .set_config_vector = set_config_vector,
    .isr = isr,
};

uint16_t virtio_pci_queue_vector(const struct virtio_pci *device, uint16_t queue)
{
    mmio_write16(device->common + QUEUE_SELECT, queue);
    return mmio_read16(device->common + QUEUE_MSIX_VECTOR);
}
