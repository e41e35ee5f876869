/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a virtio device share. */
#pragma once

#include "tests/refdev/device/virtio.h"

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64

#define ISR_QUEUE  1
#define ISR_CONFIG 2

/* How many reads the reset of a slow device takes. */
#define REF_SLOW_READS 3

/* 4.1.4.3: offsets in the common configuration. */
enum ref_common {
    REF_COMMON_DEVICE_FEATURE_SELECT = 0,
    REF_COMMON_DEVICE_FEATURE = 4,
    REF_COMMON_DRIVER_FEATURE_SELECT = 8,
    REF_COMMON_DRIVER_FEATURE = 12,
    REF_COMMON_CONFIG_VECTOR = 16,
    REF_COMMON_NUM_QUEUES = 18,
    REF_COMMON_DEVICE_STATUS = 20,
    REF_COMMON_CONFIG_GENERATION = 21,
    REF_COMMON_QUEUE_SELECT = 22,
    REF_COMMON_QUEUE_SIZE = 24,
    REF_COMMON_QUEUE_VECTOR = 26,
    REF_COMMON_QUEUE_ENABLE = 28,
    REF_COMMON_QUEUE_NOTIFY_OFF = 30,
    REF_COMMON_QUEUE_DESC = 32,
    REF_COMMON_QUEUE_DRIVER = 40,
    REF_COMMON_QUEUE_DEVICE = 48,
    REF_COMMON_QUEUE_NOTIFICATION = 56,
    REF_COMMON_QUEUE_RESET = 58,
    REF_COMMON_SIZE = 60,
};

/* By MSI-X to the vector, or else by INTA# and bits of ISR. */
void ref_interrupt(struct ref_virtio *virtio, uint16_t vector, uint8_t isr);
void ref_virtio_reset(struct ref_virtio *virtio);
void ref_write_status(struct ref_virtio *virtio, uint8_t value);
/* The word that driver_feature_select has chosen. */
void ref_write_features(struct ref_virtio *virtio, uint32_t value);
/* The common configuration structure (4.1.4.3). */
uint64_t ref_read_common(struct ref_virtio *virtio, uint32_t offset);
void ref_write_common(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value);
/* Enables the queue; its ring is split or packed by the negotiated features. */
void ref_enable(struct ref_virtio *virtio, struct ref_queue *queue);
/* Of queue `index`, which exists. */
void ref_reset_queue(struct ref_virtio *virtio, unsigned index);
/* Whether the reset is in progress; each read brings it nearer to its end. */
bool ref_is_resetting(struct ref_virtio *virtio, unsigned index);
/* The value that names the queue in a notification. */
uint16_t ref_notification_of(const struct ref_virtio *virtio, unsigned index);
/* A notification: at the doorbell of queue `at`, or one for all (REF_QUEUES). */
void ref_doorbell(struct ref_virtio *virtio, unsigned at, unsigned width, uint32_t value);
/* Device configuration, which reads 0 where there is none. */
uint64_t ref_read_config(struct ref_virtio *virtio, uint32_t offset, unsigned width);
void ref_write_config(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value);
/* Pseudo-random; another number each time. */
unsigned ref_look(void);
