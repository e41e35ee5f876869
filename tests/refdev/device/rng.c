// SPDX-License-Identifier: BSD-2-Clause
/* An entropy device: virtio 1.4 section 5.4. Pseudo-random bytes, different for each request. */
#include <string.h>

#include "tests/refdev/device/endpoints.h"

#define TYPE_ENTROPY 4
#define CHUNK        256u

static bool dma(struct ref_virtio *virtio, uint64_t address, void *bytes, uint32_t length,
                bool is_write)
{
    return ref_place_access(&((struct ref_rng *)virtio)->place, address, bytes, length, is_write);
}

static int64_t handle(struct ref_virtio *virtio, unsigned queue, const struct ref_chain *chain)
{
    struct ref_rng *rng = (struct ref_rng *)virtio;
    uint64_t length = chain->writable_length;
    uint8_t bytes[CHUNK];

    (void)queue;
    if (rng->place.flaw == REF_STUCK)
        return REF_KEEP;
    if (rng->place.flaw == REF_GIVES_HALF)
        length = (length + 1) / 2;
    if (rng->place.flaw == REF_GIVES_NOTHING)
        length = 0;
    if (rng->place.chunk && length > rng->place.chunk)
        length = rng->place.chunk;
    for (uint64_t done = 0; done < length; done += CHUNK) {
        uint64_t left = length - done;

        for (unsigned i = 0; i < CHUNK; i++) {
            rng->state = rng->state * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (uint8_t)(rng->state >> 56);
        }
        if (!ref_chain_write(virtio, chain, done, bytes, left < CHUNK ? (uint32_t)left : CHUNK))
            return (int64_t)done;
    }
    return (int64_t)length;
}

static void nothing(struct ref_virtio *virtio)
{
    (void)virtio;
}

static const struct ref_virtio_ops ops = {
    .dma = dma, .negotiated = nothing, .handle = handle, .reset = nothing};

void ref_rng_init(struct ref_rng *rng, const struct ref_place *place)
{
    memset(rng, 0, sizeof(*rng));
    rng->place = *place;
    rng->state = place->id;
    ref_virtio_init(&rng->virtio, &ops, TYPE_ENTROPY, REF_BIT(REF_F_ACCESS_PLATFORM), 1, 0);
    ref_place_virtio(place, &rng->virtio);
    ref_iommu_add(place->iommu, place->id);
}
