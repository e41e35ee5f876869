// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/virtio.h"

#include <string.h>

#include "tests/refdev/mutant.h"

#define VENDOR            0x1af4
#define CAPABILITY_VENDOR 0x09
#define CLASS_OTHER       0xff0000

#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64

#define ISR_QUEUE  1
#define ISR_CONFIG 2

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
    COMMON_SIZE = 56,
};

static struct ref_virtio *virtio_of(struct ref_function *function)
{
    return (struct ref_virtio *)function;
}

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
    return (virtio->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) == STATUS_DRIVER_OK;
}

static void interrupt(struct ref_virtio *virtio, uint16_t vector, uint8_t isr)
{
    if (ref_msix_is_enabled(&virtio->function)) {
        if (MUTANT(NO_VECTOR_FIRES) && vector == REF_NO_VECTOR)
            vector = 0;
        if (MUTANT(EVERY_VECTOR_IS_0))
            vector = 0;
        if (vector < REF_VECTORS)
            ref_fire(&virtio->function, vector);
        return;
    }
    if (MUTANT(ISR_WITHOUT_BIT))
        isr = 0x80;
    virtio->isr |= isr;
    ref_set_line(&virtio->function, true);
}

void ref_break(struct ref_virtio *virtio)
{
    bool was_running = ref_is_running(virtio);

    virtio->status |= STATUS_NEEDS_RESET;
    if (was_running)
        interrupt(virtio, virtio->config_vector, ISR_CONFIG);
}

bool ref_dma_direct(struct ref_virtio *virtio, uint64_t address, void *bytes, uint32_t length,
                    bool is_write)
{
    const struct ref_surroundings *around = virtio->function.around;
    void *memory = length ? around->memory(around->context, address, length) : bytes;

    if (!memory)
        return false;
    if (is_write)
        memcpy(memory, bytes, length);
    else
        memcpy(bytes, memory, length);
    return true;
}

/* False: nothing left, or no way on. */
static bool handle_next(struct ref_virtio *virtio, unsigned index)
{
    struct ref_queue *queue = &virtio->queues[index];

    switch (ref_pop(virtio, queue)) {
    case REF_BROKEN:
        ref_break(virtio);
        return false;
    case REF_EMPTY:
        return ref_listen(virtio, queue);
    case REF_POPPED:
        break;
    }
    int64_t written = virtio->ops->handle(virtio, index, &queue->chain);

    if (!index && MUTANT(REQUEST_DROPPED) && ++queue->handled % 1500 == 0)
        return true;
    if (!index && MUTANT(REQUEST_TWICE) && ++queue->handled % 50 == 0)
        ref_push(virtio, queue, queue->chain.head, (uint32_t)written);
    if (!index && MUTANT(LIE_NEVER_ANSWERS))
        return true;
    if (!index && MUTANT(LIE_USED_ALWAYS_TWICE))
        ref_push(virtio, queue, queue->chain.head, (uint32_t)written);
    if (!index && MUTANT(LIE_NEEDS_RESET_SOMETIMES) && ++queue->handled % 7 == 0)
        ref_break(virtio);
    if (MUTANT(USED_ID_NEXT))
        queue->chain.head = (uint16_t)((queue->chain.head + 1) % queue->size);
    if (MUTANT(READABLE_WRITTEN) && !index && queue->chain.readable_length > 4)
        ref_dma_direct(virtio, queue->chain.readable[0].address + 1, (uint8_t[]){0xff}, 1, true);
    if (written == REF_KEEP) {
        ref_unpop(queue);
        return false;
    }
    if (virtio->is_lazy && !index && virtio->late_count < REF_QUEUE_SIZE)
        virtio->late[virtio->late_count++] =
            (struct ref_late){queue->chain.head, (uint32_t)written};
    else if (ref_is_running(virtio) &&
             !ref_push(virtio, queue, queue->chain.head, (uint32_t)written))
        ref_break(virtio);
    return true;
}

static void notify_used(struct ref_virtio *virtio, struct ref_queue *queue)
{
    if (ref_is_running(virtio) && ref_wants_interrupt(virtio, queue))
        interrupt(virtio, queue->vector, ISR_QUEUE);
}

void ref_catch_up(struct ref_virtio *virtio)
{
    struct ref_queue *queue = &virtio->queues[0];

    if (MUTANT(RUNS_BEFORE_DRIVER_OK))
        ref_process(virtio, 0);
    if (!virtio->late_count || !ref_is_running(virtio))
        return;
    while (virtio->late_count) {
        const struct ref_late *late = &virtio->late[--virtio->late_count];

        if (!ref_push(virtio, queue, late->head, late->written)) {
            ref_break(virtio);
            return;
        }
    }
    notify_used(virtio, queue);
}

