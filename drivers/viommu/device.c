// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/viommu/device.h"

#include <string.h>

#include "drivers/viommu/event.h"

/* More than any device has: on MMIO nobody sees that kvmtool keeps to its own size. */
#define QUEUE_MAX      1024
#define SPINS_PER_LOOK 256 /* polls between two looks at the clock and the status */

#define CONFIG_BYPASS offsetof(struct virtio_iommu_config, bypass)

uint64_t viommu_usable_features(uint64_t offered, bool has_bypass_config)
{
    uint64_t known = VIRTIO_BIT(VIRTIO_IOMMU_F_INPUT_RANGE) |
                     VIRTIO_BIT(VIRTIO_IOMMU_F_DOMAIN_RANGE) |
                     VIRTIO_BIT(VIRTIO_IOMMU_F_MAP_UNMAP) | VIRTIO_BIT(VIRTIO_IOMMU_F_PROBE) |
                     VIRTIO_BIT(VIRTIO_IOMMU_F_MMIO) | VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) |
                     VIRTIO_BIT(VIRTIO_F_EVENT_IDX) | VIRTIO_BIT(VIRTIO_F_VERSION_1) |
                     VIRTIO_BIT(VIRTIO_F_RING_PACKED);

    if (has_bypass_config)
        known |= VIRTIO_BIT(VIRTIO_IOMMU_F_BYPASS_CONFIG);
    return offered & known;
}

void viommu_look(struct viommu *viommu)
{
    struct virtio_transport *transport = viommu->transport;

    virtio_reset(transport);
    virtio_acknowledge(transport);
    viommu->offered = virtio_offered(transport);
    virtio_read_config(transport, offsetof(struct virtio_iommu_config, page_size_mask), 4,
                       &viommu->config.page_size_mask, sizeof(viommu->config.page_size_mask));
    virtio_reset(transport);
}

static void lay_out(const struct virtq *queue, struct viommu_slot *slot)
{
    const struct virtq_segment segments[] = {
        {(uintptr_t)slot->request, 0, false},
        {(uintptr_t)&slot->tail, sizeof(slot->tail), true},
    };

    virtq_describe(queue, slot->table, segments, 2);
}

/* The request queue's chains have their place before there is a request. */
static enum virtio_result make_slots(struct viommu *viommu)
{
    size_t bytes = viommu->requests.size * sizeof(struct viommu_slot);

    viommu->slots = pages_for(viommu->pages, bytes);
    if (!viommu->slots)
        return VIRTIO_NO_MEMORY;
    memset(viommu->slots, VIOMMU_POISON, bytes);
    for (uint16_t i = 0; i < viommu->requests.size; i++)
        lay_out(&viommu->requests, &viommu->slots[i]);
    return VIRTIO_OK;
}

/* Step 7: both queues, with buffers in the event queue. */
static enum virtio_result set_up_queues(struct viommu *viommu, uint16_t max_size)
{
    struct virtio_transport *transport = viommu->transport;
    enum virtio_result result =
        virtio_setup_queue(transport, VIRTIO_IOMMU_REQUESTQ, max_size, viommu->features,
                           viommu->pages, &viommu->requests);

    if (!result)
        result = virtio_setup_queue(transport, VIRTIO_IOMMU_EVENTQ, QUEUE_MAX, viommu->features,
                                    viommu->pages, &viommu->events);
    if (result)
        return result;
    if (viommu->requests.size > QUEUE_MAX) /* the device's own doing */
        return VIRTIO_BAD_QUEUE_SIZE;

    unsigned count =
        viommu->event_count < viommu->events.size ? viommu->event_count : viommu->events.size;

    if (!viommu_fill_events(viommu, count, viommu->event_length))
        return VIRTIO_NO_MEMORY;
    return make_slots(viommu);
}

static enum virtio_result bring_up(struct viommu *viommu, uint64_t features, uint16_t max_size)
{
    struct virtio_transport *transport = viommu->transport;
    enum virtio_result result = virtio_reset(transport);

    if (result)
        return result;
    virtio_acknowledge(transport);
    viommu->offered = virtio_offered(transport);
    if (!(viommu->offered & VIRTIO_BIT(VIRTIO_F_VERSION_1)))
        return VIRTIO_NO_VERSION_1;
    viommu->features =
        features | VIRTIO_BIT(VIRTIO_F_VERSION_1) | (viommu->offered & VIRTIO_PLATFORM);
    result = virtio_negotiate(transport, viommu->features);
    if (result)
        return result;
    virtio_read_config(transport, 0, 4, &viommu->config, CONFIG_BYPASS);
    virtio_read_config(transport, CONFIG_BYPASS, 1, (uint8_t *)&viommu->config + CONFIG_BYPASS,
                       sizeof(viommu->config) - CONFIG_BYPASS);
    return set_up_queues(viommu, max_size);
}

enum virtio_result viommu_prepare(struct viommu *viommu, uint64_t features, uint16_t max_size)
{
    if (viommu->mark)
        pages_release(viommu->pages, viommu->mark);
    viommu->mark = pages_mark(viommu->pages);
    viommu->event_buffers = NULL;

