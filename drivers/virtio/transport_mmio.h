/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio over memory-mapped registers, version 2: virtio 1.4 section 4.2. */
#pragma once

#include "arch/arch.h"
#include "drivers/virtio/transport.h"
#include "lib/machine/machine.h"
#include "lib/text/sink.h"

#define VIRTIO_MMIO_MAGIC   0x74726976 /* "virt" */
#define VIRTIO_MMIO_LEGACY  1
#define VIRTIO_MMIO_VERSION 2

/* 4.2.2 MMIO Device Register Layout; all but the configuration are 32 bits wide. */
enum virtio_mmio_register {
    VIRTIO_MMIO_MAGIC_VALUE = 0x000,
    VIRTIO_MMIO_VERSION_NUMBER = 0x004,
    VIRTIO_MMIO_DEVICE_ID = 0x008,
    VIRTIO_MMIO_VENDOR_ID = 0x00c,
    VIRTIO_MMIO_DEVICE_FEATURES = 0x010,
    VIRTIO_MMIO_DEVICE_FEATURES_SEL = 0x014,
    VIRTIO_MMIO_DRIVER_FEATURES = 0x020,
    VIRTIO_MMIO_DRIVER_FEATURES_SEL = 0x024,
    VIRTIO_MMIO_QUEUE_SEL = 0x030,
    VIRTIO_MMIO_QUEUE_SIZE_MAX = 0x034,
    VIRTIO_MMIO_QUEUE_SIZE = 0x038,
    VIRTIO_MMIO_QUEUE_READY = 0x044,
    VIRTIO_MMIO_QUEUE_NOTIFY = 0x050,
    VIRTIO_MMIO_INTERRUPT_STATUS = 0x060,
    VIRTIO_MMIO_INTERRUPT_ACK = 0x064,
    VIRTIO_MMIO_STATUS = 0x070,
    VIRTIO_MMIO_QUEUE_DESC = 0x080,
    VIRTIO_MMIO_QUEUE_DRIVER = 0x090,
    VIRTIO_MMIO_QUEUE_DEVICE = 0x0a0,
    VIRTIO_MMIO_SHM_SEL = 0x0ac,
    VIRTIO_MMIO_SHM_LEN = 0x0b0,
    VIRTIO_MMIO_SHM_BASE = 0x0b8,
    VIRTIO_MMIO_QUEUE_RESET = 0x0c0,
    VIRTIO_MMIO_CONFIG_GENERATION = 0x0fc,
    VIRTIO_MMIO_CONFIG = 0x100
};

/* A register block, and what its first four registers read. */
struct virtio_mmio_block {
    const struct machine_mmio *machine;
    volatile uint8_t *registers;
    uint32_t magic, version, device, vendor;
};

struct virtio_mmio {
    struct virtio_transport transport;
    const struct virtio_mmio_block *block;
    uint32_t config_length; /* what of the block is behind the registers */
};

/* Maps the block and reads those registers; false when it can't be mapped. */
bool virtio_mmio_identify(const struct machine_mmio *machine, struct virtio_mmio_block *block);
/* False, with what is wrong said: no virtio device, or none of version 2. Nothing is written. */
bool virtio_mmio_open(const struct virtio_mmio_block *block, struct virtio_mmio *device,
                      const struct sink *diagnostics);

static inline uint32_t virtio_mmio_read(const struct virtio_mmio_block *block,
                                        enum virtio_mmio_register offset)
{
    return mmio_read32(block->registers + offset);
}

static inline void virtio_mmio_write(const struct virtio_mmio_block *block,
                                     enum virtio_mmio_register offset, uint32_t value)
{
    mmio_write32(block->registers + offset, value);
}
