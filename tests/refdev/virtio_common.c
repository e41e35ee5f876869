// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/mutant.h"
#include "tests/refdev/virtio_parts.h"

/* 4.1.4.3 */
enum common {
    DEVICE_FEATURE_SELECT = 0,
    DEVICE_FEATURE = 4,
    DRIVER_FEATURE_SELECT = 8,
    DRIVER_FEATURE = 12,
    CONFIG_VECTOR = 16,
    NUM_QUEUES = 18,
    DEVICE_STATUS = 20,
    CONFIG_GENERATION = 21,
    QUEUE_SELECT = 22,
    QUEUE_SIZE = 24,
    QUEUE_VECTOR = 26,
    QUEUE_ENABLE = 28,
    QUEUE_NOTIFY_OFF = 30,
    QUEUE_DESC = 32,
    QUEUE_DRIVER = 40,
    QUEUE_DEVICE = 48,
};

static uint32_t word_of(uint64_t features, uint32_t select)
{
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

uint64_t ref_read_common(const struct ref_virtio *virtio, uint32_t offset)
{
    const struct ref_queue *queue = selected(virtio);

    switch (offset) {
    case DEVICE_FEATURE_SELECT:
        return virtio->device_select;
    case DEVICE_FEATURE:
        return word_of(virtio->offered, virtio->device_select);
    case DRIVER_FEATURE_SELECT:
        return virtio->driver_select;
    case DRIVER_FEATURE:
        return word_of(virtio->driver_features, virtio->driver_select);
    case CONFIG_VECTOR:
        return virtio->config_vector;
    case NUM_QUEUES:
        if (MUTANT(ONE_QUEUE_ONLY))
            return 1;
        return virtio->queue_count;
    case DEVICE_STATUS:
        return virtio->status;
    case CONFIG_GENERATION:
        if (MUTANT(LIE_GENERATION_RUNS))
            return (uint8_t)ref_look();
        return virtio->generation;
    case QUEUE_SELECT:
        return virtio->queue_select;
    case QUEUE_SIZE:
        if (MUTANT(LIE_QUEUE_SIZE_0))
            return 0;
        if (MUTANT(LIE_QUEUE_SIZE_1))
            return 1;
        if (MUTANT(LIE_QUEUE_SIZE_32768))
            return 32768;
        if (MUTANT(LIE_QUEUE_SIZE_65535))
            return 65535;
        if (MUTANT(QUEUE_SIZE_WITHOUT_A_QUEUE) && virtio->queue_select >= virtio->queue_count)
            return REF_QUEUE_SIZE;
        if (MUTANT(QUEUE_SIZE_200) && queue->size == REF_QUEUE_SIZE)
            return 200;
        if (MUTANT(NO_EVENT_QUEUE) && virtio->queue_select == 1)
            return 0;
        return queue->size;
    case QUEUE_VECTOR:
        if (MUTANT(VECTORS_READ_0) && queue->vector < REF_VECTORS)
            return 0;
        if (MUTANT(VECTORS_READ_NONE))
            return REF_NO_VECTOR;
        return queue->vector;
    case QUEUE_ENABLE:
        return queue->is_enabled &&
               !(MUTANT(RUNS_AFTER_RESET) && !(virtio->status & STATUS_DRIVER_OK));
    case QUEUE_NOTIFY_OFF:
        if (MUTANT(LIE_NOTIFY_OFF_FAR))
            return 0xffff;
        return virtio->queue_select < virtio->queue_count ? virtio->queue_select : 0;
    case QUEUE_DESC:
    case QUEUE_DESC + 4:
        return queue->desc >> (8 * (offset - QUEUE_DESC));
    case QUEUE_DRIVER:
    case QUEUE_DRIVER + 4:
        return queue->driver >> (8 * (offset - QUEUE_DRIVER));
    case QUEUE_DEVICE:
    case QUEUE_DEVICE + 4:
        return queue->device >> (8 * (offset - QUEUE_DEVICE));
    default:
        return 0;
    }
}

static void set_half(uint64_t *value, uint32_t offset, unsigned width, uint64_t half)
{
    if (width == 8)
        *value = half;
    else if (offset & 4)
        *value = (*value & UINT32_MAX) | half << 32;
    else
        *value = (*value & ~(uint64_t)UINT32_MAX) | (uint32_t)half;
}

/* 4.1.5.1.2.1: a vector that can't be had reads back as none. */
static uint16_t vector_of(uint64_t value)
{
    if (MUTANT(VECTOR_1_REFUSED) && value == 1)
        return REF_NO_VECTOR;
    return value < REF_VECTORS ? (uint16_t)value : REF_NO_VECTOR;
}

static void write_queue(struct ref_queue *queue, bool is_driven, uint32_t offset, unsigned width,
                        uint64_t value)
{
    if (offset == QUEUE_VECTOR && !(MUTANT(VECTOR_CANNOT_BE_UNMAPPED) && value == REF_NO_VECTOR))
        queue->vector = vector_of(value);
    if (MUTANT(RUNS_AFTER_RESET) && !is_driven && queue->is_enabled)
        ref_queue_reset(queue);
    if (queue->is_enabled)
        return;
    if (offset == QUEUE_SIZE && value && value <= queue->size_max && !(value & (value - 1)))
        queue->size = (uint16_t)value;
    else if (offset == QUEUE_ENABLE && value == 1)
        queue->is_enabled = true;
    else if (offset >= QUEUE_DESC && offset < QUEUE_DRIVER)
        set_half(&queue->desc, offset, width, value);
    else if (offset >= QUEUE_DRIVER && offset < QUEUE_DEVICE)
        set_half(&queue->driver, offset, width, value);
    else if (offset >= QUEUE_DEVICE)
        set_half(&queue->device, offset, width, value);
}

void ref_write_common(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value)
{
    switch (offset) {
    case DEVICE_FEATURE_SELECT:
        virtio->device_select = (uint32_t)value;
        break;
    case DRIVER_FEATURE_SELECT:
        virtio->driver_select = (uint32_t)value;
        break;
    case DRIVER_FEATURE:
        ref_write_features(virtio, (uint32_t)value);
        break;
    case CONFIG_VECTOR:
        virtio->config_vector = vector_of(value);
        break;
    case DEVICE_STATUS:
        ref_write_status(virtio, (uint8_t)value);
        break;
    case QUEUE_SELECT:
        virtio->queue_select = (uint16_t)value;
        break;
    default:
        if (virtio->queue_select < virtio->queue_count)
            write_queue(&virtio->queues[virtio->queue_select], virtio->status & STATUS_DRIVER_OK,
                        offset, width, value);
    }
}