    enum virtio_result result = bring_up(viommu, features, max_size);

    if (result)
        viommu->transport->ops->set_status(viommu->transport, 0);
    return result;
}

void viommu_go(struct viommu *viommu)
{
    virtio_driver_ok(viommu->transport);
    if (virtq_outstanding(&viommu->events))
        virtq_kick(&viommu->events);
}

enum virtio_result viommu_start(struct viommu *viommu, uint64_t features)
{
    enum virtio_result result = viommu_prepare(viommu, features, QUEUE_MAX);

    if (!result)
        viommu_go(viommu);
    return result;
}

bool viommu_needs_reset(struct viommu *viommu)
{
    return viommu->transport->ops->status(viommu->transport) & VIRTIO_STATUS_DEVICE_NEEDS_RESET;
}

uint8_t viommu_bypass(struct viommu *viommu)
{
    return (uint8_t)viommu->transport->ops->config_read(viommu->transport, CONFIG_BYPASS, 1);
}

void viommu_set_bypass(struct viommu *viommu, uint8_t bypass)
{
    viommu->transport->ops->config_write(viommu->transport, CONFIG_BYPASS, 1, bypass);
}

enum virtq_pop viommu_wait(struct viommu *viommu, struct virtq_used_element *used)
{
    struct wait wait;
    bool is_timed = false;

    for (unsigned spin = 1;; spin++) {
        enum virtq_pop result = virtq_pop(&viommu->requests, used);

        if (result != VIRTQ_EMPTY)
            return result == VIRTQ_BAD_LENGTH ? VIRTQ_POPPED : result;
        if (spin % SPINS_PER_LOOK)
            continue;
        if (!is_timed)
            wait = arch_wait_begin(viommu_timeout(viommu));
        else if (!arch_wait_goes_on(&wait) || viommu_needs_reset(viommu))
            return VIRTQ_EMPTY;
        is_timed = true;
    }
}

enum viommu_outcome viommu_failure(struct viommu *viommu, enum virtq_pop result)
{
    if (result == VIRTQ_EMPTY)
        return VIOMMU_TIMEOUT;
    viommu->ring_error = result;
    return VIOMMU_BAD_USED_RING;
}

const char *viommu_reply_text(const struct viommu_reply *reply)
{
    return reply->has_status ? viommu_status_text(reply->status) : "no status";
}

static bool all_poison(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != VIOMMU_POISON)
            return false;
    return true;
}

static bool out_of_bounds(const struct viommu_slot *slot, const struct viommu_request *request)
{
    return memcmp(slot->request, request->bytes, request->length) ||
           !all_poison(slot->before, sizeof(slot->before)) ||
           !all_poison(slot->between, sizeof(slot->between)) ||
           !all_poison(slot->after, sizeof(slot->after));
}

struct viommu_reply viommu_submit(struct viommu *viommu, const struct viommu_request *request)
{
    uint16_t staged, head;

    if (!viommu_stage(viommu, request, &staged))
        return viommu_unanswered(VIOMMU_FULL);
    viommu_notify(viommu);

    struct viommu_reply reply = viommu_collect(viommu, &head);

    if (reply.outcome <= VIOMMU_UNWRITTEN)
        reply.out_of_bounds = out_of_bounds(&viommu->slots[head], request);
    return reply;
}

/* Stages as many as fit, notifies once and collects them; returns how many were staged. */
static unsigned submit_round(struct viommu *viommu, const struct viommu_request *requests,
                             unsigned count, struct viommu_reply *replies)
{
    uint16_t index_of[QUEUE_MAX];
    unsigned staged = 0;
    uint16_t head;

    while (staged < count && viommu_stage(viommu, &requests[staged], &head))
        index_of[head] = (uint16_t)staged++;
    viommu_notify(viommu);
    for (unsigned i = 0; i < staged; i++) {
        struct viommu_reply reply = viommu_collect(viommu, &head);

        if (reply.outcome > VIOMMU_UNWRITTEN) {
            /* Nothing after this can be told apart: every request without an answer fails so. */
            for (unsigned rest = 0; rest < staged; rest++)
                if (replies[rest].outcome == VIOMMU_TIMEOUT)
                    replies[rest] = reply;
            return count;
        }
        reply.out_of_bounds = out_of_bounds(&viommu->slots[head], &requests[index_of[head]]);
        replies[index_of[head]] = reply;
    }
    return staged;
}

unsigned viommu_submit_batch(struct viommu *viommu, const struct viommu_request *requests,
                             unsigned count, struct viommu_reply *replies)
{
    unsigned answered = 0;

    for (unsigned i = 0; i < count; i++)
        replies[i] = viommu_unanswered(VIOMMU_TIMEOUT);
    for (unsigned done = 0; done < count;) {
        unsigned staged = submit_round(viommu, requests + done, count - done, replies + done);

        if (!staged)
            break;
        done += staged;
    }
    for (unsigned i = 0; i < count; i++)
        answered += replies[i].outcome == VIOMMU_ANSWERED;
    return answered;
}
