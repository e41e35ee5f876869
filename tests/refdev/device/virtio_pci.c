// SPDX-License-Identifier: BSD-2-Clause
/* Capabilities and structures in the BAR of a virtio function: virtio 1.4 section 4.1.4. */
#include <string.h>

#include "tests/refdev/device/order.h"
#include "tests/refdev/device/virtio_parts.h"
#include "tests/refdev/mutants/mutant.h"

#define VENDOR            0x1af4
#define CAPABILITY_VENDOR 0x09
#define CLASS_OTHER       0xff0000

static struct ref_virtio *virtio_of(struct ref_function *function)
{
    return (struct ref_virtio *)function;
}

static void reset_function(struct ref_function *function)
{
    ref_virtio_reset(virtio_of(function));
}

/* 4.1.4.5: reading ISR clears it and de-asserts the line. */
static uint8_t take_isr(struct ref_virtio *virtio)
{
    uint8_t isr = virtio->isr;

    if (!MUTANT(ISR_NOT_CLEARED))
        virtio->isr = 0;
    if (!MUTANT(ISR_LEAVES_THE_LINE))
        ref_set_line(&virtio->function, false);
    return isr;
}

static bool is_iommu(const struct ref_virtio *virtio)
{
    return ref_get(virtio->function.config + 2, 2) == 0x1040 + VIRTIO_ID_IOMMU;
}

static uint64_t bar_read(struct ref_function *function, uint32_t offset, unsigned width)
{
    struct ref_virtio *virtio = virtio_of(function);

    if (MUTANT(HOSTILE_DIES) && is_iommu(virtio) && ref_look() > 2000)
        return REF_ALL_ONES(width);
    if (MUTANT(HOSTILE_INTERRUPT_STORM) && is_iommu(virtio) && ref_is_running(virtio)) {
        ref_fire(function, 0);
        ref_set_line(function, true);
    }
    if (offset < REF_COMMON + REF_COMMON_SIZE) {
        ref_order_field(virtio, offset, width, false);

        uint64_t value = ref_read_common(virtio, offset);

        if (width == 8)
            value = (uint32_t)value | ref_read_common(virtio, offset + 4) << 32;
        return value;
    }
    if (offset == REF_ISR)
        return take_isr(virtio);
    if (offset >= REF_DEVICE && offset < REF_DEVICE + REF_DEVICE_SIZE)
        return ref_read_config(virtio, offset - REF_DEVICE, width);
    return 0;
}

static void bar_write(struct ref_function *function, uint32_t offset, unsigned width,
                      uint64_t value)
{
    struct ref_virtio *virtio = virtio_of(function);

    if (offset < REF_COMMON + REF_COMMON_SIZE) {
        ref_order_field(virtio, offset, width, true);
        ref_write_common(virtio, offset, width, value);
    } else if (offset >= REF_DEVICE && offset < REF_DEVICE + REF_DEVICE_SIZE) {
        ref_write_config(virtio, offset - REF_DEVICE, width, value);
    } else if (offset >= REF_NOTIFY &&
               offset < REF_NOTIFY + REF_NOTIFY_STEP * virtio->queue_count) {
        ref_doorbell(virtio, (offset - REF_NOTIFY) / REF_NOTIFY_STEP, width, (uint32_t)value);
    }
}

/* 4.1.4.9: a window into the BAR, for drivers that can't map it. */
struct window {
    uint8_t bar;
    uint32_t offset, length;
};

static struct window read_window(const struct ref_function *function, uint8_t at)
{
    return (struct window){function->config[at + 4], ref_get(function->config + at + 8, 4),
                           ref_get(function->config + at + 12, 4)};
}

/* The capability of cfg_type PCI_CFG is the last one. */
static bool is_window(const struct ref_function *function, uint16_t offset, unsigned width,
                      struct window *window)
{
    *window = read_window(function, function->capability);
    return offset == function->capability + 16 && window->length == width && !window->bar &&
           window->offset <= function->bar_size - width && !(window->offset & (width - 1));
}

static uint32_t config_read(struct ref_function *function, uint16_t offset, unsigned width,
                            uint32_t value)
{
    struct window window;

    if (MUTANT(PCI_CFG_READS_ZERO))
        return value;
    if (MUTANT(PCI_CFG_FROM_ZERO) && is_window(function, offset, width, &window))
        return (uint32_t)ref_bar_read(function, 0, width);
    return is_window(function, offset, width, &window)
               ? (uint32_t)ref_bar_read(function, window.offset, width)
               : value;
}

static void config_write(struct ref_function *function, uint16_t offset, unsigned width,
                         uint32_t value)
{
    struct window window;

    if (is_window(function, offset, width, &window) && !MUTANT(PCI_CFG_WRITES_LOST))
        ref_bar_write(function, window.offset, width, value);
}

static const struct ref_function_ops function_ops = {
    .read = bar_read,
    .write = bar_write,
    .reset = reset_function,
    .config_read = config_read,
    .config_write = config_write,
};

