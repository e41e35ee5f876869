// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array/array.h"
#include "tests/refdev/server/vfio.h"

enum command {
    VERSION = 1,
    DMA_MAP,
    DMA_UNMAP,
    GET_INFO,
    GET_REGION_INFO,
    GET_IRQ_INFO = 7,
    SET_IRQS,
    REGION_READ,
    REGION_WRITE,
    RESET = 13,
};

#define MAPPABLE (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* -- commands: each takes the message's payload and leaves the reply's; its length, or -errno -- */

static int version(struct vfio_link *link, union vfio_payload *payload)
{
    (void)link;
    if (payload->version.major)
        return -EPROTO;
    payload->version = (struct vfio_version){0, 0, VFIO_CAPABILITIES};
    return offsetof(struct vfio_version, capabilities) + sizeof(VFIO_CAPABILITIES);
}

/* A region that is read-only, or has no descriptor, is not memory for the device. */
static int dma_map(struct vfio_link *link, union vfio_payload *payload)
{
    struct descriptors *descriptors = &link->descriptors;
    const struct vfio_map *map = &payload->map;

    if ((map->flags & MAPPABLE) != MAPPABLE || !descriptors->count)
        return 0;
    return shared_add(&link->memory, descriptors->numbers[--descriptors->count], map->address,
                      map->size, map->offset)
               ? 0
               : -ENOMEM;
}

static int dma_unmap(struct vfio_link *link, union vfio_payload *payload)
{
    const struct vfio_unmap *unmap = &payload->unmap;

    if (unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL)
        shared_clear(&link->memory);
    else
        shared_remove(&link->memory, unmap->address, unmap->size);
    return sizeof(*unmap);
}

static int get_info(struct vfio_link *link, union vfio_payload *payload)
{
    (void)link;
    payload->info = (struct vfio_info){.argsz = sizeof(struct vfio_info),
                                       .flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
                                       .region_count = VFIO_PCI_NUM_REGIONS,
                                       .irq_count = VFIO_PCI_NUM_IRQS};
    return sizeof(struct vfio_info);
}

static uint64_t region_size(const struct vfio_link *link, uint32_t index)
{
    return index == VFIO_PCI_BAR0_REGION_INDEX     ? link->function->bar_size
           : index == VFIO_PCI_CONFIG_REGION_INDEX ? REF_CONFIG_SIZE
                                                   : 0;
}

static int get_region_info(struct vfio_link *link, union vfio_payload *payload)
{
    uint32_t index = payload->region.index;
    uint64_t size = region_size(link, index);

    if (index >= VFIO_PCI_NUM_REGIONS)
        return -EINVAL;
    payload->region = (struct vfio_region_info){
        .argsz = sizeof(payload->region),
        .flags = size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0,
        .index = index,
        .size = size,
    };
    return sizeof(payload->region);
}

static int get_irq_info(struct vfio_link *link, union vfio_payload *payload)
{
    static const uint32_t flags[TRIGGER_INDICES] = {
        VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED,
        VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
        VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
    };
    uint32_t index = payload->irq.index;

    if (index >= TRIGGER_INDICES)
        return -EINVAL;
    payload->irq = (struct vfio_irq_info){.argsz = sizeof(payload->irq),
                                          .flags = flags[index],
                                          .index = index,
                                          .count = triggers_count(&link->triggers, index)};
    return sizeof(payload->irq);
}

/* As many eventfds as vectors, or none at all. */
static int set_eventfds(struct triggers *triggers, const struct vfio_irqs *set,
                        struct descriptors *descriptors)
{
    bool has_eventfds = descriptors->count;

    if (has_eventfds && descriptors->count != set->count)
        return -EINVAL;
    for (unsigned i = 0; i < set->count; i++)
        triggers_set(triggers, set->index, set->start + i,
                     has_eventfds ? descriptors->numbers[i] : -1);
    descriptors->count = 0;
    return 0;
}

static int set_irqs(struct vfio_link *link, union vfio_payload *payload)
{
    struct triggers *triggers = &link->triggers;
    const struct vfio_irqs *set = &payload->irqs;
    unsigned count = set->index < TRIGGER_INDICES ? triggers_count(triggers, set->index) : 0;

    if (set->start > count || set->count > count - set->start)
        return -EINVAL;
    switch (set->flags) {
    case VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER:
        return set_eventfds(triggers, set, &link->descriptors);
    case VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER:
        if (set->count)
            return -EINVAL;
        for (unsigned i = 0; i < count; i++)
            triggers_set(triggers, set->index, i, -1);
        return 0;
    case VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK:
    case VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK:
        if (set->index != TRIGGER_INTX)
            return -EINVAL;
        triggers_mask_line(triggers, set->flags & VFIO_IRQ_SET_ACTION_MASK);
        return 0;
    default:
        return -EINVAL;
    }
}

