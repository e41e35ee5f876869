// SPDX-License-Identifier: BSD-2-Clause
/*
 * The common configuration structure and the device configuration: virtio 1.4 sections 4.1.4.3 and
 * 4.1.4.6.
 */
#include "tests/refdev/device/order.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

static uint32_t word_of(uint64_t features, uint32_t select)
{
    if (MUTANT(FEATURES_REPEAT))
        select &= 1;
    return select < 2 ? (uint32_t)(features >> (32 * select)) : 0;
}

/* The registers of a queue that does not exist read 0 (4.1.4.3). */
static const struct ref_queue *selected(const struct ref_virtio *virtio)
{
    static const struct ref_queue none = {.vector = REF_NO_VECTOR};

    return virtio->queue_select < virtio->queue_count ? &virtio->queues[virtio->queue_select]
                                                      : &none;
}

unsigned ref_look(void)
{
    static unsigned looks;

    return ++looks;
}

uint64_t ref_read_common(struct ref_virtio *virtio, uint32_t offset)
{
    const struct ref_queue *queue = selected(virtio);

    ref_order_read(virtio, offset);
    switch (offset) {
    case REF_COMMON_DEVICE_FEATURE_SELECT:
        return virtio->device_select;
    case REF_COMMON_DEVICE_FEATURE:
        return word_of(virtio->offered, virtio->device_select);
    case REF_COMMON_DRIVER_FEATURE_SELECT:
        return virtio->driver_select;
    case REF_COMMON_DRIVER_FEATURE:
        if (MUTANT(DRIVER_FEATURES_READ_0))
            return 0;
        return word_of(virtio->driver_features, virtio->driver_select);
    case REF_COMMON_CONFIG_VECTOR:
        return virtio->config_vector;
    case REF_COMMON_NUM_QUEUES:
        if (MUTANT(ONE_QUEUE_ONLY))
            return 1;
        return virtio->queue_count;
    case REF_COMMON_DEVICE_STATUS:
        if (MUTANT(RESET_STATUS_COMES_BACK) && !virtio->status && virtio->resets)
            return ref_look() % 2 ? 0 : 1;
        if (MUTANT(HOSTILE_RESET_NEVER_ENDS) && !virtio->status)
            return STATUS_ACKNOWLEDGE;
        if (MUTANT(RESET_NEVER_ENDS) && !virtio->status && virtio->was_running)
            return virtio->status_before;
        if (virtio->resetting && !virtio->status) {
            virtio->resetting--;
            return virtio->status_before;
        }
        return virtio->status;
    case REF_COMMON_CONFIG_GENERATION:
        if (MUTANT(HOSTILE_GENERATION_RUNS))
            return (uint8_t)ref_look();
        return MUTANT(GENERATION_COUNTS_LOOKS) ? (uint8_t)ref_look() : virtio->generation;
    case REF_COMMON_QUEUE_SELECT:
        return virtio->queue_select;
    case REF_COMMON_QUEUE_SIZE:
        if (MUTANT(HOSTILE_QUEUE_SIZE_0))
            return 0;
        if (MUTANT(HOSTILE_QUEUE_SIZE_1))
            return 1;
        if (MUTANT(HOSTILE_QUEUE_SIZE_32768))
            return 32768;
        if (MUTANT(HOSTILE_QUEUE_SIZE_65535))
            return 65535;
        if (MUTANT(QUEUE_SIZE_WITHOUT_A_QUEUE) && virtio->queue_select >= virtio->queue_count)
            return REF_QUEUE_SIZE;
        if (MUTANT(QUEUE_SIZE_200) && queue->size == REF_QUEUE_SIZE)
            return 200;
        if (MUTANT(NO_EVENT_QUEUE) && virtio->queue_select == 1)
            return 0;
        return queue->size;
    case REF_COMMON_QUEUE_VECTOR:
        if (MUTANT(VECTORS_READ_0) && queue->vector < REF_VECTORS)
            return 0;
        if (MUTANT(VECTORS_READ_NONE))
            return REF_NO_VECTOR;
        return queue->vector;
    case REF_COMMON_QUEUE_ENABLE:
        return queue->is_enabled && !queue->is_undead &&
               !(MUTANT(RUNS_AFTER_RESET) && !(virtio->status & STATUS_DRIVER_OK));
    case REF_COMMON_QUEUE_NOTIFY_OFF:
        if (MUTANT(HOSTILE_NOTIFY_OFF_FAR))
            return 0xffff;
        return virtio->queue_select < virtio->queue_count ? virtio->queue_select : 0;
    case REF_COMMON_QUEUE_DESC:
    case REF_COMMON_QUEUE_DESC + 4:
        return queue->desc >> (8 * (offset - REF_COMMON_QUEUE_DESC));
    case REF_COMMON_QUEUE_DRIVER:
    case REF_COMMON_QUEUE_DRIVER + 4:
        return queue->driver >> (8 * (offset - REF_COMMON_QUEUE_DRIVER));
    case REF_COMMON_QUEUE_DEVICE:
    case REF_COMMON_QUEUE_DEVICE + 4:
        return queue->device >> (8 * (offset - REF_COMMON_QUEUE_DEVICE));
    case REF_COMMON_QUEUE_NOTIFICATION:
        return virtio->queue_select < virtio->queue_count
                   ? ref_notification_of(virtio, virtio->queue_select)
                   : 0;
    case REF_COMMON_QUEUE_RESET:
        return virtio->queue_select < virtio->queue_count &&
               ref_is_resetting(virtio, virtio->queue_select);
    default:
        return 0;
    }
}

