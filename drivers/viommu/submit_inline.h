/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three parts that every submission is made of: stage, notify, collect. Inline, since their
 * instructions are the driver's whole share of what a request costs.
 */
#pragma once

#include <string.h>

/* Hands a slot's parts over, in whatever way the queue has. False: the queue is full. */
bool viommu_add(struct virtq *queue, const struct viommu_slot *slot, uint32_t length,
                uint16_t *head);
/* Notifies in whatever way the queue has. */
void viommu_publish_and_kick(struct virtq *queue);

/* Hands a request over without publishing it; `head` names it. False: the queue is full. */
static virtq_inline bool viommu_stage(struct viommu *viommu, const struct viommu_request *request,
                                      uint16_t *head)
{
    struct virtq *queue = &viommu->requests;
    struct viommu_slot *slot = &viommu->slots[queue->free_head];

    if (__builtin_expect(!queue->has_split_tables, 0)) {
        if (!viommu_add(queue, slot, request->length, head))
            return false;
    } else if (!virtq_split_add_table(queue, slot->table, 2, sizeof(slot->tail), head)) {
        return false;
    }
    slot->table[0].length = request->length;
    memcpy(slot->request, request->bytes, sizeof(slot->request));
    memset(&slot->tail, VIOMMU_POISON, sizeof(slot->tail));
    return true;
}

static virtq_inline void viommu_notify(struct viommu *viommu)
{
    struct virtq *queue = &viommu->requests;

    if (__builtin_expect(!queue->has_split_events, 0)) {
        viommu_publish_and_kick(queue);
        return;
    }
    virtq_split_publish(queue);
    if (virtq_split_is_event_reached(queue))
        virtq_notify(queue);
}

/* The next used entry; VIRTQ_EMPTY when VIOMMU_TIMEOUT_NS pass or the device asks for a reset. */
enum virtq_pop viommu_wait(struct viommu *viommu, struct virtq_used_element *used);
/* The reply to a request whose answer is anything but VIRTQ_POPPED. */
struct viommu_reply viommu_no_reply(struct viommu *viommu, enum virtq_pop result);

/* Waits for any one request; `head` says which came back, if one did. */
static virtq_inline struct viommu_reply viommu_collect(struct viommu *viommu, uint16_t *head)
{
    struct virtq_used_element used;
    enum virtq_pop result = virtq_split_pop(&viommu->requests, &used);

    *head = 0;
    if (__builtin_expect(result != VIRTQ_POPPED, 0)) {
        struct virtq_used_element late; /* its address is taken, and `used` stays in registers */

        if (result == VIRTQ_EMPTY)
            result = viommu_wait(viommu, &late);
        if (result != VIRTQ_POPPED)
            return viommu_no_reply(viommu, result);
        used = late;
    }

    const struct virtio_iommu_req_tail *tail = &viommu->slots[used.id].tail;

    *head = (uint16_t)used.id;
    return (struct viommu_reply){
        .outcome = used.length >= sizeof(*tail) ? VIOMMU_ANSWERED : VIOMMU_SHORT_REPLY,
        .status = tail->status,
        .reserved = {tail->reserved[0], tail->reserved[1], tail->reserved[2]},
        .written = used.length,
    };
}
