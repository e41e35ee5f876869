/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio device on PCI, from the device's side: virtio 1.4 chapters 2 and 4.1. */
#pragma once

#include "tests/refdev/device/function.h"
#include "tests/refdev/device/queue.h"

#define REF_QUEUES    2
#define REF_NO_VECTOR 0xffff

/* Where the structures are in the BAR. */
#define REF_COMMON      0x0000
#define REF_ISR         0x1000
#define REF_DEVICE      0x2000
#define REF_DEVICE_SIZE 0x1000 /* room for it */
#define REF_NOTIFY      0x3000
#define REF_NOTIFY_STEP 4 /* the multiplier */
#define REF_VIRTIO_BAR  0x4000

#define REF_F_INDIRECT_DESC     28
#define REF_F_EVENT_IDX         29
#define REF_F_VERSION_1         32
#define REF_F_ACCESS_PLATFORM   33
#define REF_F_RING_PACKED       34
#define REF_F_ORDER_PLATFORM    36
#define REF_F_NOTIFICATION_DATA 38
#define REF_F_NOTIF_CONFIG_DATA 39
#define REF_F_RING_RESET        40
#define REF_BIT(n)              (1ull << (n))

struct ref_virtio;

struct ref_virtio_ops {
    /* The device's own memory accesses: through an IOMMU or not. All of it, or nothing. */
    bool (*dma)(struct ref_virtio *virtio, uint64_t address, void *bytes, uint32_t length,
                bool is_write);
    /* Device configuration, a byte at a time. */
    uint8_t (*config_read)(struct ref_virtio *virtio, uint32_t offset);
    void (*config_write)(struct ref_virtio *virtio, uint32_t offset, uint8_t value);
    /* FEATURES_OK is set: the driver's features are final. */
    void (*negotiated)(struct ref_virtio *virtio);
    /* One chain of a queue: how many bytes were written to it, or REF_KEEP. */
    int64_t (*handle)(struct ref_virtio *virtio, unsigned queue, const struct ref_chain *chain);
    void (*reset)(struct ref_virtio *virtio);
};

/* What order.c knows of the driver: that it has not read the status since it wrote to it. */
struct ref_order {
    bool is_reset_unread, are_features_unread;
};

/* A chain that is done and not given back yet. */
struct ref_late {
    uint16_t head;
    uint32_t written;
};

/* Of handle(): the chain stays available. */
#define REF_KEEP (-1)

struct ref_virtio {
    struct ref_function function; /* the first member */
    const struct ref_virtio_ops *ops;
    uint64_t offered, required; /* without which there is no FEATURES_OK, beside VERSION_1 */
    uint32_t config_length;
    uint64_t driver_features;
    uint32_t device_select, driver_select;
    uint16_t config_vector, queue_select;
    uint8_t status, generation, isr;
    unsigned resets, processed; /* since the start: resets, and looks at a queue */
    unsigned queue_count;
    struct ref_queue queues[REF_QUEUES];
    /*
     * While the status reads 0 nothing sticks, and a device that is started with a queue missing
     * never looks at the others.
     */
    bool is_strict;
    bool is_stopped; /* that was started so */
    /* Capabilities that nobody can use come first: of a BAR that is not there. */
    bool has_decoys;
    /* Chains of queue 0 are given back late, the last one first. */
    bool is_lazy;
    /* ... or one at a time, in random order, and a reset is seen only after some reads. */
    bool is_slow;
    struct ref_order order;
    unsigned resetting; /* reads that will still show the reset of the device as in progress */
    uint8_t status_before;
    bool was_running; /* DRIVER_OK was set once */
    struct ref_late late[REF_QUEUE_SIZE];
    unsigned late_count;
};

/* `type` is the virtio device type; configuration of `config_length` bytes. */
void ref_virtio_init(struct ref_virtio *virtio, const struct ref_virtio_ops *ops, uint16_t type,
                     uint64_t offered, unsigned queue_count, uint32_t config_length);

/* Gives back what a lazy device has finished; to be called now and then. */
void ref_catch_up(struct ref_virtio *virtio);

/* Whether a feature is negotiated. */
bool ref_has(const struct ref_virtio *virtio, unsigned feature);
bool ref_is_running(const struct ref_virtio *virtio);
/* Handles what is available in a queue: the driver has notified, or the device can go on. */
void ref_process(struct ref_virtio *virtio, unsigned queue);
/* The device can't go on: DEVICE_NEEDS_RESET (2.1.2). */
void ref_break(struct ref_virtio *virtio);
/* Untranslated memory, for a device that is behind no IOMMU. */
bool ref_dma_direct(struct ref_virtio *virtio, uint64_t address, void *bytes, uint32_t length,
                    bool is_write);
