// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/virtio/transport_mmio.h"

#define QUEUES_MAX 1024 /* kvmtool has a size for queues that do not exist, too */

static const struct virtio_mmio *mmio_of(struct virtio_transport *transport)
{
    return (const struct virtio_mmio *)transport;
}

static uint32_t read(struct virtio_transport *transport, enum virtio_mmio_register offset)
{
    return virtio_mmio_read(mmio_of(transport)->block, offset);
}

static void write(struct virtio_transport *transport, enum virtio_mmio_register offset,
                  uint32_t value)
{
    virtio_mmio_write(mmio_of(transport)->block, offset, value);
}

static void write64(struct virtio_transport *transport, unsigned offset, uint64_t value)
{
    write(transport, offset, (uint32_t)value);
    write(transport, offset + 4, (uint32_t)(value >> 32));
}

static uint8_t status(struct virtio_transport *transport)
{
    return (uint8_t)read(transport, VIRTIO_MMIO_STATUS);
}

static void set_status(struct virtio_transport *transport, uint8_t value)
{
    write(transport, VIRTIO_MMIO_STATUS, value);
}

static uint32_t device_features(struct virtio_transport *transport, uint32_t select)
{
    write(transport, VIRTIO_MMIO_DEVICE_FEATURES_SEL, select);
    return read(transport, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void set_driver_features(struct virtio_transport *transport, uint32_t select, uint32_t bits)
{
    write(transport, VIRTIO_MMIO_DRIVER_FEATURES_SEL, select);
    write(transport, VIRTIO_MMIO_DRIVER_FEATURES, bits);
}

static uint32_t queue_size(struct virtio_transport *transport, uint16_t queue)
{
    write(transport, VIRTIO_MMIO_QUEUE_SEL, queue);
    return read(transport, VIRTIO_MMIO_QUEUE_SIZE_MAX);
}

/* No register has the number: queues are counted up to the first that does not exist. */
static uint16_t queue_count(struct virtio_transport *transport)
{
    uint16_t count = 0;

    while (count < QUEUES_MAX && queue_size(transport, count))
        count++;
    return count;
}

static uint32_t generation(struct virtio_transport *transport)
{
    return read(transport, VIRTIO_MMIO_CONFIG_GENERATION);
}

static volatile uint8_t *config_at(struct virtio_transport *transport, uint32_t offset,
                                   unsigned width)
{
    const struct virtio_mmio *device = mmio_of(transport);

    if (offset >= device->config_length || width > device->config_length - offset)
        return NULL;
    return device->block->registers + VIRTIO_MMIO_CONFIG + offset;
}

static uint32_t config_read(struct virtio_transport *transport, uint32_t offset, unsigned width)
{
    const volatile uint8_t *at = config_at(transport, offset, width);

    return at ? mmio_read(at, width) : UINT32_MAX >> (32 - 8 * width);
}

static void config_write(struct virtio_transport *transport, uint32_t offset, unsigned width,
                         uint32_t value)
{
    volatile uint8_t *at = config_at(transport, offset, width);

    if (at)
        mmio_write(at, width, value);
}

static uint16_t set_queue_size(struct virtio_transport *transport, uint16_t queue, uint16_t size)
{
    write(transport, VIRTIO_MMIO_QUEUE_SEL, queue);
    write(transport, VIRTIO_MMIO_QUEUE_SIZE, size);
    return size;
}

static void set_queue_rings(struct virtio_transport *transport, uint16_t queue, uint64_t desc,
                            uint64_t driver, uint64_t device)
{
    write(transport, VIRTIO_MMIO_QUEUE_SEL, queue);
    write64(transport, VIRTIO_MMIO_QUEUE_DESC, desc);
    write64(transport, VIRTIO_MMIO_QUEUE_DRIVER, driver);
    write64(transport, VIRTIO_MMIO_QUEUE_DEVICE, device);
}

static bool queue_enabled(struct virtio_transport *transport, uint16_t queue)
{
    write(transport, VIRTIO_MMIO_QUEUE_SEL, queue);
    return read(transport, VIRTIO_MMIO_QUEUE_READY) != 0;
}

static void enable_queue(struct virtio_transport *transport, uint16_t queue)
{
    write(transport, VIRTIO_MMIO_QUEUE_SEL, queue);
    write(transport, VIRTIO_MMIO_QUEUE_READY, 1);
}

static void reset_queue(struct virtio_transport *transport, uint16_t queue)
{
    write(transport, VIRTIO_MMIO_QUEUE_SEL, queue);
    write(transport, VIRTIO_MMIO_QUEUE_RESET, 1);
}

static uint32_t queue_reset(struct virtio_transport *transport, uint16_t queue)
{
    write(transport, VIRTIO_MMIO_QUEUE_SEL, queue);
    return read(transport, VIRTIO_MMIO_QUEUE_RESET);
}

static volatile void *doorbell(struct virtio_transport *transport, uint16_t queue, unsigned width)
{
    (void)queue; /* one register for all queues, of 4 bytes */
    (void)width;
    return mmio_of(transport)->block->registers + VIRTIO_MMIO_QUEUE_NOTIFY;
}

static uint8_t isr(struct virtio_transport *transport)
{
    uint32_t pending = read(transport, VIRTIO_MMIO_INTERRUPT_STATUS);

    if (pending)
        write(transport, VIRTIO_MMIO_INTERRUPT_ACK, pending);
    return (uint8_t)pending;
}

static const struct virtio_transport_ops ops = {
    .status = status,
    .set_status = set_status,
    .device_features = device_features,
    .set_driver_features = set_driver_features,
    .queue_count = queue_count,
    .generation = generation,
    .config_read = config_read,
    .config_write = config_write,
    .queue_size = queue_size,
    .set_queue_size = set_queue_size,
    .set_queue_rings = set_queue_rings,
    .queue_enabled = queue_enabled,
    .enable_queue = enable_queue,
    .reset_queue = reset_queue,
    .queue_reset = queue_reset,
    .doorbell = doorbell,
    .isr = isr,
};

bool virtio_mmio_identify(const struct machine_mmio *machine, struct virtio_mmio_block *block)
{
    *block = (struct virtio_mmio_block){.machine = machine};
    if (machine->size < VIRTIO_MMIO_CONFIG)
        return false;
    block->registers = arch_map(machine->base, machine->size, ARCH_DEVICE);
    if (!block->registers)
        return false;
    block->magic = virtio_mmio_read(block, VIRTIO_MMIO_MAGIC_VALUE);
    if (block->magic != VIRTIO_MMIO_MAGIC)
        return true;
    block->version = virtio_mmio_read(block, VIRTIO_MMIO_VERSION_NUMBER);
    block->device = virtio_mmio_read(block, VIRTIO_MMIO_DEVICE_ID);
    block->vendor = virtio_mmio_read(block, VIRTIO_MMIO_VENDOR_ID);
    return true;
}

bool virtio_mmio_open(const struct virtio_mmio_block *block, struct virtio_mmio *device,
                      const struct sink *diagnostics)
{
    if (block->magic != VIRTIO_MMIO_MAGIC || block->version != VIRTIO_MMIO_VERSION) {
        sink_printf(diagnostics,
                    "virtio-mmio at 0x%llx: magic 0x%x, version %u, expected 0x%x and version %u; "
                    "not driven",
                    (unsigned long long)block->machine->base, block->magic, block->version,
                    VIRTIO_MMIO_MAGIC, VIRTIO_MMIO_VERSION);
        return false;
    }

    uint64_t behind = block->machine->size - VIRTIO_MMIO_CONFIG;

    *device = (struct virtio_mmio){
        .transport = {.ops = &ops, .name = "virtio-mmio", .doorbell_width = 4},
        .block = block,
        .config_length = behind < UINT32_MAX ? (uint32_t)behind : UINT32_MAX,
    };
    return true;
}
