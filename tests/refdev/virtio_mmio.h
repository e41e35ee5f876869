/* SPDX-License-Identifier: BSD-2-Clause */
/* A device that is not on PCI but behind a register block: virtio 1.4 section 4.2. */
#pragma once

#include "tests/refdev/virtio.h"

#define REF_MMIO_SIZE 0x1000

/*
 * Puts a device that has been made by ref_virtio_init() behind a block. Its function is on no bus
 * then; the interrupt is what it wants of INTA#.
 */
void ref_mmio_plug(struct ref_virtio *virtio);
/* One access; `width` is 1, 2, 4 or 8 and the offset a multiple of it. */
uint64_t ref_mmio_read(struct ref_virtio *virtio, uint32_t offset, unsigned width);
void ref_mmio_write(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value);
