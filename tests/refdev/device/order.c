// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/device/order.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/spec/wire.h"
#include "tests/refdev/device/ring.h"
#include "tests/refdev/device/virtio_parts.h"

#define FIRST_QUEUE_FIELD REF_COMMON_QUEUE_SIZE

/* Of all devices of the process: one driver drives them. */
static char first[160];

void ref_out_of_order(const struct ref_virtio *virtio, const char *format, ...)
{
    va_list args;
    int length;

    if (*first)
        return;
    length =
        snprintf(first, sizeof(first),
                 "virtio device in slot %u, status 0x%x: ", virtio->function.slot, virtio->status);
    va_start(args, format);
    vsnprintf(first + length, sizeof(first) - (size_t)length, format, args);
    va_end(args);
}

const char *ref_take_order(void)
{
    static char taken[sizeof(first)];

    if (!*first)
        return NULL;
    snprintf(taken, sizeof(taken), "%s", first);
    *first = 0;
    return taken;
}

/* 3.1.1 steps 2 to 5: features are looked at behind DRIVER, queues behind FEATURES_OK. */
static bool is_early(const struct ref_virtio *virtio, uint32_t offset)
{
    if (offset < REF_COMMON_CONFIG_VECTOR)
        return !(virtio->status & STATUS_DRIVER);
    return offset >= FIRST_QUEUE_FIELD && !(virtio->status & STATUS_FEATURES_OK);
}

void ref_order_read(struct ref_virtio *virtio, uint32_t offset)
{
    if (offset == REF_COMMON_DEVICE_STATUS) {
        virtio->order.is_reset_unread = false;
        virtio->order.are_features_unread = false;
    }
    if (is_early(virtio, offset))
        ref_out_of_order(virtio, "offset %u of the common configuration is read", offset);
}

static bool has_available(struct ref_virtio *virtio, const struct ref_queue *queue)
{
    uint16_t field = 0;

    ref_read16(virtio, queue->is_packed ? queue->desc + 14 : queue->driver + 2, &field);
    return field;
}

/* 3.1.1 step 7: every queue is set up, and an IOMMU's event queue populated. */
static void check_start(struct ref_virtio *virtio)
{
    for (unsigned i = 0; i < virtio->queue_count; i++)
        if (!virtio->queues[i].is_enabled)
            ref_out_of_order(virtio, "DRIVER_OK, and queue %u is not enabled", i);
    if (virtio->queue_count == REF_QUEUES &&
        !has_available(virtio, &virtio->queues[VIRTIO_IOMMU_EVENTQ]))
        ref_out_of_order(virtio, "DRIVER_OK, and the event queue has no buffer");
}

/* 2.2.1, 6.1: nothing that is not offered, and what a driver has to accept. */
static void check_features(struct ref_virtio *virtio)
{
    uint64_t needed = REF_BIT(REF_F_VERSION_1) | REF_BIT(REF_F_ACCESS_PLATFORM);

    if (virtio->driver_features & ~virtio->offered)
        ref_out_of_order(virtio, "features 0x%llx are accepted, 0x%llx are offered",
                         (unsigned long long)virtio->driver_features,
                         (unsigned long long)virtio->offered);
    else if (needed & virtio->offered & ~virtio->driver_features)
        ref_out_of_order(virtio, "VERSION_1 or ACCESS_PLATFORM is offered and not accepted");
    virtio->order.are_features_unread = true;
}

