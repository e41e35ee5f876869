// SPDX-License-Identifier: BSD-2-Clause
/* Mutants that show when several requests come in one notification. */
#include "lib/array/array.h"
#include "tests/refdev/mutants/mutant.h"

#define S(name) VIRTIO_IOMMU_S_##name

/* Of the requests before this one in the same notification. */
static struct {
    unsigned since; /* virtio.processed */
    unsigned count;
    struct {
        uint8_t type, status;
    } before[64];
} batch;

static bool has_before(uint8_t type)
{
    for (unsigned i = 0; i < batch.count; i++)
        if (batch.before[i].type == type)
            return true;
    return false;
}

/* Another notification: nothing is before. */
static void look(const struct ref_iommu *iommu)
{
    if (batch.since != iommu->virtio.processed)
        batch.count = 0;
    batch.since = iommu->virtio.processed;
}

bool mutate_batched_effect(struct ref_iommu *iommu, const void *request)
{
    uint8_t type = ((const struct virtio_iommu_req_head *)request)->type;

    look(iommu);
    return type == VIRTIO_IOMMU_T_UNMAP && has_before(VIRTIO_IOMMU_T_MAP) &&
           MUTANT(BATCH_UNMAP_AFTER_MAP_LOST);
}

static uint8_t wrong_status(uint8_t type, uint8_t status)
{
    unsigned last = batch.count - 1;

    if (!batch.count)
        return status;
    if (batch.before[0].type != type && batch.before[0].type != VIRTIO_IOMMU_T_PROBE &&
        type == VIRTIO_IOMMU_T_PROBE && MUTANT(BATCH_PROBE_AFTER_OTHER_TYPE))
        return S(UNSUPP);
    if (batch.count > 1 && batch.before[0].type == type && batch.before[last].type != type &&
        MUTANT(BATCH_THIRD_HAS_THE_FIRST_STATUS))
        return batch.before[0].status;
    if (batch.before[last].status && !status && batch.before[last].type != type &&
        MUTANT(BATCH_ERROR_OF_ANOTHER_TYPE))
        return batch.before[last].status;
    return status;
}

uint8_t mutate_batched_status(struct ref_iommu *iommu, const void *request, uint8_t status)
{
    uint8_t type = ((const struct virtio_iommu_req_head *)request)->type;

    if (!ref_mutant)
        return status;
    look(iommu);

    uint8_t wrong = wrong_status(type, status);

    if (batch.count < ARRAY_LENGTH(batch.before)) {
        batch.before[batch.count].type = type;
        batch.before[batch.count++].status = status;
    }
    return wrong;
}

int64_t mutate_batched_reply(struct ref_iommu *iommu, const struct ref_chain *chain, uint8_t type,
                             int64_t written)
{
    static uint8_t stray[] = {1, 0, 0, 0};
    bool is_later = batch.since == iommu->virtio.processed && batch.count > 1;

    if (!ref_mutant || !is_later)
        return written;
    if (type == VIRTIO_IOMMU_T_PROBE && MUTANT(BATCH_SECOND_PROBE_LENGTH_4))
        return 4;
    if (type == VIRTIO_IOMMU_T_PROBE && batch.before[batch.count - 1].status &&
        has_before(VIRTIO_IOMMU_T_PROBE) && MUTANT(BATCH_PROPERTIES_STAY))
        ref_chain_write(&iommu->virtio, chain, 0, stray, 1);
    if (batch.count > 2 && MUTANT(BATCH_THIRD_REPLY_EARLY))
        ref_dma_direct(&iommu->virtio, chain->writable[0].address - sizeof(stray), stray,
                       sizeof(stray), true);
    if (type == VIRTIO_IOMMU_T_UNMAP && MUTANT(BATCH_TAIL_RESERVED_OF_UNMAP))
        ref_chain_write(&iommu->virtio, chain, chain->writable_length - 1, stray, 1);
    return written;
}
