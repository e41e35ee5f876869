/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a virtio device, whatever bus it is on: one operation per register, no policy,
 * so that a test may misbehave on purpose. virtio 1.4 section 4.1 (PCI) stands behind
 * transport_pci, section 4.2 (MMIO) behind transport_mmio. An operation that a transport has no
 * register for is NULL: driver_features, queue_notification and the vectors on MMIO.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VIRTIO_NO_VECTOR 0xffff

struct virtio_transport;

struct virtio_transport_ops {
    uint8_t (*status)(struct virtio_transport *transport);
    void (*set_status)(struct virtio_transport *transport, uint8_t status);
    /* Features, 32 at a time: `select` counts words. */
    uint32_t (*device_features)(struct virtio_transport *transport, uint32_t select);
    uint32_t (*driver_features)(struct virtio_transport *transport, uint32_t select);
    void (*set_driver_features)(struct virtio_transport *transport, uint32_t select, uint32_t bits);
    uint16_t (*queue_count)(struct virtio_transport *transport);
    uint32_t (*generation)(struct virtio_transport *transport);
    /* One access of 1, 2 or 4 bytes; all ones beyond the structure. */
    uint32_t (*config_read)(struct virtio_transport *transport, uint32_t offset, unsigned width);
    void (*config_write)(struct virtio_transport *transport, uint32_t offset, unsigned width,
                         uint32_t value);
    /* The most entries that the queue may have; 0: there is no such queue. */
    uint32_t (*queue_size)(struct virtio_transport *transport, uint16_t queue);
    /*
     * Returns the size that the queue then has, as the device reads it back; where it can't be read
     * (MMIO), `size`.
     */
    uint16_t (*set_queue_size)(struct virtio_transport *transport, uint16_t queue, uint16_t size);
    void (*set_queue_rings)(struct virtio_transport *transport, uint16_t queue, uint64_t desc,
                            uint64_t driver, uint64_t device);
    bool (*queue_enabled)(struct virtio_transport *transport, uint16_t queue);
    void (*enable_queue)(struct virtio_transport *transport, uint16_t queue);
    /* queue_reset, which is there with RING_RESET only: resets the queue, and reads 1 until that is
     * done. A structure that ends before it reads 0. */
    void (*reset_queue)(struct virtio_transport *transport, uint16_t queue);
    uint32_t (*queue_reset)(struct virtio_transport *transport, uint16_t queue);
    /* Where `width` bytes are written to notify the device; NULL: outside its region. */
    volatile void *(*doorbell)(struct virtio_transport *transport, uint16_t queue, unsigned width);
    /* With NOTIF_CONFIG_DATA: what to write there in the place of the queue's number. */
    uint16_t (*queue_notification)(struct virtio_transport *transport, uint16_t queue);
    /* Interrupt vectors; return what the device reads back. */
    uint16_t (*set_queue_vector)(struct virtio_transport *transport, uint16_t queue,
                                 uint16_t vector);
    uint16_t (*set_config_vector)(struct virtio_transport *transport, uint16_t vector);
    /*
     * Reads the interrupt status and clears what it reads (PCI by reading, MMIO by InterruptACK).
     */
    uint8_t (*isr)(struct virtio_transport *transport);
};

/* The first member of every transport's own structure. */
struct virtio_transport {
    const struct virtio_transport_ops *ops;
    const char *name;
    unsigned doorbell_width; /* bytes of a notification: 2 on PCI, 4 on MMIO */
};