void ref_process(struct ref_virtio *virtio, unsigned index)
{
    struct ref_queue *queue = &virtio->queues[index];

    if (!queue->is_enabled || !ref_is_bus_master(&virtio->function))
        return;
    if (MUTANT(SPURIOUS_NOTIFICATION_BREAKS) && ref_is_running(virtio) &&
        ref_pop(virtio, queue) != REF_POPPED)
        ref_break(virtio);
    else if (MUTANT(SPURIOUS_NOTIFICATION_BREAKS))
        ref_unpop(queue);
    while (ref_is_running(virtio) && handle_next(virtio, index) &&
           !MUTANT(ONE_REQUEST_A_NOTIFICATION))
        ;
    notify_used(virtio, queue);
}

static void reset(struct ref_virtio *virtio)
{
    virtio->driver_features = 0;
    virtio->device_select = virtio->driver_select = 0;
    virtio->config_vector = REF_NO_VECTOR;
    virtio->queue_select = 0;
    virtio->status = virtio->isr = 0;
    if (MUTANT(RESET_LEAVES_STATUS))
        virtio->status = 1;
    virtio->late_count = 0;
    virtio->resets++;
    for (unsigned i = 0; i < virtio->queue_count; i++) {
        const struct ref_queue before = virtio->queues[i];

        ref_queue_reset(&virtio->queues[i]);
        if (before.size && (MUTANT(RESET_LEAVES_QUEUES) || MUTANT(RUNS_AFTER_RESET)))
            virtio->queues[i] = before;
        if (MUTANT(RESET_LEAVES_VECTORS))
            virtio->queues[i].vector = before.vector;
    }
    ref_set_line(&virtio->function, false);
    virtio->ops->reset(virtio);
}

static void reset_function(struct ref_function *function)
{
    reset(virtio_of(function));
}

/* 2.2.2, 3.1.1: FEATURES_OK stays only when the device can live with what was accepted. */
static void write_status(struct ref_virtio *virtio, uint8_t value)
{
    bool is_settling = value & ~virtio->status & STATUS_FEATURES_OK;

    if (!value) {
        reset(virtio);
        return;
    }
    if (MUTANT(LIE_FEATURES_OK_REFUSED) && is_settling)
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (MUTANT(LIE_NEEDS_RESET_AT_ONCE) && (value & STATUS_DRIVER_OK))
        value |= STATUS_NEEDS_RESET;
    if (MUTANT(EVENT_IDX_IS_REQUIRED) && is_settling && virtio->offered >> REF_F_EVENT_IDX & 1 &&
        !(virtio->driver_features >> REF_F_EVENT_IDX & 1))
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (MUTANT(EMPTY_SET_IS_REFUSED) && is_settling && !(virtio->driver_features & UINT32_MAX))
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (MUTANT(SECOND_SET_IS_REFUSED) && is_settling && virtio->resets > 40)
        value &= (uint8_t)~STATUS_FEATURES_OK;
    if (is_settling && ((virtio->driver_features & ~virtio->offered) ||
                        !(virtio->driver_features & REF_BIT(REF_F_VERSION_1))))
        value &= (uint8_t)~STATUS_FEATURES_OK;
    virtio->status = value | (virtio->status & STATUS_NEEDS_RESET);
    if (MUTANT(STATUS_DRIVER_FORGOTTEN))
        virtio->status &= (uint8_t)~2;
    if (is_settling && (value & STATUS_FEATURES_OK))
        virtio->ops->negotiated(virtio);
    if (ref_is_running(virtio))
        for (unsigned i = 0; i < virtio->queue_count; i++)
            ref_process(virtio, i);
}

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

/* Another number each time. */
static unsigned ref_look(void)
{
    static unsigned looks;

    return ++looks;
}

static uint64_t read_common(const struct ref_virtio *virtio, uint32_t offset)
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