/* 64-bit fields may be written as a whole or as two halves (4.1.3.1). */
static void set_half(uint64_t *value, uint32_t offset, unsigned width, uint64_t half)
{
    if (width == 8)
        *value = half;
    else if (offset & 4)
        *value = (*value & UINT32_MAX) | half << 32;
    else
        *value = (*value & ~(uint64_t)UINT32_MAX) | (uint32_t)half;
}

/* 4.1.5.1.2.1: a vector that can't be mapped reads back as NO_VECTOR. */
static uint16_t vector_of(const struct ref_virtio *virtio, uint64_t value)
{
    if (!virtio->function.msix)
        return REF_NO_VECTOR;
    if (MUTANT(VECTOR_1_REFUSED) && value == 1)
        return REF_NO_VECTOR;
    if (MUTANT(VECTOR_BEYOND_TAKEN) && value < REF_NO_VECTOR)
        return (uint16_t)value;
    return value < virtio->function.vector_count ? (uint16_t)value : REF_NO_VECTOR;
}

/* 2.7: a split ring has a power of two of entries, a packed one any number. */
static bool is_size(const struct ref_virtio *virtio, const struct ref_queue *queue, uint64_t value)
{
    return value && value <= queue->size_max &&
           (ref_has(virtio, REF_F_RING_PACKED) || !(value & (value - 1)));
}

static void write_queue(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value)
{
    struct ref_queue *queue = &virtio->queues[virtio->queue_select];

    if (offset == REF_COMMON_QUEUE_VECTOR &&
        !(MUTANT(VECTOR_CANNOT_BE_UNMAPPED) && value == REF_NO_VECTOR))
        queue->vector = vector_of(virtio, value);
    if ((MUTANT(RUNS_AFTER_RESET) && !(virtio->status & STATUS_DRIVER_OK) && queue->is_enabled) ||
        queue->is_undead)
        ref_queue_reset(queue);
    if (offset == REF_COMMON_QUEUE_RESET && value == 1 && ref_has(virtio, REF_F_RING_RESET))
        ref_reset_queue(virtio, virtio->queue_select);
    else if (queue->is_enabled)
        return;
    if (offset == REF_COMMON_QUEUE_SIZE && is_size(virtio, queue, value))
        queue->size = (uint16_t)value;
    else if (offset == REF_COMMON_QUEUE_ENABLE && value == 1)
        ref_enable(virtio, queue);
    else if (offset >= REF_COMMON_QUEUE_DESC && offset < REF_COMMON_QUEUE_DRIVER)
        set_half(&queue->desc, offset, width, value);
    else if (offset >= REF_COMMON_QUEUE_DRIVER && offset < REF_COMMON_QUEUE_DEVICE)
        set_half(&queue->driver, offset, width, value);
    else if (offset >= REF_COMMON_QUEUE_DEVICE && offset < REF_COMMON_QUEUE_NOTIFICATION)
        set_half(&queue->device, offset, width, value);
}

void ref_write_common(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value)
{
    ref_order_write(virtio, offset, value);
    switch (offset) {
    case REF_COMMON_DEVICE_FEATURE_SELECT:
        virtio->device_select = (uint32_t)value;
        break;
    case REF_COMMON_DRIVER_FEATURE_SELECT:
        virtio->driver_select = (uint32_t)value;
        break;
    case REF_COMMON_DRIVER_FEATURE:
        ref_write_features(virtio, (uint32_t)value);
        break;
    case REF_COMMON_CONFIG_VECTOR:
        virtio->config_vector =
            MUTANT(CONFIG_VECTOR_REFUSED) ? REF_NO_VECTOR : vector_of(virtio, value);
        break;
    case REF_COMMON_DEVICE_STATUS:
        ref_write_status(virtio, (uint8_t)value);
        break;
    case REF_COMMON_QUEUE_SELECT:
        mutate_queue_select(virtio, &value);
        virtio->queue_select = (uint16_t)value;
        break;
    default:
        if (virtio->queue_select < virtio->queue_count)
            write_queue(virtio, offset, width, value);
    }
    if (virtio->is_strict && !virtio->status)
        ref_virtio_reset(virtio);
}

uint64_t ref_read_config(struct ref_virtio *virtio, uint32_t offset, unsigned width)
{
    uint64_t value = 0;

    ref_order_config(virtio, false);
    if (virtio->queue_count == REF_QUEUES)
        ref_order_iommu_config(virtio, offset, width, false, 0);
    if (MUTANT(HOSTILE_CONFIG_ALL_ONES))
        return REF_ALL_ONES(width);
    if (MUTANT(HOSTILE_CONFIG_CHANGES))
        return ref_look() * 0x9e3779b9u;
    if ((MUTANT(CONFIG_WORDS_ONLY) || MUTANT(MMIO_CONFIG_WORDS_ONLY)) && width < 4)
        return 0;
    if (MUTANT(CONFIG_HALVES_ALIKE) && width == 4 && offset < 24)
        offset &= ~4u;
    for (unsigned i = 0; i < width; i++)
        if (offset + i < virtio->config_length)
            value |= (uint64_t)virtio->ops->config_read(virtio, offset + i) << (8 * i);
    return value;
}

void ref_write_config(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value)
{
    ref_order_config(virtio, true);
    if (virtio->queue_count == REF_QUEUES)
        ref_order_iommu_config(virtio, offset, width, true, value);
    for (unsigned i = 0; i < width; i++)
        if (offset + i < virtio->config_length)
            virtio->ops->config_write(virtio, offset + i, (uint8_t)(value >> (8 * i)));
}
