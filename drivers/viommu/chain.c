// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests whose parts have other sizes than the tail alone: PROBE, and the malformed chains that
 * tests send on purpose. Each takes fresh pages with poison around both parts.
 */
#include <string.h>

#include "drivers/viommu/device.h"

#define PART_MAX   (2 * PAGE_SIZE)
#define PART_PAGES 4 /* a page of poison, room for the part, a page of poison */

struct part {
    uint8_t *bytes;
    uint32_t length;
};

/* Lies at the end of its room so that one byte too many lands in the poison right behind. */
static bool part_init(struct pages *pages, struct part *part, const void *bytes, uint32_t length)
{
    uint8_t *room = length <= PART_MAX ? pages_get(pages, PART_PAGES) : NULL;

    if (!room)
        return false;
    memset(room, VIOMMU_POISON, PART_PAGES * PAGE_SIZE);
    part->bytes = room + PAGE_SIZE + PART_MAX - length;
    part->length = length;
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
    const uint8_t *room = part->bytes + part->length - PART_MAX - PAGE_SIZE;

    return is_poison(room, part->bytes) &&
           is_poison(part->bytes + part->length, room + PART_PAGES * PAGE_SIZE);
}

static struct viommu_reply submit_parts(struct viommu *viommu, const void *request,
                                        struct part *readable, struct part *writable)
{
    struct virtq_segment segments[2];
    struct viommu_reply reply;
    unsigned count = 0;
    uint16_t head;

    if (readable->length)
        segments[count++] =
            (struct virtq_segment){(uintptr_t)readable->bytes, readable->length, false};
    if (writable->length)
        segments[count++] =
            (struct virtq_segment){(uintptr_t)writable->bytes, writable->length, true};
    if (!virtq_add(&viommu->requests, segments, count, &head))
        return (struct viommu_reply){.outcome = VIOMMU_FULL, .status = VIOMMU_POISON};
    viommu_notify(viommu);
    reply = viommu_collect(viommu, &head);
    if (reply.outcome > VIOMMU_SHORT_REPLY)
        return reply;
    reply.status = VIOMMU_POISON;
    if (writable->length >= sizeof(struct virtio_iommu_req_tail)) {
        const uint8_t *tail =
            writable->bytes + writable->length - sizeof(struct virtio_iommu_req_tail);

        reply.status = tail[0];
        memcpy(reply.reserved, tail + 1, sizeof(reply.reserved));
    }
    reply.outcome = writable->length && reply.written == writable->length ? VIOMMU_ANSWERED
                                                                          : VIOMMU_SHORT_REPLY;
    reply.out_of_bounds = memcmp(readable->bytes, request, readable->length) ||
                          !part_surroundings_intact(readable) ||
                          !part_surroundings_intact(writable);
    return reply;
}

struct viommu_reply viommu_submit_malformed(struct viommu *viommu, const void *request,
                                            uint32_t readable, void *reply, uint32_t writable)
{
    struct viommu_reply result = {.outcome = VIOMMU_FULL, .status = VIOMMU_POISON};
    uintptr_t mark = pages_mark(viommu->pages);
    struct part in, out;

    if (part_init(viommu->pages, &in, request, readable) &&
        part_init(viommu->pages, &out, NULL, writable)) {
        result = submit_parts(viommu, request, &in, &out);
        if (reply)
            memcpy(reply, out.bytes, writable);
    }
    /* A chain that never came back may still be written to: its memory is not used again. */
    if (result.outcome == VIOMMU_ANSWERED || result.outcome == VIOMMU_SHORT_REPLY)
        pages_release(viommu->pages, mark);
    return result;
}

struct viommu_reply viommu_probe(struct viommu *viommu, uint32_t endpoint, const void *reserved,
                                 void *properties)
{
    struct virtio_iommu_req_probe request = {
        .head.type = VIRTIO_IOMMU_T_PROBE,
        .endpoint = endpoint,
    };
    uint8_t reply[PART_MAX];
    uint32_t size = viommu->config.probe_size;

    if (size > sizeof(reply) - sizeof(struct virtio_iommu_req_tail))
        return (struct viommu_reply){.outcome = VIOMMU_FULL, .status = VIOMMU_POISON};
    memset(reply, VIOMMU_POISON, sizeof(reply));
    if (reserved)
        memcpy(request.reserved, reserved, sizeof(request.reserved));

    struct viommu_reply result =
        viommu_submit_malformed(viommu, &request, sizeof(request), reply,
                                size + (uint32_t)sizeof(struct virtio_iommu_req_tail));

    memcpy(properties, reply, size);
    return result;
}