static void check_status(struct ref_virtio *virtio, uint8_t value)
{
    uint8_t added = value & (uint8_t)~virtio->status;

    if (!value) {
        virtio->order.is_reset_unread = true;
        return;
    }
    if (virtio->order.is_reset_unread) /* 2.4.2, 4.1.4.3.2 */
        ref_out_of_order(virtio, "the status is not read between a reset and 0x%x", value);
    /* What the device has set is not the driver's to write. */
    if (virtio->status & ~(value | STATUS_NEEDS_RESET))
        ref_out_of_order(virtio, "a bit of the status is cleared by writing 0x%x", value);
    if ((added & STATUS_DRIVER && !(value & STATUS_ACKNOWLEDGE)) ||
        (added & STATUS_FEATURES_OK && !(virtio->status & STATUS_DRIVER)) ||
        (added & STATUS_DRIVER_OK && !(virtio->status & STATUS_FEATURES_OK)))
        ref_out_of_order(virtio, "the status is set to 0x%x", value);
    if (added & STATUS_FEATURES_OK)
        check_features(virtio);
    if (added & STATUS_DRIVER_OK) {
        if (virtio->order.are_features_unread) /* 3.1.1 step 6 */
            ref_out_of_order(virtio, "FEATURES_OK is not read back before DRIVER_OK");
        check_start(virtio);
    }
}

/* 4.1.4.3.2: of queues that there are, and no value that the field does not take. */
static void check_queue_field(struct ref_virtio *virtio, uint32_t offset, uint64_t value)
{
    const struct ref_queue *queue;

    if (virtio->queue_select >= virtio->queue_count) {
        ref_out_of_order(virtio, "offset %u is written of queue %u, which does not exist", offset,
                         virtio->queue_select);
        return;
    }
    queue = &virtio->queues[virtio->queue_select];
    if ((offset == REF_COMMON_QUEUE_SIZE ||
         (offset >= REF_COMMON_QUEUE_ENABLE && offset < REF_COMMON_QUEUE_RESET)) &&
        queue->is_enabled)
        ref_out_of_order(virtio, "offset %u is written of queue %u, which is enabled", offset,
                         virtio->queue_select);
    if (offset == REF_COMMON_QUEUE_SIZE &&
        (!value || value > queue->size_max ||
         (!ref_has(virtio, REF_F_RING_PACKED) && value & (value - 1))))
        ref_out_of_order(virtio, "queue %u is to have %llu entries", virtio->queue_select,
                         (unsigned long long)value);
    if ((offset == REF_COMMON_QUEUE_ENABLE && value != 1) ||
        (offset == REF_COMMON_QUEUE_RESET &&
         (value != 1 || !ref_has(virtio, REF_F_RING_RESET) || !queue->is_enabled)))
        ref_out_of_order(virtio, "%llu is written at offset %u of queue %u",
                         (unsigned long long)value, offset, virtio->queue_select);
    if (offset == REF_COMMON_QUEUE_ENABLE)
        ref_order_enable(virtio, queue);
}

void ref_order_write(struct ref_virtio *virtio, uint32_t offset, uint64_t value)
{
    if (offset == REF_COMMON_DEVICE_STATUS)
        check_status(virtio, (uint8_t)value);
    else if (is_early(virtio, offset) ||
             (offset == REF_COMMON_QUEUE_SELECT && !(virtio->status & STATUS_FEATURES_OK)))
        ref_out_of_order(virtio, "offset %u of the common configuration is written", offset);
    else if (offset == REF_COMMON_DRIVER_FEATURE && virtio->status & STATUS_FEATURES_OK)
        ref_out_of_order(virtio, "driver_feature is written behind FEATURES_OK");
    else if (offset >= FIRST_QUEUE_FIELD)
        check_queue_field(virtio, offset, value);
}

/* 3.1.1 step 4: it may be read before the features are settled, and not written. */
void ref_order_config(const struct ref_virtio *virtio, bool is_write)
{
    if (!(virtio->status & (is_write ? STATUS_FEATURES_OK : STATUS_DRIVER)))
        ref_out_of_order(virtio, "the device configuration is %s", is_write ? "written" : "read");
}

void ref_order_notification(const struct ref_virtio *virtio, unsigned queue)
{
    if (queue == REF_QUEUES)
        ref_out_of_order(virtio, "a notification names no queue");
    else if (!(virtio->status & STATUS_DRIVER_OK))
        ref_out_of_order(virtio, "queue %u is notified before DRIVER_OK", queue);
    else if (!virtio->queues[queue].is_enabled)
        ref_out_of_order(virtio, "queue %u is notified, and is not enabled", queue);
}
