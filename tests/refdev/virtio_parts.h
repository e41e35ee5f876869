/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of a virtio device know of each other. */
#pragma once

#include "tests/refdev/virtio.h"

#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64

#define ISR_QUEUE  1
#define ISR_CONFIG 2

#define REF_COMMON_SIZE 56

/* By MSI-X to the vector, or else by INTA# and bits of ISR. */
void ref_interrupt(struct ref_virtio *virtio, uint16_t vector, uint8_t isr);
void ref_virtio_reset(struct ref_virtio *virtio);
void ref_write_status(struct ref_virtio *virtio, uint8_t value);
/* The word that driver_feature_select has chosen. */
void ref_write_features(struct ref_virtio *virtio, uint32_t value);
/* The common configuration structure (4.1.4.3). */
uint64_t ref_read_common(const struct ref_virtio *virtio, uint32_t offset);
void ref_write_common(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value);
/* Another number each time. */
unsigned ref_look(void);
