// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests whose parts have other sizes than the tail alone: PROBE, and the malformed chains that
 * tests send on purpose. Each takes fresh pages with poison around both parts.
 */
#include <string.h>

#include "drivers/viommu/device.h"

#define TAIL ((uint32_t)sizeof(struct virtio_iommu_req_tail))

/* Memory of [room, room_end): a page of poison, the part at the end of whole pages, and another. */
struct part {
    uint8_t *room, *bytes, *room_end;
    uint32_t length;
};

/* One byte too many lands in the poison right behind. */
static bool part_init(struct pages *pages, struct part *part, const void *bytes, uint32_t length)
{
    size_t middle = (length + (size_t)PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    size_t size = middle + 2 * PAGE_SIZE;
    uint8_t *room = pages_for(pages, size);

    if (!room)
        return false;
    memset(room, VIOMMU_POISON, size);
    *part = (struct part){
        .room = room,
        .bytes = room + PAGE_SIZE + middle - length,
        .room_end = room + size,
        .length = length,
    };
    if (bytes)
        memcpy(part->bytes, bytes, length);
    return true;
}

static bool is_poison(const uint8_t *first, const uint8_t *end)
{
    while (first < end)
        if (*first++ != VIOMMU_POISON)
            return false;
    return true;
}

static bool part_surroundings_intact(const struct part *part)
{
    return is_poison(part->room, part->bytes) &&
           is_poison(part->bytes + part->length, part->room_end);
}

/* `table` has memory for two entries. */
static struct viommu_reply submit_parts(struct viommu *viommu, const void *request,
                                        const struct part *readable, const struct part *writable,
                                        struct virtq_desc *table)
{
    struct virtq_segment segments[2];
    struct viommu_reply reply, used;
    unsigned count = 0;
    uint16_t head;

    if (readable->length)
        segments[count++] =
            (struct virtq_segment){(uintptr_t)readable->bytes, readable->length, false};
    if (writable->length)
        segments[count++] =
            (struct virtq_segment){(uintptr_t)writable->bytes, writable->length, true};
    if (!virtq_add_fitting(&viommu->requests, segments, count, table))
        return viommu_unanswered(VIOMMU_FULL);
    viommu_notify(viommu);
    used = viommu_collect(viommu, &head);
    if (used.outcome > VIOMMU_UNWRITTEN)
        return used;
    reply = writable->length >= TAIL
                ? viommu_decode((const void *)(writable->bytes + writable->length - TAIL))
                : viommu_unanswered(VIOMMU_UNWRITTEN);
    reply.written = used.written;
    reply.outcome = reply.has_status ? VIOMMU_ANSWERED : VIOMMU_UNWRITTEN;
    reply.out_of_bounds = memcmp(readable->bytes, request, readable->length) ||
                          !part_surroundings_intact(readable) ||
                          !part_surroundings_intact(writable);
    return reply;
}

/* `kept` of the writable bytes are copied to `reply`. */
static struct viommu_reply submit_chain(struct viommu *viommu, const void *request,
                                        uint32_t readable, uint32_t writable, void *reply,
                                        uint32_t kept)
{
    struct viommu_reply result = viommu_unanswered(VIOMMU_FULL);
    uintptr_t mark = pages_mark(viommu->pages);
    struct virtq_desc *table = pages_for(viommu->pages, 2 * sizeof(*table));
    struct part in, out;

    if (table && part_init(viommu->pages, &in, request, readable) &&
        part_init(viommu->pages, &out, NULL, writable)) {
        result = submit_parts(viommu, request, &in, &out, table);
        memcpy(reply, out.bytes, kept);
    } else {
        memset(reply, VIOMMU_POISON, kept);
    }
    /* A chain that never came back may still be written to: its memory is not used again. */
    if (result.outcome <= VIOMMU_UNWRITTEN || result.outcome == VIOMMU_FULL)
        pages_release(viommu->pages, mark);
    return result;
}

struct viommu_reply viommu_submit_malformed(struct viommu *viommu, const void *request,
                                            uint32_t readable, void *reply, uint32_t writable)
{
    return submit_chain(viommu, request, readable, writable, reply, writable);
}

struct viommu_reply viommu_probe(struct viommu *viommu, uint32_t endpoint, const void *reserved,
                                 void *properties)
{
    struct virtio_iommu_req_probe request = {
        .head.type = VIRTIO_IOMMU_T_PROBE,
        .endpoint = endpoint,
    };
    uint32_t size = viommu->config.probe_size;

    if (reserved)
        memcpy(request.reserved, reserved, sizeof(request.reserved));
    if (size > VIOMMU_PROBE_MAX)
        return viommu_unanswered(VIOMMU_FULL);
    return submit_chain(viommu, &request, sizeof(request), size + TAIL, properties, size);
}
