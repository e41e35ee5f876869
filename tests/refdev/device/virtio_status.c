// SPDX-License-Identifier: BSD-2-Clause
/*
 * Status, features, reset and interrupts of a virtio device: virtio 1.4 sections 2.1, 2.2, 2.4 and
 * 4.1.5.
 */
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

bool ref_has(const struct ref_virtio *virtio, unsigned feature)
{
    if (MUTANT(RUNS_AFTER_RESET) && !virtio->status)
        return virtio->offered >> feature & 1;
    return virtio->status & STATUS_FEATURES_OK && virtio->driver_features >> feature & 1;
}

bool ref_is_running(const struct ref_virtio *virtio)
{
    if (MUTANT(RUNS_BEFORE_DRIVER_OK) && (virtio->status & STATUS_FEATURES_OK))
        return true;
    if (MUTANT(RUNS_AFTER_RESET) && !virtio->status)
        return true;
    if (virtio->is_stopped)
        return false;
    return (virtio->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) == STATUS_DRIVER_OK;
}

void ref_interrupt(struct ref_virtio *virtio, uint16_t vector, uint8_t isr)
{
    if (ref_msix_is_enabled(&virtio->function)) {
        if (MUTANT(NO_VECTOR_FIRES) && vector == REF_NO_VECTOR)
            vector = 0;
        if (MUTANT(EVERY_VECTOR_IS_0))
            vector = 0;
        if (vector < virtio->function.vector_count)
            ref_fire(&virtio->function, vector);
        return;
    }
    if (MUTANT(ISR_WITHOUT_BIT))
        isr = 0x80;
    if (!ref_has_pin(&virtio->function)) /* 4.1.4.5.1: there is no notification to come before */
        isr &= (uint8_t)~ISR_QUEUE;
    virtio->isr |= isr;
    if (!MUTANT(MMIO_NO_LINE))
        ref_set_line(&virtio->function, virtio->isr);
}

void ref_break(struct ref_virtio *virtio)
{
    bool was_running = ref_is_running(virtio);

    virtio->status |= STATUS_NEEDS_RESET;
    if (was_running && !MUTANT(NEEDS_RESET_IN_SILENCE))
        ref_interrupt(virtio, virtio->config_vector,
                      MUTANT(NEEDS_RESET_WITH_QUEUE_BIT) || MUTANT(MMIO_NEEDS_RESET_WITH_QUEUE_BIT)
                          ? ISR_CONFIG | 1
                          : ISR_CONFIG);
}

void ref_virtio_reset(struct ref_virtio *virtio)
{
    virtio->driver_features = 0;
    virtio->device_select = virtio->driver_select = 0;
    virtio->config_vector = REF_NO_VECTOR;
    virtio->queue_select = 0;
    virtio->status_before = virtio->status ? virtio->status : virtio->status_before;
    virtio->was_running |= virtio->status & STATUS_DRIVER_OK;
    virtio->resetting = virtio->is_slow ? REF_SLOW_READS : 0;
    virtio->status = virtio->isr = 0;
    virtio->is_stopped = false;
    if (MUTANT(RESET_LEAVES_STATUS))
        virtio->status = 1;
    virtio->late_count = 0;
    virtio->resets++;
    for (unsigned i = 0; i < virtio->queue_count; i++) {
        const struct ref_queue before = virtio->queues[i];

        ref_queue_reset(&virtio->queues[i]);
        if (before.size && (MUTANT(RESET_LEAVES_QUEUES) || MUTANT(MMIO_RESET_LEAVES_QUEUES) ||
                            (MUTANT(RESET_IS_IGNORED) && virtio->queue_count == REF_QUEUES) ||
                            MUTANT(RUNS_AFTER_RESET)))
            virtio->queues[i] = before;
        if (MUTANT(RESET_LEAVES_VECTORS))
            virtio->queues[i].vector = before.vector;
    }
    ref_set_line(&virtio->function, false);
    virtio->ops->reset(virtio);
}

static bool has_every_queue(const struct ref_virtio *virtio)
{
    for (unsigned i = 0; i < virtio->queue_count; i++)
        if (!virtio->queues[i].is_enabled)
            return false;
    return true;
}

/* 2.2.2, 3.1.1: FEATURES_OK stays set only if the device supports the accepted set. */
void ref_write_status(struct ref_virtio *virtio, uint8_t value)
{
    bool is_settling = value & ~virtio->status & STATUS_FEATURES_OK;

    if (!value && virtio->never_resets)
        return;
    if (!value) {
        if ((MUTANT(RESET_EARLY_IS_MISSED) || MUTANT(MMIO_RESET_EARLY_IS_MISSED)) &&
            virtio->status == 3 && ref_look() % 2)
            return;
        ref_virtio_reset(virtio);
        return;
    }
    if (MUTANT(HOSTILE_FEATURES_OK_REFUSED) && is_settling)
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (MUTANT(HOSTILE_NEEDS_RESET_AT_ONCE) && (value & STATUS_DRIVER_OK))
        value |= STATUS_NEEDS_RESET;
    if (MUTANT(EVENT_IDX_IS_REQUIRED) && is_settling && virtio->offered >> REF_F_EVENT_IDX & 1 &&
        !(virtio->driver_features >> REF_F_EVENT_IDX & 1))
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (MUTANT(EMPTY_SET_IS_REFUSED) && is_settling && !(virtio->driver_features & UINT32_MAX))
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (MUTANT(SECOND_SET_IS_REFUSED) && is_settling && virtio->resets > 40)
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (is_settling && virtio->required & ~virtio->driver_features)
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (is_settling && !MUTANT(UNOFFERED_FEATURES_TAKEN) &&
        ((virtio->driver_features & ~virtio->offered) ||
         !(virtio->driver_features & REF_BIT(REF_F_VERSION_1))))
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if ((virtio->is_strict || MUTANT(EVERY_QUEUE_IS_AWAITED)) &&
        value & ~virtio->status & STATUS_DRIVER_OK)
        virtio->is_stopped = !has_every_queue(virtio);
    virtio->status = value | (virtio->status & STATUS_NEEDS_RESET);
    if (MUTANT(STATUS_DRIVER_FORGOTTEN))
        virtio->status &= (uint8_t)~2;
    if (is_settling && (value & STATUS_FEATURES_OK))
        virtio->ops->negotiated(virtio);
    if (ref_is_running(virtio))
        for (unsigned i = 0; i < virtio->queue_count; i++)
            ref_process(virtio, i);
}

void ref_write_features(struct ref_virtio *virtio, uint32_t value)
{
    unsigned shift = 32 * virtio->driver_select;

    if (virtio->driver_select > 1 ||
        (virtio->status & STATUS_FEATURES_OK && !MUTANT(FEATURES_CHANGE_LATE)))
        return;
    virtio->driver_features =
        (virtio->driver_features & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value << shift;
}
