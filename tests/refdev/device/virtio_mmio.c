// SPDX-License-Identifier: BSD-2-Clause
/*
 * Registers of virtio-mmio, most of which are those of the common configuration of PCI: virtio 1.4
 * section 4.2.2.
 */
#include "tests/refdev/device/virtio_mmio.h"

#include "lib/array/array.h"
#include "tests/refdev/device/order.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

#define MAGIC  0x74726976
#define MODERN 2
#define VENDOR 0x1af4

/* Registers that the common configuration structure of PCI has, too, and where. */
static const struct twin {
    uint16_t offset, common;
    uint8_t width;
    bool is_readable, is_writable;
} twins[] = {
    {REF_MMIO_DEVICE_FEATURES, REF_COMMON_DEVICE_FEATURE, 4, true, false},
    {0x014, REF_COMMON_DEVICE_FEATURE_SELECT, 4, false, true},
    {0x020, REF_COMMON_DRIVER_FEATURE, 4, false, true},
    {0x024, REF_COMMON_DRIVER_FEATURE_SELECT, 4, false, true},
    {0x030, REF_COMMON_QUEUE_SELECT, 2, false, true},
    {0x038, REF_COMMON_QUEUE_SIZE, 2, false, true},
    {REF_MMIO_STATUS, REF_COMMON_DEVICE_STATUS, 1, true, true},
    {0x080, REF_COMMON_QUEUE_DESC, 4, false, true},
    {0x084, REF_COMMON_QUEUE_DESC + 4, 4, false, true},
    {0x090, REF_COMMON_QUEUE_DRIVER, 4, false, true},
    {0x094, REF_COMMON_QUEUE_DRIVER + 4, 4, false, true},
    {0x0a0, REF_COMMON_QUEUE_DEVICE, 4, false, true},
    {0x0a4, REF_COMMON_QUEUE_DEVICE + 4, 4, false, true},
    {0x0c0, REF_COMMON_QUEUE_RESET, 2, true, true},
    {0x0fc, REF_COMMON_CONFIG_GENERATION, 1, true, false},
};

static const struct twin *twin_of(uint32_t offset)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(twins); i++)
        if (twins[i].offset == offset)
            return &twins[i];
    return NULL;
}

void ref_mmio_plug(struct ref_virtio *virtio)
{
    const uint32_t decode_and_master = 6; /* nobody needs to switch either on here */

    ref_put(virtio->function.config + 4, 2, decode_and_master);
}

/* The registers of a queue that does not exist read 0. */
static struct ref_queue *selected(struct ref_virtio *virtio)
{
    return virtio->queue_select < virtio->queue_count ? &virtio->queues[virtio->queue_select]
                                                      : NULL;
}

static uint32_t read_register(struct ref_virtio *virtio, uint32_t offset)
{
    const struct ref_queue *queue = selected(virtio);
    const struct twin *twin = twin_of(offset);

    switch (offset) {
    case REF_MMIO_MAGIC_VALUE:
        return MAGIC;
    case REF_MMIO_VERSION_NUMBER:
        return MODERN;
    case REF_MMIO_DEVICE_ID:
        return ref_get(virtio->function.config + 2, 2) - 0x1040;
    case REF_MMIO_VENDOR_ID:
        return VENDOR;
    case REF_MMIO_QUEUE_SIZE_MAX:
        ref_order_read(virtio, REF_COMMON_QUEUE_SIZE);
        return queue ? queue->size_max : 0;
    case REF_MMIO_QUEUE_READY:
        ref_order_read(virtio, REF_COMMON_QUEUE_ENABLE);
        return queue ? queue->is_enabled && !queue->is_undead : 0;
    case REF_MMIO_INTERRUPT_STATUS:
        return virtio->isr;
    default:
        if (offset >= REF_MMIO_SHM_LENGTH && offset <= REF_MMIO_SHM_BASE_HIGH)
            return UINT32_MAX;
        return twin && twin->is_readable ? (uint32_t)ref_read_common(virtio, twin->common) : 0;
    }
}

static void acknowledge(struct ref_virtio *virtio, uint32_t bits)
{
    virtio->isr &= (uint8_t)~bits;
    ref_set_line(&virtio->function, virtio->isr);
}

static void write_register(struct ref_virtio *virtio, uint32_t offset, uint32_t value)
{
    struct ref_queue *queue = selected(virtio);
    const struct twin *twin = twin_of(offset);

    switch (offset) {
    case REF_MMIO_QUEUE_READY:
        if (value & 1) /* 0 stops a queue that is enabled */
            ref_order_write(virtio, REF_COMMON_QUEUE_ENABLE, value);
        if (queue && value & 1)
            ref_enable(virtio, queue);
        else if (queue)
            queue->is_enabled = false;
        break;
    case REF_MMIO_QUEUE_NOTIFY:
        ref_doorbell(virtio, REF_QUEUES, 4, value);
        break;
    case REF_MMIO_INTERRUPT_ACK:
        acknowledge(virtio, value);
        break;
    default:
        if (twin && twin->is_writable)
            ref_write_common(virtio, twin->common, twin->width, value & REF_ALL_ONES(twin->width));
    }
}

/* Registers are read and written whole, the configuration by fields of any width. */
uint64_t ref_mmio_read(struct ref_virtio *virtio, uint32_t offset, unsigned width)
{
    uint32_t value;

    if (offset >= REF_MMIO_CONFIG)
        return ref_read_config(virtio, offset - REF_MMIO_CONFIG, width);
    ref_order_register(virtio, offset, width, false);
    if (width != 4)
        return REF_ALL_ONES(width);
    value = read_register(virtio, offset);
    mutate_mmio_read(virtio, offset, &value);
    return value;
}

void ref_mmio_write(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value)
{
    if (mutate_mmio_write(virtio, offset, width, (uint32_t)value))
        return;
    if (offset >= REF_MMIO_CONFIG)
        ref_write_config(virtio, offset - REF_MMIO_CONFIG, width, value);
    else
        ref_order_register(virtio, offset, width, true);
    if (offset < REF_MMIO_CONFIG && width == 4)
        write_register(virtio, offset, (uint32_t)value);
}
