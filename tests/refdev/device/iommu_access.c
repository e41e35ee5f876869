// SPDX-License-Identifier: BSD-2-Clause
/* Accesses of endpoints, and the reports of those that are denied: virtio 1.4 section 5.13.6.9. */
#include <string.h>

#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/device/rules.h"
#include "tests/refdev/mutants/mutant.h"

/* A report that finds no buffer, or none that is long enough, is lost (5.13.6.9). */
static void report_fault(struct ref_iommu *iommu, const struct virtio_iommu_fault *fault)
{
    struct ref_virtio *virtio = &iommu->virtio;
    struct ref_queue *queue = &virtio->queues[VIRTIO_IOMMU_EVENTQ];
    const struct ref_chain *chain = &queue->chain;

    if ((!ref_is_running(virtio) && !mutate_early_fault(virtio)) || iommu->config.is_silent)
        return;
    if (ref_pop(virtio, queue) != REF_POPPED) {
        if (MUTANT(FAULT_WITHOUT_BUFFER_BREAKS))
            ref_break(virtio);
        return;
    }
    if (MUTANT(FAULT_OVERRUN))
        ref_dma_direct(virtio, chain->writable[0].address, (void *)fault, sizeof(*fault), true);
    else if (MUTANT(FAULT_SPREAD) && chain->writable_length < sizeof(*fault))
        for (uint32_t done = 0; done < sizeof(*fault);) {
            uint32_t part = (uint32_t)chain->writable_length;

            ref_chain_write(virtio, chain, 0, (const uint8_t *)fault + done,
                            part < sizeof(*fault) - done ? part : (uint32_t)sizeof(*fault) - done);
            done += part;
            if (done < sizeof(*fault) && (!ref_push(virtio, queue, chain->head, part) ||
                                          ref_pop(virtio, queue) != REF_POPPED))
                return;
        }
    else if (chain->writable_length < sizeof(*fault)) {
        ref_unpop(queue);
        return;
    } else if (!ref_chain_write(virtio, chain, 0, fault, sizeof(*fault)))
        ref_break(virtio);
    if (!ref_push(virtio, queue, chain->head,
                  MUTANT(FAULT_LENGTH_ZERO) ? 0
                  : MUTANT(FAULT_LENGTH_16) ? 16
                                            : sizeof(*fault)))
        ref_break(virtio);
    if (MUTANT(FAULT_NO_INTERRUPT))
        queue->signalled = queue->next_used;
    ref_process(virtio, VIRTIO_IOMMU_EVENTQ);
}

bool ref_iommu_access(struct ref_iommu *iommu, uint32_t endpoint, uint64_t address, void *bytes,
                      uint32_t length, bool is_write)
{
    const struct ref_surroundings *around = iommu->virtio.function.around;
    struct ref_piece pieces[REF_PIECES_MAX];
    uint8_t *at = bytes;

    if (!length)
        return true;
    mutate_late_detach(iommu, true);
    struct ref_route to = ref_route_of(iommu, endpoint, address, length, is_write, pieces);

    mutate_translation(iommu, endpoint, address, length, is_write, &to, pieces);
    if (!to.is_allowed) {
        struct virtio_iommu_fault fault = {
            .reason = to.reason,
            .flags = VIRTIO_IOMMU_FAULT_F_ADDRESS |
                     (is_write ? VIRTIO_IOMMU_FAULT_F_WRITE : VIRTIO_IOMMU_FAULT_F_READ),
            .endpoint = endpoint,
            .address = to.address,
        };

        mutate_fault(&fault);
        report_fault(iommu, &fault);
        return false;
    }
    for (unsigned i = 0; i < to.count; i++)
        if (!around->memory(around->context, pieces[i].address, pieces[i].length))
            return false;
    for (unsigned i = 0; i < to.count; at += pieces[i++].length) {
        void *memory = around->memory(around->context, pieces[i].address, pieces[i].length);
        uint64_t size = mutate_size(pieces[i].length, is_write);

        if (MUTANT(WRITES_GET_LOST) && is_write && length >= 256)
            continue;
        if (MUTANT(READS_ARE_ZERO) && !is_write && length >= 256)
            memset(at, 0, size);
        else if (is_write)
            memcpy(memory, at, size);
        else
            memcpy(at, memory, size);
    }
    return true;
}
