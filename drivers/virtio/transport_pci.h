/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio over PCI, modern interface only: virtio 1.4 section 4.1. */
#pragma once

#include "drivers/pci/msi.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/transport.h"
#include "lib/text/sink.h"

#define VIRTIO_PCI_VENDOR       0x1af4
#define VIRTIO_PCI_DEVICE(type) (0x1040 + (type))

/* 4.1.4 Virtio structure PCI capabilities: cfg_type */
enum virtio_pci_structure {
    VIRTIO_PCI_CAP_COMMON_CFG = 1,
    VIRTIO_PCI_CAP_NOTIFY_CFG = 2,
    VIRTIO_PCI_CAP_ISR_CFG = 3,
    VIRTIO_PCI_CAP_DEVICE_CFG = 4,
    VIRTIO_PCI_CAP_PCI_CFG = 5,
    VIRTIO_PCI_STRUCTURES
};

/* One such capability, as read; offset 0 in configuration space: absent. */
struct virtio_pci_capability {
    uint8_t position; /* in configuration space */
    uint8_t cap_len, bar;
    uint32_t offset, length;
};

struct virtio_pci {
    struct virtio_transport transport;
    const struct pci_function *function;
    struct virtio_pci_capability capabilities[VIRTIO_PCI_STRUCTURES];
    volatile uint8_t *common, *notify, *isr_status, *device;
    uint32_t notify_off_multiplier;
};

/* The registers of the common configuration structure, and the doorbells. */
extern const struct virtio_transport_ops virtio_pci_ops;

/*
 * Finds and maps the structures of a function; false, with the offending field said, when a
 * required one is missing or is outside its BAR. The device is not touched beyond configuration
 * space.
 */
bool virtio_pci_open(const struct pci_function *function, struct virtio_pci *device,
                     const struct sink *diagnostics);

/*
 * One access of 1, 2 or 4 bytes to a structure through the window that configuration space has for
 * it (4.1.4.9), which the caller knows to be there.
 */
uint32_t virtio_pci_window_read(const struct virtio_pci *device, enum virtio_pci_structure type,
                                uint32_t offset, unsigned width);
void virtio_pci_window_write(const struct virtio_pci *device, enum virtio_pci_structure type,
                             uint32_t offset, unsigned width, uint32_t value);

/* The MSI-X vector that the queue reads back. */
uint16_t virtio_pci_queue_vector(const struct virtio_pci *device, uint16_t queue);