/* The VMM may access the whole configuration at once: it is done byte by byte. */
static uint32_t config_width(uint32_t count)
{
    return count == 2 || count == 4 ? count : 1;
}

static bool is_access(const struct vfio_link *link, const struct vfio_access *access)
{
    uint64_t size = region_size(link, access->region);
    uint32_t count = access->count;

    if (count > sizeof(access->data) || access->offset > size || count > size - access->offset)
        return false;
    if (access->region == VFIO_PCI_CONFIG_REGION_INDEX)
        return !(access->offset & (config_width(count) - 1));
    return (count == 1 || count == 2 || count == 4 || count == 8) &&
           !(access->offset & (count - 1));
}

static int region_read(struct vfio_link *link, union vfio_payload *payload)
{
    struct vfio_access *access = &payload->access;
    uint32_t width = config_width(access->count);

    if (!is_access(link, access))
        return -EINVAL;
    if (access->region != VFIO_PCI_CONFIG_REGION_INDEX) {
        uint64_t value = ref_bar_read(link->function, (uint32_t)access->offset, access->count);

        memcpy(access->data, &value, access->count);
    } else {
        for (uint32_t i = 0; i < access->count; i += width)
            ref_put(access->data + i, width,
                    ref_config_read(link->function, (uint16_t)(access->offset + i), width));
    }
    return (int)(offsetof(struct vfio_access, data) + access->count);
}

static int region_write(struct vfio_link *link, union vfio_payload *payload)
{
    struct vfio_access *access = &payload->access;
    uint32_t width = config_width(access->count);
    uint64_t value = 0;

    if (!is_access(link, access))
        return -EINVAL;
    if (access->region != VFIO_PCI_CONFIG_REGION_INDEX) {
        memcpy(&value, access->data, access->count);
        ref_bar_write(link->function, (uint32_t)access->offset, access->count, value);
    } else {
        for (uint32_t i = 0; i < access->count; i += width)
            ref_config_write(link->function, (uint16_t)(access->offset + i), width,
                             ref_get(access->data + i, width));
    }
    return offsetof(struct vfio_access, data);
}

static int reset(struct vfio_link *link, union vfio_payload *payload)
{
    (void)payload;
    ref_reset(link->function);
    triggers_renew(&link->triggers);
    return 0;
}

static const struct {
    uint32_t size; /* of the payload, at least */
    int (*handle)(struct vfio_link *link, union vfio_payload *payload);
} commands[] = {
    [VERSION] = {offsetof(struct vfio_version, capabilities), version},
    [DMA_MAP] = {sizeof(struct vfio_map), dma_map},
    [DMA_UNMAP] = {sizeof(struct vfio_unmap), dma_unmap},
    [GET_INFO] = {sizeof(struct vfio_info), get_info},
    [GET_REGION_INFO] = {sizeof(struct vfio_region_info), get_region_info},
    [GET_IRQ_INFO] = {sizeof(struct vfio_irq_info), get_irq_info},
    [SET_IRQS] = {sizeof(struct vfio_irqs), set_irqs},
    [REGION_READ] = {offsetof(struct vfio_access, data), region_read},
    [REGION_WRITE] = {offsetof(struct vfio_access, data), region_write},
    [RESET] = {0, reset},
};

int vfio_handle(struct vfio_link *link, uint16_t command, union vfio_payload *payload,
                uint32_t size)
{
    if (command >= ARRAY_LENGTH(commands) || !commands[command].handle) {
        fprintf(stderr, "refdev: %s: message %u, expected 1 to 5, 7 to 10 or 13\n", link->name,
                command);
        return -ENOSYS;
    }
    uint64_t expected = commands[command].size;

    if (command == REGION_WRITE && size >= expected)
        expected += payload->access.count;
    if (size < expected) {
        fprintf(stderr,
                "refdev: %s: message %u has 0x%x bytes behind its header, expected 0x%llx\n",
                link->name, command, size, (unsigned long long)expected);
        return -EINVAL;
    }
    return commands[command].handle(link, payload);
}
