/* SPDX-License-Identifier: BSD-2-Clause */
/* The event queue: fault reports of virtio 1.4 section 5.13.6.9. */
#pragma once

#include "drivers/viommu/device.h"

#define VIOMMU_EVENT_ROOM                                                                          \
    64 /* bytes of each buffer's memory, whatever length its descriptor has                        \
        */

struct viommu_event {
    uint32_t written; /* the used length */
    union {
        struct virtio_iommu_fault fault;
        uint8_t bytes[VIOMMU_EVENT_ROOM];
    };
};

/* `wanted` buffers, or as many as the event queue has entries for that are free. */
static inline unsigned viommu_events_at_most(const struct viommu *viommu, unsigned wanted)
{
    return wanted < viommu->events.free_count ? wanted : viommu->events.free_count;
}
/* Makes `count` poisoned buffers of `length` bytes (at most VIOMMU_EVENT_ROOM) available. */
bool viommu_fill_events(struct viommu *viommu, unsigned count, uint32_t length);
/* The same, and notifies the device. */
bool viommu_post_events(struct viommu *viommu, unsigned count, uint32_t length);

/*
 * Takes the reports that are there, and hands their buffers over again: what comes next is of what
 * is done next. False: the queue is in disorder.
 */
bool viommu_drain_events(struct viommu *viommu);

/* The next report, if one arrives within `wait_ns`; VIRTQ_EMPTY: none did. */
enum virtq_pop viommu_next_event(struct viommu *viommu, uint64_t wait_ns,
                                 struct viommu_event *event);
