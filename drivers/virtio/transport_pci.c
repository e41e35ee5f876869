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
    COMMON_CFG_SIZE = 56
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
    switch (width) {
    case 1:
        return mmio_read8(device->device + offset);
    case 2:
        return mmio_read16(device->device + offset);
    default:
        return mmio_read32(device->device + offset);
    }
}

static void config_write(struct virtio_transport *transport, uint32_t offset, unsigned width,
                         uint32_t value)
{
    struct virtio_pci *device = pci_of(transport);

    if (!config_contains(device, offset, width))
        return;
    switch (width) {
    case 1:
        mmio_write8(device->device + offset, (uint8_t)value);
        break;
    case 2:
        mmio_write16(device->device + offset, (uint16_t)value);
        break;
    default:
        mmio_write32(device->device + offset, value);
    }
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

static volatile void *doorbell(struct virtio_transport *transport, uint16_t queue)
{
    struct virtio_pci *device = pci_of(transport);
    uint16_t index = mmio_read16(select_queue(transport, queue) + QUEUE_NOTIFY_OFF);
    uint64_t offset = (uint64_t)index * device->notify_off_multiplier;
    uint32_t length = device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG].length;

    return length >= 2 && offset <= length - 2 ? device->notify + offset : NULL;
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

static const struct virtio_transport_ops ops = {
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
    .doorbell = doorbell,
    .set_queue_vector = set_queue_vector,
    .set_config_vector = set_config_vector,
    .isr = isr,
};

/* 4.1.4: of several capabilities of one type the first that makes sense is the preferred one. */
static void read_capabilities(struct virtio_pci *device, const struct sink *complaints)
{
    const struct pci_function *function = device->function;
    uint8_t position = 0;

    /* Each takes 16 bytes of 192: a longer list leads back to where it was. */
    for (unsigned seen = 0;
         seen < 12 && (position = pci_find_capability(function, PCI_CAPABILITY_VENDOR, position));
         seen++) {
        uint8_t type = pci_read8(function, position + 3u);
        struct virtio_pci_capability capability = {
            .position = position,
            .cap_len = pci_read8(function, position + 2u),
            .bar = pci_read8(function, position + 4u),
            .offset = pci_read32(function, position + 8u),
            .length = pci_read32(function, position + 12u),
        };

        if (type == 0 || type >= VIRTIO_PCI_STRUCTURES || device->capabilities[type].position)
            continue;
        if (capability.cap_len < 16 || capability.bar >= PCI_BARS) {
            sink_printf(complaints,
                        "virtio-pci: capability at 0x%02x: cap_len %u, bar %u, expected at least "
                        "16 and at most 5",
                        position, capability.cap_len, capability.bar);
            continue;
        }
        device->capabilities[type] = capability;
    }
}

static volatile uint8_t *map_structure(const struct virtio_pci *device,
                                       enum virtio_pci_structure type, uint32_t size,
                                       const struct sink *complaints)
{
    const struct virtio_pci_capability *capability = &device->capabilities[type];

    if (!capability->position) {
        sink_printf(complaints, "virtio-pci: no capability with cfg_type %d", type);
        return NULL;
    }
    uint64_t bar_size = device->function->bars[capability->bar].size;
    uint8_t *base = pci_map_bar(device->function, capability->bar);

    if (base && capability->length >= size && capability->offset <= bar_size &&
        capability->length <= bar_size - capability->offset)
        return base + capability->offset;
    sink_printf(complaints,
                "virtio-pci: capability at 0x%02x: cfg_type %d, offset 0x%x, length 0x%x, expected "
                "at least 0x%x bytes inside BAR %u of 0x%llx bytes",
                capability->position, type, capability->offset, capability->length, size,
                capability->bar, (unsigned long long)bar_size);
    return NULL;
}

bool virtio_pci_open(const struct pci_function *function, struct virtio_pci *device,
                     const struct sink *complaints)
{
    *device = (struct virtio_pci){
        .transport = {.ops = &ops, .name = "virtio-pci", .doorbell_width = 2},
        .function = function,
    };
    read_capabilities(device, complaints);
    device->common = map_structure(device, VIRTIO_PCI_CAP_COMMON_CFG, COMMON_CFG_SIZE, complaints);
    device->notify = map_structure(device, VIRTIO_PCI_CAP_NOTIFY_CFG, 2, complaints);
    device->isr_status = map_structure(device, VIRTIO_PCI_CAP_ISR_CFG, 1, complaints);
    if (device->capabilities[VIRTIO_PCI_CAP_DEVICE_CFG].position)
        device->device = map_structure(device, VIRTIO_PCI_CAP_DEVICE_CFG, 1, complaints);
    if (!device->common || !device->notify || !device->isr_status)
        return false;
    device->notify_off_multiplier =
        pci_read32(function, device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG].position + 16u);
    pci_command(function, PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER, 0);
    return true;
}

uint16_t virtio_pci_queue_vector(const struct virtio_pci *device, uint16_t queue)
{
    mmio_write16(device->common + QUEUE_SELECT, queue);
    return mmio_read16(device->common + QUEUE_MSIX_VECTOR);
}

uint32_t virtio_pci_window_read(const struct virtio_pci *device, enum virtio_pci_structure type,
                                uint32_t offset, unsigned width)
{
    const struct virtio_pci_capability *structure = &device->capabilities[type];
    const uint16_t window = device->capabilities[VIRTIO_PCI_CAP_PCI_CFG].position;
    uint16_t data = (uint16_t)(window + 16u);

    pci_write8(device->function, (uint16_t)(window + 4u), structure->bar);
    pci_write32(device->function, (uint16_t)(window + 8u), structure->offset + offset);
    pci_write32(device->function, (uint16_t)(window + 12u), width);
    switch (width) {
    case 1:
        return pci_read8(device->function, data);
    case 2:
        return pci_read16(device->function, data);
    default:
        return pci_read32(device->function, data);
    }
}
