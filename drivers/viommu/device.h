/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-iommu: bring-up, configuration and requests. One blocking submit and one batch (many
 * requests, one notification); both are stage, notify, collect, which the benchmark times apart.
 * Requests that are malformed as chains go through viommu_submit_malformed() only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/viommu/request.h"
#include "drivers/virtio/device.h"

/* What the reply area is filled with before the device may write to it. */
#define VIOMMU_POISON 0xa5

enum viommu_outcome {
    VIOMMU_ANSWERED,      /* came back with a status, whatever the used length says */
    VIOMMU_UNWRITTEN,     /* came back without one */
    VIOMMU_TIMEOUT,       /* did not come back within viommu_timeout(), or the device is broken */
    VIOMMU_BAD_USED_RING, /* the used ring is wrong; viommu->ring_error says how */
    VIOMMU_FULL,          /* could not be handed over: no descriptor left */
};

/* The buffers that drivers have in the event queue. */
#define VIOMMU_EVENTS       8
#define VIOMMU_EVENT_LENGTH ((uint32_t)sizeof(struct virtio_iommu_fault))

#define VIOMMU_TIMEOUT_NS 2000000000ull

struct viommu_reply {
    enum viommu_outcome outcome;
    /* A byte of the tail is not the poison that it held: the device has written a status. */
    bool has_status;
    uint8_t status;      /* of the tail; without one, a value that is none of 5.13.6's */
    uint8_t reserved[3]; /* of the tail */
    uint32_t written;    /* the used length, which may be wrong */
    /* A byte outside the tail, of the request or next to either, was changed. */
    bool out_of_bounds;
};

/* The reply to a request that has no answer: an outcome from VIOMMU_TIMEOUT on. */
static inline struct viommu_reply viommu_unanswered(enum viommu_outcome outcome)
{
    return (struct viommu_reply){.outcome = outcome, .status = VIOMMU_POISON};
}

/* The status by name, or that there is none. */
const char *viommu_reply_text(const struct viommu_reply *reply);

/*
 * Memory of one request, by the head of its chain. The parts are apart, with poison between them,
 * so that a device that writes beside one is noticed. `table` describes request and tail; only the
 * length of the request changes from use to use.
 */
struct viommu_slot {
    struct virtq_desc table[2];
    uint8_t before[16];
    uint8_t request[40];
    uint8_t between[8];
    struct virtio_iommu_req_tail tail;
    uint8_t after[28];
};

struct viommu {
    struct virtio_transport *transport;
    struct pages *pages;
    uintptr_t mark; /* what a reset gives back to pages */
    uint64_t offered, features;
    struct virtio_iommu_config config;
    struct virtq requests, events;
    struct viommu_slot *slots;
    unsigned event_count; /* buffers of the event queue, and their bytes, before DRIVER_OK */
    uint32_t event_length;
    uint8_t *event_buffers;    /* by head of the event queue; NULL until some are posted */
    enum virtq_pop ring_error; /* VIRTQ_BAD_INDEX or VIRTQ_BAD_ID */
    uint64_t timeout_ns; /* of a request, where VIOMMU_TIMEOUT_NS is too short for this host */
};

/* How long a request may take, of time in which it is waited for (lib/wait/wait.h). */
static inline uint64_t viommu_timeout(const struct viommu *viommu)
{
    return viommu->timeout_ns > VIOMMU_TIMEOUT_NS ? viommu->timeout_ns : VIOMMU_TIMEOUT_NS;
}

/*
 * Resets the device and brings it up with `features` (and VERSION_1, which it must have, and
 * VIRTIO_PLATFORM as far as it is offered), both queues set up, `event_count` buffers of `event_length` bytes (at most VIOMMU_EVENT_ROOM) in the
 * event queue before DRIVER_OK, or as many as it has entries. Requests that were outstanding are
 * forgotten. What a failure leaves behind is a device in reset.
 */
enum virtio_result viommu_start(struct viommu *viommu, uint64_t features);
/*
 * The same in two steps: all but DRIVER_OK, with at most `max_size` entries in the request queue;
 * then DRIVER_OK, and the notification of the event queue.
 */
enum virtio_result viommu_prepare(struct viommu *viommu, uint64_t features, uint16_t max_size);
void viommu_go(struct viommu *viommu);
/*
 * `offered` and config.page_size_mask of a device that is not driven yet: steps 1 to 4 of 3.1.1, which
 * allow reading the configuration, and back to the reset. A device that does not even reset shows
 * what it shows.
 */
void viommu_look(struct viommu *viommu);
/*
 * All that this driver knows of what the device offers. `has_bypass_config`: bit 6 is known to mean
 * VIRTIO_IOMMU_F_BYPASS_CONFIG, and no built-in topology (lib/topology/builtin.h).
 */
uint64_t viommu_usable_features(uint64_t offered, bool has_bypass_config);
static inline bool viommu_has(const struct viommu *viommu, unsigned feature)
{
    return viommu->features >> feature & 1;
}
/* Bytes of the smallest mapping: the lowest bit of page_size_mask; 0 if there is none. */
static inline uint64_t viommu_granule(const struct viommu *viommu)
{
    return viommu->config.page_size_mask & -viommu->config.page_size_mask;
}
/* How many requests the request queue holds at once: each takes two descriptors, or a table. */
static inline unsigned viommu_capacity(const struct viommu *viommu)
{
    return viommu->requests.indirect ? viommu->requests.size : viommu->requests.size / 2u;
}
bool viommu_needs_reset(struct viommu *viommu);

/* The bypass byte (BYPASS_CONFIG must be negotiated to write it). */
uint8_t viommu_bypass(struct viommu *viommu);
void viommu_set_bypass(struct viommu *viommu, uint8_t bypass);

/* One request, one notification, waits for the answer. */
struct viommu_reply viommu_submit(struct viommu *viommu, const struct viommu_request *request);
/*
 * `count` requests, one notification for as many as the queue holds; replies in the order of the
 * requests, whatever order the device answers in. Returns how many were answered with a status.
 */
unsigned viommu_submit_batch(struct viommu *viommu, const struct viommu_request *requests,
                             unsigned count, struct viommu_reply *replies);

/* The largest probe_size that a PROBE is made for; the specification sets no limit. */
#define VIOMMU_PROBE_MAX (1u << 20)

/*
 * PROBE: `properties` takes config.probe_size bytes, at most VIOMMU_PROBE_MAX, which the caller has
 * looked at: of a larger size the outcome is VIOMMU_FULL, and nothing is written. The reply's
 * `out_of_bounds` covers the bytes behind the tail. `reserved` NULL means zeroes, else 64 bytes.
 */
struct viommu_reply viommu_probe(struct viommu *viommu, uint32_t endpoint, const void *reserved,
                                 void *properties);

/*
 * A chain as a test wants it: `readable` bytes of the request, then `writable` bytes poisoned and,
 * afterwards, copied to `reply`. Its status is that of the tail at the end of the writable bytes,
 * where there is room for one; of fewer there is no status.
 */
struct viommu_reply viommu_submit_malformed(struct viommu *viommu, const void *request,
                                            uint32_t readable, void *reply, uint32_t writable);

#include "drivers/viommu/submit_inline.h"
