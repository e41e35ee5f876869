// SPDX-License-Identifier: BSD-2-Clause
/* What split and packed rings share: a list of segments, read and written by offset. */
#include "tests/refdev/device/ring.h"

#include "tests/refdev/device/virtio.h"

bool ref_read16(struct ref_virtio *virtio, uint64_t address, uint16_t *value)
{
    uint8_t bytes[2];

    if (!virtio->ops->dma(virtio, address, bytes, sizeof(bytes), false))
        return false;
    *value = (uint16_t)ref_get(bytes, 2);
    return true;
}

bool ref_write16(struct ref_virtio *virtio, uint64_t address, uint16_t value)
{
    uint8_t bytes[2];

    ref_put(bytes, 2, value);
    return virtio->ops->dma(virtio, address, bytes, sizeof(bytes), true);
}

bool ref_add_segment(struct ref_chain *chain, struct ref_segment segment, bool is_writable)
{
    if (is_writable) {
        if (chain->writable_count == REF_SEGMENTS_MAX)
            return false;
        chain->writable[chain->writable_count++] = segment;
        chain->writable_length += segment.length;
        return true;
    }
    if (chain->writable_count || chain->readable_count == REF_SEGMENTS_MAX)
        return false;
    chain->readable[chain->readable_count++] = segment;
    chain->readable_length += segment.length;
    return true;
}

/* Applies `size` bytes at `offset` of the segments; returns how many were inside and reached. */
static uint32_t transfer(struct ref_virtio *virtio, const struct ref_segment *segments,
                         unsigned count, uint64_t offset, uint8_t *bytes, uint32_t size,
                         bool is_write)
{
    uint32_t done = 0;

    for (unsigned i = 0; i < count && done < size; i++) {
        uint32_t part = segments[i].length;

        if (offset >= part) {
            offset -= part;
            continue;
        }
        part -= (uint32_t)offset;
        part = part < size - done ? part : size - done;
        if (!virtio->ops->dma(virtio, segments[i].address + offset, bytes + done, part, is_write))
            return UINT32_MAX;
        done += part;
        offset = 0;
    }
    return done;
}

uint32_t ref_chain_read(struct ref_virtio *virtio, const struct ref_chain *chain, uint64_t offset,
                        void *bytes, uint32_t size)
{
    return transfer(virtio, chain->readable, chain->readable_count, offset, bytes, size, false);
}

bool ref_chain_write(struct ref_virtio *virtio, const struct ref_chain *chain, uint64_t offset,
                     const void *bytes, uint32_t size)
{
    return transfer(virtio, chain->writable, chain->writable_count, offset, (uint8_t *)bytes, size,
                    true) == size;
}
