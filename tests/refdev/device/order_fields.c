// SPDX-License-Identifier: BSD-2-Clause
/* How fields are accessed, queues set up and requests made: virtio 1.4 4.1.3.1, 4.1.4.3.2, 4.2.2.2. */
#include <stddef.h>

#include "lib/array/array.h"
#include "lib/spec/wire.h"
#include "tests/refdev/device/order.h"
#include "tests/refdev/device/ring.h"
#include "tests/refdev/device/virtio_parts.h"

#define BYPASS ((uint32_t)offsetof(struct virtio_iommu_config, bypass))

#define MMIO_LAST_OF_QUEUES 0x0a4
#define MMIO_SHM_FIRST      0x0ac
#define MMIO_SHM_LAST       0x0bc
#define MMIO_QUEUE_RESET    0x0c0
#define MMIO_GENERATION     0x0fc

/* 4.1.4.3 */
static const struct field {
    uint8_t offset, width;
    bool is_read_only;
} fields[] = {
    {REF_COMMON_DEVICE_FEATURE_SELECT, 4, false}, {REF_COMMON_DEVICE_FEATURE, 4, true},
    {REF_COMMON_DRIVER_FEATURE_SELECT, 4, false}, {REF_COMMON_DRIVER_FEATURE, 4, false},
    {REF_COMMON_CONFIG_VECTOR, 2, false},         {REF_COMMON_NUM_QUEUES, 2, true},
    {REF_COMMON_DEVICE_STATUS, 1, false},         {REF_COMMON_CONFIG_GENERATION, 1, true},
    {REF_COMMON_QUEUE_SELECT, 2, false},          {REF_COMMON_QUEUE_SIZE, 2, false},
    {REF_COMMON_QUEUE_VECTOR, 2, false},          {REF_COMMON_QUEUE_ENABLE, 2, false},
    {REF_COMMON_QUEUE_NOTIFY_OFF, 2, true},       {REF_COMMON_QUEUE_DESC, 8, false},
    {REF_COMMON_QUEUE_DRIVER, 8, false},          {REF_COMMON_QUEUE_DEVICE, 8, false},
    {REF_COMMON_QUEUE_NOTIFICATION, 2, true},     {REF_COMMON_QUEUE_RESET, 2, false},
};

static const struct field *field_at(uint32_t offset)
{
    const struct field *found = fields;

    for (unsigned i = 0; i < ARRAY_LENGTH(fields) && fields[i].offset <= offset; i++)
        found = &fields[i];
    return found;
}

void ref_order_field(const struct ref_virtio *virtio, uint32_t offset, unsigned width,
                     bool is_write)
{
    const struct field *field = field_at(offset);
    unsigned natural = field->width == 8 ? 4 : field->width;

    if (width != natural || (offset - field->offset) % natural)
        ref_out_of_order(virtio, "%u bytes at offset %u of the common configuration are %s", width,
                         offset, is_write ? "written" : "read");
    else if (is_write && field->is_read_only)
        ref_out_of_order(virtio,
                         "offset %u of the common configuration is written, and is for "
                         "reading",
                         offset);
}

/*
 * 5.13.4: fields of 64 or 32 bits, and the byte that alone may be written (5.13.4.1). From there on a
 * built-in topology has fields of other sizes, for which a driver looks.
 */
void ref_order_iommu_config(const struct ref_virtio *virtio, uint32_t offset, unsigned width,
                            bool is_write, uint64_t value)
{
    if (is_write && (offset != BYPASS || width != 1 || value > 1 ||
                     !ref_has(virtio, VIRTIO_IOMMU_F_BYPASS_CONFIG)))
        ref_out_of_order(virtio, "0x%llx is written to %u bytes of the configuration at %u",
                         (unsigned long long)value, width, offset);
    else if (offset % width || width > 4 || (offset < BYPASS && width != 4))
        ref_out_of_order(virtio, "%u bytes of the configuration at %u are read", width, offset);
}

/* What 4.2.2 has no register for; among them those of the legacy interface (4.2.4). */
static bool is_no_register(uint32_t offset)
{
    return offset % 4 || offset == 0x018 || offset == 0x01c || offset == 0x028 || offset == 0x02c ||
           offset == 0x03c || offset == 0x040 ||
           (offset > MMIO_LAST_OF_QUEUES && offset < MMIO_SHM_FIRST) ||
           (offset > MMIO_QUEUE_RESET && offset < MMIO_GENERATION);
}

void ref_order_register(const struct ref_virtio *virtio, uint32_t offset, unsigned width,
                        bool is_write)
{
    if (width != 4 || is_no_register(offset))
        ref_out_of_order(virtio, "%u bytes of the registers at 0x%x are %s", width, offset,
                         is_write ? "written" : "read");
}

/* 2.7, 2.8.10.1: where the rings are, before the queue is enabled. */
void ref_order_enable(const struct ref_virtio *virtio, const struct ref_queue *queue)
{
    bool is_packed = ref_has(virtio, REF_F_RING_PACKED);
    unsigned align_driver = is_packed ? 4 : 2;

    if (!queue->desc || !queue->driver || !queue->device || queue->desc % 16 ||
        queue->driver % align_driver || queue->device % 4)
        ref_out_of_order(virtio, "a queue is enabled with its rings at 0x%llx, 0x%llx, 0x%llx",
                         (unsigned long long)queue->desc, (unsigned long long)queue->driver,
                         (unsigned long long)queue->device);
}

/* 2.7.7.1: what the driver tells in a split ring of the notifications that it wants. */
static void check_available_flags(struct ref_virtio *virtio, unsigned index)
{
    const struct ref_queue *queue = &virtio->queues[index];
    uint16_t flags = 0;

    if (queue->is_packed || !ref_read16(virtio, queue->driver, &flags))
        return;
    if (flags > !ref_has(virtio, REF_F_EVENT_IDX))
        ref_out_of_order(virtio, "the flags of available ring %u are %u", index, flags);
}

void ref_order_available(struct ref_virtio *virtio, unsigned index, bool is_broken)
{
    if (is_broken)
        ref_out_of_order(virtio, "what is available in queue %u can't be right", index);
    else
        check_available_flags(virtio, index);
}

/* 5.13.6: as many bytes as the structure of the type has, and its reply. */
void ref_order_request(const struct ref_virtio *virtio, uint8_t type, const struct ref_chain *chain,
                       uint32_t probe_size)
{
    static const uint8_t sizes[] = {
        [VIRTIO_IOMMU_T_ATTACH] = sizeof(struct virtio_iommu_req_attach),
        [VIRTIO_IOMMU_T_DETACH] = sizeof(struct virtio_iommu_req_detach),
        [VIRTIO_IOMMU_T_MAP] = sizeof(struct virtio_iommu_req_map),
        [VIRTIO_IOMMU_T_UNMAP] = sizeof(struct virtio_iommu_req_unmap),
        [VIRTIO_IOMMU_T_PROBE] = sizeof(struct virtio_iommu_req_probe),
    };
    uint64_t reply = sizeof(struct virtio_iommu_req_tail);

    if (type == VIRTIO_IOMMU_T_PROBE)
        reply += probe_size;
    if (type >= ARRAY_LENGTH(sizes) || !sizes[type])
        ref_out_of_order(virtio, "a request of type %u", type);
    else if (chain->readable_length != sizes[type] || chain->writable_length != reply)
        ref_out_of_order(virtio, "a request of type %u has %llu and %llu bytes", type,
                         (unsigned long long)chain->readable_length,
                         (unsigned long long)chain->writable_length);
}
