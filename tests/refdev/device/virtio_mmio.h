/* SPDX-License-Identifier: BSD-2-Clause */
/* A device that is not on PCI but behind a register block: virtio 1.4 section 4.2. */
#pragma once

#include "tests/refdev/device/virtio.h"

#define REF_MMIO_SIZE 0x1000

/* 4.2.2: registers that the common configuration structure of PCI does not have. */
enum ref_mmio {
    REF_MMIO_MAGIC_VALUE = 0x000,
    REF_MMIO_VERSION_NUMBER = 0x004,
    REF_MMIO_DEVICE_ID = 0x008,
    REF_MMIO_VENDOR_ID = 0x00c,
    REF_MMIO_DEVICE_FEATURES = 0x010,
    REF_MMIO_QUEUE_SIZE_MAX = 0x034,
    REF_MMIO_QUEUE_READY = 0x044,
    REF_MMIO_QUEUE_NOTIFY = 0x050,
    REF_MMIO_INTERRUPT_STATUS = 0x060,
    REF_MMIO_INTERRUPT_ACK = 0x064,
    REF_MMIO_STATUS = 0x070,
    REF_MMIO_SHM_LENGTH = 0x0b0,
    REF_MMIO_SHM_BASE_HIGH = 0x0bc,
    REF_MMIO_CONFIG = 0x100,
};

/*
 * Puts a device from ref_virtio_init() behind a register block. Its function is on no bus then; the
 * interrupt line of the block is its INTA#.
 */
void ref_mmio_plug(struct ref_virtio *virtio);
/* One access; `width` is 1, 2, 4 or 8 and the offset a multiple of it. */
uint64_t ref_mmio_read(struct ref_virtio *virtio, uint32_t offset, unsigned width);
void ref_mmio_write(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value);