static void write_features(struct ref_virtio *virtio, uint32_t value)
{
    unsigned shift = 32 * virtio->driver_select;

    if (virtio->driver_select > 1 || virtio->status & STATUS_FEATURES_OK)
        return;
    virtio->driver_features =
        (virtio->driver_features & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value << shift;
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

static void write_common(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint64_t value)
{
    switch (offset) {
    case DEVICE_FEATURE_SELECT:
        virtio->device_select = (uint32_t)value;
        break;
    case DRIVER_FEATURE_SELECT:
        virtio->driver_select = (uint32_t)value;
        break;
    case DRIVER_FEATURE:
        write_features(virtio, (uint32_t)value);
        break;
    case CONFIG_VECTOR:
        virtio->config_vector = vector_of(value);
        break;
    case DEVICE_STATUS:
        write_status(virtio, (uint8_t)value);
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

static uint64_t read_config(struct ref_virtio *virtio, uint32_t offset, unsigned width)
{
    uint64_t value = 0;

    if (MUTANT(LIE_CONFIG_ALL_ONES))
        return REF_ALL_ONES(width);
    if (MUTANT(LIE_CONFIG_CHANGES))
        return ref_look() * 0x9e3779b9u;
    if (MUTANT(CONFIG_WORDS_ONLY) && width < 4)
        return 0;
    if (MUTANT(CONFIG_HALVES_ALIKE) && width == 4 && offset < 24)
        offset &= ~4u;
    for (unsigned i = 0; i < width; i++)
        if (offset + i < virtio->config_length)
            value |= (uint64_t)virtio->ops->config_read(virtio, offset + i) << (8 * i);
    return value;
}

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

    if (MUTANT(LIE_DIES) && is_iommu(virtio) && ref_look() > 2000)
        return REF_ALL_ONES(width);
    if (MUTANT(LIE_INTERRUPT_STORM) && is_iommu(virtio) && ref_is_running(virtio)) {
        ref_fire(function, 0);
        ref_set_line(function, true);
    }
    if (offset < REF_COMMON + COMMON_SIZE) {
        uint64_t value = read_common(virtio, offset);

        if (width == 8)
            value = (uint32_t)value | read_common(virtio, offset + 4) << 32;
        return value;
    }
    if (offset == REF_ISR)
        return take_isr(virtio);
    if (offset >= REF_DEVICE && offset < REF_DEVICE + REF_DEVICE_SIZE)
        return read_config(virtio, offset - REF_DEVICE, width);
    return 0;
}

static void bar_write(struct ref_function *function, uint32_t offset, unsigned width,
                      uint64_t value)
{
    struct ref_virtio *virtio = virtio_of(function);

    if (offset < REF_COMMON + COMMON_SIZE) {
        write_common(virtio, offset, width, value);
    } else if (offset >= REF_DEVICE && offset < REF_DEVICE + REF_DEVICE_SIZE) {
        for (unsigned i = 0; i < width; i++)
            if (offset - REF_DEVICE + i < virtio->config_length)
                virtio->ops->config_write(virtio, offset - REF_DEVICE + i,
                                          (uint8_t)(value >> (8 * i)));
    } else if (offset >= REF_NOTIFY &&
               offset < REF_NOTIFY + REF_NOTIFY_STEP * virtio->queue_count) {
        ref_process(virtio, (offset - REF_NOTIFY) / REF_NOTIFY_STEP);
    }
}

/* 4.1.4.9: a window onto the BAR, for whoever can't map it. */
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

    if (is_window(function, offset, width, &window))
        ref_bar_write(function, window.offset, width, value);
}

static const struct ref_function_ops function_ops = {
    .read = bar_read,
    .write = bar_write,
    .reset = reset_function,
    .config_read = config_read,
    .config_write = config_write,
};

static uint8_t add_structure(struct ref_function *function, uint8_t type, uint32_t offset,
                             uint32_t length, uint8_t size)
{
    uint8_t bytes[20] = {[2] = size, [3] = type};

    if (MUTANT(LIE_STRUCTURE_BAR_6))
        bytes[4] = 6;
    if (MUTANT(LIE_STRUCTURE_FAR))
        offset += 0x4000;
    if (MUTANT(LIE_STRUCTURE_WRAPS))
        length = 0u - offset + 0x100;
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
    if (MUTANT(NO_PCI_CFG) && type == 5)
        bytes[3] = 0x77;
    ref_put(bytes + 8, 4, offset);
    ref_put(bytes + 12, 4, length);
    ref_put(bytes + 16, 4, type == 2 ? REF_NOTIFY_STEP : 0);
    return ref_add_capability(function, CAPABILITY_VENDOR, bytes, size);
}

void ref_virtio_init(struct ref_virtio *virtio, const struct ref_virtio_ops *ops, uint16_t type,
                     uint64_t offered, unsigned queue_count, uint32_t config_length)
{
    const struct ref_identity identity = {
        .vendor = VENDOR,
        .device = (uint16_t)((MUTANT(DEVICE_ID_WRONG) ? 0x1000 : 0x1040) + type),
        .subsystem = 0x40,
        .class_code = CLASS_OTHER,
        .revision = MUTANT(REVISION_0) ? 0 : 1,
    };
    struct ref_function *function = &virtio->function;

    ref_function_init(function, &identity, REF_VIRTIO_BAR);
    function->ops = &function_ops;
    ref_add_msix(function);
    add_structure(function, 1, REF_COMMON, COMMON_SIZE, 16);
    add_structure(function, 2, REF_NOTIFY, REF_NOTIFY_STEP * queue_count, 20);
    add_structure(function, 3, REF_ISR, 1, 16);
    if (config_length)
        add_structure(function, 4, REF_DEVICE, config_length, 16);
    uint8_t window = add_structure(function, 5, 0, 0, 20);

    function->writable[window + 4] = 0xff;
    memset(function->writable + window + 8, 0xff, 12);
    if (MUTANT(LIE_CAPABILITIES_LOOP))
        function->config[window + 1] = window;
    if (MUTANT(LIE_CAPABILITY_LEAVES_SPACE))
        function->config[window + 1] = 0xfc;
    if (MUTANT(LIE_BAR_SIZE_ODD))
        ref_put(function->writable + 0x10, 4, 0xfff9f000);
    virtio->ops = ops;
    virtio->offered = offered | REF_BIT(REF_F_VERSION_1);
    if (MUTANT(FEATURE_11_OFFERED))
        virtio->offered |= REF_BIT(11);
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