/* A capability for a structure in the BAR (4.1.4). A mutant may move it or make it too long. */
static uint8_t add_structure(struct ref_function *function, uint8_t type, uint32_t offset,
                             uint32_t length, uint8_t size)
{
    uint8_t bytes[20] = {[2] = size, [3] = type};

    if (MUTANT(HOSTILE_STRUCTURE_BAR_6))
        bytes[4] = 6;
    if (MUTANT(HOSTILE_STRUCTURE_FAR))
        offset += 0x4000;
    if (MUTANT(HOSTILE_STRUCTURE_WRAPS))
        length = 0u - offset + 0x100;
    if ((MUTANT(NO_COMMON) && type == 1) || (MUTANT(NO_NOTIFY) && type == 2) ||
        (MUTANT(NO_ISR) && type == 3) || (MUTANT(NO_DEVICE_CONFIG) && type == 4) ||
        (MUTANT(NO_PCI_CFG) && type == 5))
        bytes[3] = 0x77;
    if (MUTANT(NOTIFY_LENGTH_1) && type == 2)
        length = 1;
    if (MUTANT(NOTIFY_TOO_SHORT) && type == 2)
        length = REF_NOTIFY_STEP;
    if (MUTANT(NOTIFICATION_AT_2) && type == 2)
        offset += 2;
    if (MUTANT(NOTIFICATION_LENGTH_2) && type == 2)
        length = 2;
    if (MUTANT(NOTIFICATION_WITHOUT_ROOM) && type == 2)
        length -= 2;
    if (MUTANT(CAPABILITY_LENGTH_16) && type == 2)
        bytes[2] = 16;
    if (MUTANT(COMMON_AT_ODD_OFFSET) && type == 1)
        offset += 2;
    if (MUTANT(NOTIFY_AT_ODD_OFFSET) && type == 2)
        offset += 1;
    if (MUTANT(DEVICE_AT_ODD_OFFSET) && type == 4)
        offset += 2;
    if (MUTANT(STRUCTURE_LEAVES_THE_BAR) && type == 4)
        length = 0x100000;
    ref_put(bytes + 8, 4, offset);
    ref_put(bytes + 12, 4, length);
    ref_put(bytes + 16, 4,
            type != 2                           ? 0
            : MUTANT(NOTIFY_MULTIPLIER_6)       ? 6
            : MUTANT(NOTIFICATION_MULTIPLIER_2) ? 2
                                                : REF_NOTIFY_STEP);

    uint8_t at = ref_add_capability(function, CAPABILITY_VENDOR, bytes, size);

    if (MUTANT(STRUCTURES_MOVE) && type < 5)
        memset(function->writable + at + 8, 0xff, 4);
    return at;
}

/* 4.1.4.1: what a driver passes over, for the capability of that type that it can use. */
static void add_decoy(struct ref_function *function, uint8_t type)
{
    const uint8_t bytes[20] = {[2] = sizeof(bytes), [3] = type, [4] = 2, [12] = 0x80};

    ref_add_capability(function, CAPABILITY_VENDOR, bytes, sizeof(bytes));
}

void ref_virtio_init(struct ref_virtio *virtio, const struct ref_virtio_ops *ops, uint16_t type,
                     uint64_t offered, unsigned queue_count, uint32_t config_length)
{
    const struct ref_identity identity = {
        .vendor = VENDOR,
        .device = (uint16_t)((MUTANT(DEVICE_ID_WRONG) ? 0x1000 : 0x1040) + type),
        .subsystem = MUTANT(SUBSYSTEM_ID_LOW) ? type : 0x40,
        .class_code = CLASS_OTHER,
        .revision = MUTANT(REVISION_0) ? 0 : 1,
    };
    struct ref_function *function = &virtio->function;

    ref_function_init(function, &identity, REF_VIRTIO_BAR);
    function->ops = &function_ops;
    ref_add_msix(function);
    if (virtio->has_decoys)
        for (uint8_t decoy = 1; decoy < 4; decoy++)
            add_decoy(function, decoy);
    add_structure(function, 1, REF_COMMON, REF_COMMON_SIZE, 16);
    add_structure(function, 2, REF_NOTIFY, REF_NOTIFY_STEP * queue_count, 20);
    add_structure(function, 3, REF_ISR, 1, 16);
    if (config_length)
        add_structure(function, 4, REF_DEVICE, config_length, 16);
    uint8_t window = add_structure(function, 5, 0, 0, 20);

    function->writable[window + 4] = 0xff;
    memset(function->writable + window + 8, 0xff, 12);
    if (MUTANT(PCI_CFG_LENGTH_FIXED)) {
        function->config[window + 12] = 4;
        memset(function->writable + window + 12, 0, 4);
    }
    if (MUTANT(HOSTILE_CAPABILITIES_LOOP))
        function->config[window + 1] = window;
    if (MUTANT(HOSTILE_CAPABILITY_LEAVES_SPACE)) {
        function->config[window + 1] = 0xfc;
        ref_put(function->config + 0xfc, 4, 0x01100000 | CAPABILITY_VENDOR);
    }
    if (MUTANT(HOSTILE_BAR_SIZE_ODD))
        ref_put(function->writable + 0x10, 4, 0xfff9f000);
    virtio->ops = ops;
    virtio->offered = offered | REF_BIT(REF_F_VERSION_1);
    if (MUTANT(FEATURE_11_OFFERED))
        virtio->offered |= REF_BIT(11);
    if (type == VIRTIO_ID_IOMMU && MUTANT(MMIO_ADMIN_QUEUE_OFFERED))
        virtio->offered |= REF_BIT(41);
    if (type == VIRTIO_ID_IOMMU && MUTANT(VERSION_1_NOT_OFFERED))
        virtio->offered &= ~REF_BIT(REF_F_VERSION_1);
    if (type == VIRTIO_ID_IOMMU && MUTANT(BYPASS_OFFERED_TOO))
        virtio->offered |= REF_BIT(VIRTIO_IOMMU_F_BYPASS);
    if (type == VIRTIO_ID_IOMMU && MUTANT(MAP_UNMAP_NOT_OFFERED))
        virtio->offered &= ~REF_BIT(VIRTIO_IOMMU_F_MAP_UNMAP);
    virtio->config_length = config_length;
    virtio->queue_count = queue_count;
    for (unsigned i = 0; i < queue_count; i++)
        virtio->queues[i].size_max = REF_QUEUE_SIZE;
}
