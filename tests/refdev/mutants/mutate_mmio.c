// SPDX-License-Identifier: BSD-2-Clause
/* Mutants of the registers of virtio-mmio. */
#include "lib/array/array.h"
#include "tests/refdev/device/virtio_mmio.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

static bool is_driven(const struct ref_virtio *virtio)
{
    return virtio->status & STATUS_DRIVER_OK;
}

/* Wrong values that depend on the register only. */
static const struct {
    enum ref_mutant mutant;
    uint16_t first, last;
    uint32_t value;
} constants[] = {
    {MUTANT_MMIO_MAGIC_SWAPPED, REF_MMIO_MAGIC_VALUE, REF_MMIO_MAGIC_VALUE, 0x76697274},
    {MUTANT_MMIO_VERSION_3, REF_MMIO_VERSION_NUMBER, REF_MMIO_VERSION_NUMBER, 3},
    {MUTANT_MMIO_DEVICE_ID_22, REF_MMIO_DEVICE_ID, REF_MMIO_DEVICE_ID, 22},
    {MUTANT_MMIO_READY_READS_0, REF_MMIO_QUEUE_READY, REF_MMIO_QUEUE_READY, 0},
    {MUTANT_MMIO_SHM_READS_0, REF_MMIO_SHM_LENGTH, REF_MMIO_SHM_BASE_HIGH, 0},
};

void mutate_mmio_read(struct ref_virtio *virtio, uint32_t offset, uint32_t *value)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(constants); i++)
        if (ref_mutant == constants[i].mutant && offset >= constants[i].first &&
            offset <= constants[i].last)
            *value = constants[i].value;
    if (offset == REF_MMIO_DEVICE_FEATURES &&
        ((MUTANT(MMIO_FEATURES_STUCK) && is_driven(virtio)) ||
         (MUTANT(MMIO_FEATURES_REPEAT) && virtio->device_select > 1)))
        *value = (uint32_t)virtio->offered;
    if (MUTANT(MMIO_EVERY_QUEUE_HAS_A_SIZE) && offset == REF_MMIO_QUEUE_SIZE_MAX)
        *value = REF_QUEUE_SIZE;
    if (MUTANT(MMIO_READING_BREAKS) && offset == REF_MMIO_QUEUE_NOTIFY)
        ref_break(virtio);
    if (offset != REF_MMIO_INTERRUPT_STATUS)
        return;
    if (MUTANT(MMIO_INTERRUPT_TAKEN_BY_READING))
        virtio->isr = 0;
    if (MUTANT(MMIO_INTERRUPT_WITHOUT_BIT))
        *value = 0;
    if (MUTANT(MMIO_INTERRUPT_BIT_1_TOO) && *value)
        *value |= ISR_CONFIG;
}

static void notify_unready(struct ref_virtio *virtio, uint32_t index)
{
    struct ref_queue *queue = &virtio->queues[index];
    bool is_enabled = queue->is_enabled;

    queue->is_enabled = queue->desc != 0;
    ref_process(virtio, index);
    queue->is_enabled = is_enabled;
}

static bool mutate_status(struct ref_virtio *virtio, uint32_t value)
{
    uint8_t isr = virtio->isr;

    if (!MUTANT(MMIO_RESET_LEAVES_INTERRUPT) || value)
        return false;
    ref_virtio_reset(virtio);
    virtio->isr = isr;
    return true;
}

bool mutate_mmio_write(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint32_t value)
{
    switch (offset) {
    case REF_MMIO_QUEUE_READY:
        return MUTANT(MMIO_READY_STICKS) && !value;
    case REF_MMIO_QUEUE_NOTIFY:
        if (MUTANT(MMIO_QUEUE_RUNS_UNREADY) && value < virtio->queue_count)
            notify_unready(virtio, value);
        return MUTANT(MMIO_NOTIFY_IGNORED);
    case REF_MMIO_INTERRUPT_ACK:
        if (MUTANT(MMIO_ACK_TAKES_ALL))
            virtio->isr = 0;
        return false;
    case REF_MMIO_STATUS:
        return mutate_status(virtio, value);
    default:
        return MUTANT(MMIO_CONFIG_BYTES_LOST) && offset >= REF_MMIO_CONFIG && width < 4;
    }
}
