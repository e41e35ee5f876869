// SPDX-License-Identifier: BSD-2-Clause
/* Where the structures of a function lie: virtio 1.4 section 4.1.4. */
#include "drivers/virtio/transport_pci.h"

#define COMMON_CFG_SIZE 56 /* what every device has of it */

/* How many bytes of each structure a driver needs. */
static const uint32_t sizes[VIRTIO_PCI_STRUCTURES] = {
    [VIRTIO_PCI_CAP_COMMON_CFG] = COMMON_CFG_SIZE,
    [VIRTIO_PCI_CAP_NOTIFY_CFG] = 2,
    [VIRTIO_PCI_CAP_ISR_CFG] = 1,
    [VIRTIO_PCI_CAP_DEVICE_CFG] = 1,
};

/* NULL: the structure is not inside a memory BAR, or too short. */
static volatile uint8_t *reach(const struct pci_function *function,
                               const struct virtio_pci_capability *capability, uint32_t size)
{
    uint64_t bar_size = function->bars[capability->bar].size;
    uint8_t *base = pci_map_bar(function, capability->bar);

    return base && capability->length >= size && capability->offset <= bar_size &&
                   capability->length <= bar_size - capability->offset
               ? base + capability->offset
               : NULL;
}

/*
 * 4.1.4.1: of several capabilities of one type the first counts that can be used, as a structure
 * may be there by I/O ports, too. Where none can be, the first one is kept, to be named.
 */
static void prefer(struct virtio_pci *device, unsigned type,
                   const struct virtio_pci_capability *capability)
{
    struct virtio_pci_capability *kept = &device->capabilities[type];

    if (!kept->position || (sizes[type] && !reach(device->function, kept, sizes[type]) &&
                            reach(device->function, capability, sizes[type])))
        *kept = *capability;
}

static void read_capabilities(struct virtio_pci *device, const struct sink *diagnostics)
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

        if (type == 0 || type >= VIRTIO_PCI_STRUCTURES)
            continue;
        if (capability.cap_len < 16 || capability.bar >= PCI_BARS)
            sink_printf(diagnostics,
                        "virtio-pci: capability at 0x%02x: cap_len %u, bar %u, expected at least "
                        "16 and at most 5",
                        position, capability.cap_len, capability.bar);
        else
            prefer(device, type, &capability);
    }
}

static volatile uint8_t *map_structure(const struct virtio_pci *device,
                                       enum virtio_pci_structure type,
                                       const struct sink *diagnostics)
{
    const struct virtio_pci_capability *capability = &device->capabilities[type];
    volatile uint8_t *structure;

    if (!capability->position) {
        sink_printf(diagnostics, "virtio-pci: no capability with cfg_type %d", type);
        return NULL;
    }
    structure = reach(device->function, capability, sizes[type]);
    if (!structure)
        sink_printf(
            diagnostics,
            "virtio-pci: capability at 0x%02x: cfg_type %d, offset 0x%x, length 0x%x, "
            "expected at least 0x%x bytes inside %s %u of 0x%llx bytes",
            capability->position, type, capability->offset, capability->length, sizes[type],
            device->function->bars[capability->bar].is_io ? "a memory BAR, not the I/O BAR" : "BAR",
            capability->bar, (unsigned long long)device->function->bars[capability->bar].size);
    return structure;
}

bool virtio_pci_open(const struct pci_function *function, struct virtio_pci *device,
                     const struct sink *diagnostics)
{
    *device = (struct virtio_pci){
        .transport = {.ops = &virtio_pci_ops, .name = "virtio-pci", .doorbell_width = 2},
        .function = function,
    };
    read_capabilities(device, diagnostics);
    device->common = map_structure(device, VIRTIO_PCI_CAP_COMMON_CFG, diagnostics);
    device->notify = map_structure(device, VIRTIO_PCI_CAP_NOTIFY_CFG, diagnostics);
    device->isr_status = map_structure(device, VIRTIO_PCI_CAP_ISR_CFG, diagnostics);
    if (device->capabilities[VIRTIO_PCI_CAP_DEVICE_CFG].position)
        device->device = map_structure(device, VIRTIO_PCI_CAP_DEVICE_CFG, diagnostics);
    if (!device->common || !device->notify || !device->isr_status)
        return false;
    device->notify_off_multiplier =
        pci_read32(function, device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG].position + 16u);
    pci_command(function, PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER, 0);
    return true;
}

/* Where the data of the window is, once it is set up. */
static uint16_t aim_window(const struct virtio_pci *device, enum virtio_pci_structure type,
                           uint32_t offset, unsigned width)
{
    const struct virtio_pci_capability *structure = &device->capabilities[type];
    const uint16_t window = device->capabilities[VIRTIO_PCI_CAP_PCI_CFG].position;

    pci_write8(device->function, (uint16_t)(window + 4u), structure->bar);
    pci_write32(device->function, (uint16_t)(window + 8u), structure->offset + offset);
    pci_write32(device->function, (uint16_t)(window + 12u), width);
    return (uint16_t)(window + 16u);
}

uint32_t virtio_pci_window_read(const struct virtio_pci *device, enum virtio_pci_structure type,
                                uint32_t offset, unsigned width)
{
    uint16_t data = aim_window(device, type, offset, width);

    switch (width) {
    case 1:
        return pci_read8(device->function, data);
    case 2:
        return pci_read16(device->function, data);
    default:
        return pci_read32(device->function, data);
    }
}

void virtio_pci_window_write(const struct virtio_pci *device, enum virtio_pci_structure type,
                             uint32_t offset, unsigned width, uint32_t value)
{
    uint16_t data = aim_window(device, type, offset, width);

    switch (width) {
    case 1:
        pci_write8(device->function, data, (uint8_t)value);
        break;
    case 2:
        pci_write16(device->function, data, (uint16_t)value);
        break;
    default:
        pci_write32(device->function, data, value);
    }
}
