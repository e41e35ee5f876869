/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three parts that every submission is made of: stage, notify, collect. Inline, since their
 * instructions are the driver's whole share of what a request costs.
 */
#pragma once

#include <string.h>

/* Hands a request over without publishing it; `head` names it. False: the queue is full. */
static virtq_inline bool viommu_stage(struct viommu *viommu, const struct viommu_request *request,
                                      uint16_t *head)
{
    struct virtq *queue = &viommu->requests;
    unsigned next = virtq_next(queue);
    struct viommu_slot *slot = &viommu->slots[next];

    if (virtq_is_full(queue))
        return false;
    *head = (uint16_t)next;
    slot->table[0].length = request->length;
    memcpy(slot->request, request->bytes, sizeof(slot->request));
    memset(&slot->tail, VIOMMU_POISON, sizeof(slot->tail));
    return virtq_add_table(queue, next, slot->table, 2, sizeof(slot->tail));
}

/* Makes visible what was staged, and notifies the device unless it has asked not to be. */
static virtq_inline void viommu_notify(struct viommu *viommu)
{
    virtq_kick(&viommu->requests);
}

/*
 * The next used entry, VIRTQ_POPPED also with a length that can't be right; VIRTQ_EMPTY when
 * viommu_timeout() passes or the device asks for a reset.
 */
enum virtq_pop viommu_wait(struct viommu *viommu, struct virtq_used_element *used);
/* What becomes of a request whose answer is anything but VIRTQ_POPPED. */
enum viommu_outcome viommu_failure(struct viommu *viommu, enum virtq_pop result);

/* What a tail says that was poison; a status that looks like poison has other reserved bytes. */
static virtq_inline struct viommu_reply viommu_decode(const struct virtio_iommu_req_tail *tail)
{
    static const uint8_t unwritten[sizeof(*tail)] = {VIOMMU_POISON, VIOMMU_POISON, VIOMMU_POISON,
                                                     VIOMMU_POISON};

    return (struct viommu_reply){
        .has_status = memcmp(tail, unwritten, sizeof(unwritten)) != 0,
        .status = tail->status,
        .reserved = {tail->reserved[0], tail->reserved[1], tail->reserved[2]},
    };
}

/* Waits for any one request; `head` says which came back, if one did. */
static virtq_inline struct viommu_reply viommu_collect(struct viommu *viommu, uint16_t *head)
{
    struct virtq_used_element used = {0, 0};
    enum virtq_pop result = virtq_pop(&viommu->requests, &used);

    *head = 0;
    if (virtq_unlikely(result != VIRTQ_POPPED)) {
        /* Its address is taken, and `used` stays in registers. */
        struct virtq_used_element late = {0, 0};

        if (result == VIRTQ_EMPTY) {
            result = viommu_wait(viommu, &late);
            used = late;
        }
        if (result != VIRTQ_POPPED && result != VIRTQ_BAD_LENGTH)
            return viommu_unanswered(viommu_failure(viommu, result));
    }

    struct viommu_reply reply = viommu_decode(&viommu->slots[used.id].tail);

    *head = (uint16_t)used.id;
    reply.outcome = reply.has_status ? VIOMMU_ANSWERED : VIOMMU_UNWRITTEN;
    reply.written = used.length;
    return reply;
}
