/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing a virtio device up, step by step as virtio 1.4 section 3.1.1 numbers it. The steps are
 * separate so that a test can stop between any two of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/virtio/queue.h"
#include "drivers/virtio/transport.h"

/* 2.1 Device status field */
#define VIRTIO_STATUS_ACKNOWLEDGE        1
#define VIRTIO_STATUS_DRIVER             2
#define VIRTIO_STATUS_DRIVER_OK          4
#define VIRTIO_STATUS_FEATURES_OK        8
#define VIRTIO_STATUS_DEVICE_NEEDS_RESET 64

/* 6 Reserved feature bits */
#define VIRTIO_F_INDIRECT_DESC     28
#define VIRTIO_F_EVENT_IDX         29
#define VIRTIO_F_VERSION_1         32
#define VIRTIO_F_ACCESS_PLATFORM   33
#define VIRTIO_F_RING_PACKED       34
#define VIRTIO_F_ORDER_PLATFORM    36
#define VIRTIO_F_NOTIFICATION_DATA 38
#define VIRTIO_F_NOTIF_CONFIG_DATA 39
#define VIRTIO_F_RING_RESET        40
#define VIRTIO_BIT(n)              (1ull << (n))

/*
 * 6: what a driver accepts wherever it is offered, as a device may insist on it: addresses are the
 * platform's, and barriers are those of its memory.
 */
#define VIRTIO_PLATFORM (VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM) | VIRTIO_BIT(VIRTIO_F_ORDER_PLATFORM))

enum virtio_result {
    VIRTIO_OK,
    VIRTIO_RESET_TIMEOUT,    /* status did not read 0 after a reset */
    VIRTIO_NO_VERSION_1,     /* the device does not offer VERSION_1 */
    VIRTIO_FEATURES_REFUSED, /* FEATURES_OK did not stay set */
    VIRTIO_NO_QUEUE,         /* the queue does not exist or has no doorbell */
    VIRTIO_QUEUE_IN_USE,     /* the queue is enabled after a reset */
    VIRTIO_BAD_QUEUE_SIZE,   /* it has more than 32768 entries, or their number is no power of 2 */
    VIRTIO_NO_MEMORY,
};

const char *virtio_result_text(enum virtio_result result);

/* Step 1: writes 0 to the status and waits, at most a second, until it reads 0. */
enum virtio_result virtio_reset(struct virtio_transport *transport);
/* Steps 2 and 3: ACKNOWLEDGE, DRIVER. */
void virtio_acknowledge(struct virtio_transport *transport);
/* Step 4: all 64 feature bits that the device offers. */
uint64_t virtio_offered(struct virtio_transport *transport);
/* Steps 4 to 6: writes `features`, sets FEATURES_OK and reads it back. */
enum virtio_result virtio_negotiate(struct virtio_transport *transport, uint64_t features);
/*
 * Step 7, one queue: the smaller of the device's and `max_size` entries, or what the device makes
 * of that (kvmtool has one size for each queue), in memory from `pages`. `features` are the
 * negotiated ones.
 */
enum virtio_result virtio_setup_queue(struct virtio_transport *transport, uint16_t index,
                                      uint16_t max_size, uint64_t features, struct pages *pages,
                                      struct virtq *queue);
/*
 * 2.6.1: resets one queue, and waits, at most a second, until that is done (RING_RESET must be
 * negotiated). It can be set up again.
 */
enum virtio_result virtio_reset_queue(struct virtio_transport *transport, uint16_t index);
/* Step 8. */
void virtio_driver_ok(struct virtio_transport *transport);

/*
 * Reads fields of the device configuration that are `width` bytes wide, 64-bit ones as two of 4;
 * `length` is a multiple of it. Again when the generation changed (2.5.1), up to 16 times: false
 * where it changed each time, and what was read may be of different generations.
 */
bool virtio_read_config(struct virtio_transport *transport, uint32_t offset, unsigned width,
                        void *bytes, uint32_t length);
