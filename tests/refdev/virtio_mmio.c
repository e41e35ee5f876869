// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/virtio_mmio.h"

#include "tests/refdev/mutant.h"
#include "tests/refdev/virtio_parts.h"

#define MAGIC  0x74726976
#define MODERN 2
#define VENDOR 0x1af4

/* 4.2.2: registers that the common configuration of PCI has not got. */
enum {
    MAGIC_VALUE = 0x000,
    VERSION_NUMBER = 0x004,
    DEVICE_ID = 0x008,
    VENDOR_ID = 0x00c,
    QUEUE_SIZE_MAX = 0x034,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    SHM_LENGTH = 0x0b0,
    SHM_BASE_HIGH = 0x0bc,
    CONFIG = 0x100,
};

/* The others, and where they are in that structure. */
static const struct twin {
    uint16_t offset, common;
    uint8_t width;
    bool is_readable, is_writable;
} twins[] = {
    {0x010, REF_COMMON_DEVICE_FEATURE, 4, true, false},
    {0x014, REF_COMMON_DEVICE_FEATURE_SELECT, 4, false, true},
    {0x020, REF_COMMON_DRIVER_FEATURE, 4, false, true},
    {0x024, REF_COMMON_DRIVER_FEATURE_SELECT, 4, false, true},
    {0x030, REF_COMMON_QUEUE_SELECT, 2, false, true},
    {0x038, REF_COMMON_QUEUE_SIZE, 2, false, true},
    {0x070, REF_COMMON_DEVICE_STATUS, 1, true, true},
    {0x080, REF_COMMON_QUEUE_DESC, 4, false, true},
    {0x084, REF_COMMON_QUEUE_DESC + 4, 4, false, true},
    {0x090, REF_COMMON_QUEUE_DRIVER, 4, false, true},
    {0x094, REF_COMMON_QUEUE_DRIVER + 4, 4, false, true},
    {0x0a0, REF_COMMON_QUEUE_DEVICE, 4, false, true},
    {0x0a4, REF_COMMON_QUEUE_DEVICE + 4, 4, false, true},
    {0x0fc, REF_COMMON_CONFIG_GENERATION, 1, true, false},
};

static const struct twin *twin_of(uint32_t offset)
{
    for (unsigned i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
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
    case MAGIC_VALUE:
        return MAGIC;
    case VERSION_NUMBER:
        return MODERN;
    case DEVICE_ID:
        return ref_get(virtio->function.config + 2, 2) - 0x1040;
    case VENDOR_ID:
        return VENDOR;
    case QUEUE_SIZE_MAX:
        return queue ? queue->size_max : 0;
    case QUEUE_READY:
        return queue ? queue->is_enabled : 0;
    case INTERRUPT_STATUS:
        return virtio->isr;
    default:
        if (offset >= SHM_LENGTH && offset <= SHM_BASE_HIGH)
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
    case QUEUE_READY:
        if (queue && value & 1)
            ref_enable(virtio, queue);
        else if (queue)
            queue->is_enabled = false;
        break;
    case QUEUE_NOTIFY:
        if (value < virtio->queue_count)
            ref_process(virtio, value);
        break;
    case INTERRUPT_ACK:
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
    if (offset >= CONFIG)
        return ref_read_config(virtio, offset - CONFIG, width);
    return width == 4 ? read_register(virtio, offset) : REF_ALL_ONES(width);
}

void ref_mmio_write(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value)
{
    if (offset >= CONFIG)
        ref_write_config(virtio, offset - CONFIG, width, value);
    else if (width == 4)
        write_register(virtio, offset, (uint32_t)value);
}
