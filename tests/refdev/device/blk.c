// SPDX-License-Identifier: BSD-2-Clause
/* A RAM disk: virtio 1.4 section 5.2, reading and writing. */
#include <string.h>

#include "tests/refdev/device/endpoints.h"

#define TYPE_BLOCK  2
#define F_RO        (1u << 5)
#define SECTOR      512u
#define CHUNK       4096u
#define CONFIG_SIZE 60 /* the fields that need no feature */

#define REQUEST_IN    0
#define REQUEST_OUT   1
#define REQUEST_FLUSH 4
#define STATUS_OK     0
#define STATUS_IOERR  1
#define STATUS_UNSUPP 2

static struct ref_blk *blk_of(struct ref_virtio *virtio)
{
    return (struct ref_blk *)virtio;
}

static bool dma(struct ref_virtio *virtio, uint64_t address, void *bytes, uint32_t length,
                bool is_write)
{
    return ref_place_access(&blk_of(virtio)->place, address, bytes, length, is_write);
}

static uint64_t sectors_of(const struct ref_blk *blk)
{
    if (blk->place.flaw == REF_DISK_EMPTY)
        return 0;
    return blk->place.sectors ? blk->place.sectors : REF_DISK_SIZE / SECTOR;
}

static uint8_t config_read(struct ref_virtio *virtio, uint32_t offset)
{
    return offset < 8 ? (uint8_t)(sectors_of(blk_of(virtio)) >> (8 * offset)) : 0;
}

static void config_write(struct ref_virtio *virtio, uint32_t offset, uint8_t value)
{
    (void)virtio, (void)offset, (void)value;
}

/*
 * Moves [at, at + length) of the disk; the data begin after the header. False: part of the memory
 * can't be reached.
 */
static bool move(struct ref_blk *blk, const struct ref_chain *chain, uint64_t at, uint64_t length,
                 bool is_in)
{
    for (uint64_t done = 0; done < length; done += CHUNK) {
        uint32_t part = length - done < CHUNK ? (uint32_t)(length - done) : CHUNK;
        uint8_t *bytes = blk->disk + at + done;

        if (is_in ? !ref_chain_write(&blk->virtio, chain, done, bytes, part)
                  : ref_chain_read(&blk->virtio, chain, 16 + done, bytes, part) != part)
            return false;
    }
    return true;
}

static uint8_t carry_out(struct ref_blk *blk, const struct ref_chain *chain, uint32_t type,
                         uint64_t sector)
{
    bool is_in = type == REQUEST_IN;
    uint64_t length = is_in ? chain->writable_length - 1 : chain->readable_length - 16;

    if (type == REQUEST_FLUSH)
        return STATUS_OK;
    if (type != REQUEST_IN && type != REQUEST_OUT)
        return STATUS_UNSUPP;
    if (blk->place.flaw == REF_READ_ONLY && !is_in)
        return STATUS_IOERR;
    if (length % SECTOR || length / SECTOR > sectors_of(blk) ||
        sector > sectors_of(blk) - length / SECTOR)
        return STATUS_IOERR;
    return move(blk, chain, sector * SECTOR, length, is_in) ? STATUS_OK : STATUS_IOERR;
}

static int64_t handle(struct ref_virtio *virtio, unsigned queue, const struct ref_chain *chain)
{
    uint8_t header[16], status;

    (void)queue;
    if (ref_chain_read(virtio, chain, 0, header, sizeof(header)) != sizeof(header) ||
        !chain->writable_length) {
        ref_break(virtio);
        return 0;
    }
    if (blk_of(virtio)->place.flaw == REF_STUCK)
        return REF_KEEP;
    status = carry_out(blk_of(virtio), chain, ref_get(header, 4),
                       ref_get(header + 8, 4) | (uint64_t)ref_get(header + 12, 4) << 32);
    if (status && blk_of(virtio)->place.flaw == REF_STUCK_BY_DENIAL)
        return REF_KEEP;
    virtio->never_resets |= status && blk_of(virtio)->place.flaw == REF_RESETS_NEVER;
    if (!ref_chain_write(virtio, chain, chain->writable_length - 1, &status, 1)) {
        ref_break(virtio);
        return 0;
    }
    return (int64_t)chain->writable_length;
}

static void nothing(struct ref_virtio *virtio)
{
    (void)virtio;
}

static const struct ref_virtio_ops ops = {
    .dma = dma,
    .config_read = config_read,
    .config_write = config_write,
    .negotiated = nothing,
    .handle = handle,
    .reset = nothing,
};

void ref_blk_init(struct ref_blk *blk, const struct ref_place *place)
{
    memset(blk, 0, sizeof(*blk));
    blk->place = *place;
    ref_virtio_init(&blk->virtio, &ops, TYPE_BLOCK,
                    REF_BIT(REF_F_ACCESS_PLATFORM) | (place->flaw == REF_READ_ONLY ? F_RO : 0), 1,
                    CONFIG_SIZE);
    ref_place_virtio(place, &blk->virtio);
    ref_iommu_add(place->iommu, place->id);
}
