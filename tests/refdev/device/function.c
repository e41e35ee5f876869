// SPDX-License-Identifier: BSD-2-Clause
/* Configuration space, MSI-X and INTA# of a function: PCI Local Bus 3.0 chapter 6. */
#include "tests/refdev/device/function.h"

#include <string.h>

#include "lib/bytes/bytes.h"
#include "tests/refdev/mutants/mutant.h"

#define COMMAND              0x04
#define COMMAND_MEMORY       (1u << 1)
#define COMMAND_BUS_MASTER   (1u << 2)
#define COMMAND_INTX_DISABLE (1u << 10)
#define STATUS               0x06
#define STATUS_INTERRUPT     (1u << 3)
#define STATUS_CAPABILITIES  (1u << 4)
#define BAR0                 0x10
#define CAPABILITIES         0x34
#define INTERRUPT_LINE       0x3c
#define INTERRUPT_PIN        0x3d
#define FIRST_CAPABILITY     0x40

#define CAPABILITY_MSIX 0x11
#define MSIX_CONTROL    2
#define MSIX_ENABLE     (1u << 15)
#define MSIX_MASK_ALL   (1u << 14)
#define VECTOR_SIZE     16
#define VECTOR_MASKED   1u

uint32_t ref_get(const void *bytes, unsigned width)
{
    return width == 1   ? *(const uint8_t *)bytes
           : width == 2 ? bytes_le16(bytes)
                        : bytes_le32(bytes);
}

void ref_put(void *bytes, unsigned width, uint32_t value)
{
    for (unsigned i = 0; i < width; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(value >> (8 * i));
}

void ref_function_init(struct ref_function *function, const struct ref_identity *identity,
                       uint32_t bar_size)
{
    uint8_t *config = function->config;

    ref_put(config, 2,
            MUTANT(VENDOR_ID_WRONG) && identity->device == 0x1057 ? 0x1af5 : identity->vendor);
    ref_put(config + 2, 2, identity->device);
    ref_put(config + 8, 4, identity->class_code << 8 | identity->revision);
    ref_put(config + 0x2c, 2, identity->vendor);
    ref_put(config + 0x2e, 2, identity->subsystem);
    config[INTERRUPT_PIN] = 1;
    function->bar_size = bar_size;
    ref_put(function->writable + COMMAND, 2,
            COMMAND_MEMORY | COMMAND_BUS_MASTER | COMMAND_INTX_DISABLE);
    ref_put(function->writable + BAR0, 4, -bar_size);
    function->writable[INTERRUPT_LINE] = 0xff;
}

uint8_t ref_add_capability(struct ref_function *function, uint8_t id, const void *bytes,
                           uint8_t length)
{
    uint8_t *config = function->config;
    uint8_t previous = function->capability;
    uint8_t at =
        previous ? (uint8_t)((previous + config[previous + 2] + 3) & ~3) : FIRST_CAPABILITY;

    /* Only virtio structures and MSI-X, which has 12 bytes, are followed by another capability. */
    if (previous && config[previous] == CAPABILITY_MSIX)
        at = previous + 12;
    memcpy(config + at, bytes, length);
    config[at] = id;
    config[at + 1] = 0;
    config[previous ? previous + 1 : CAPABILITIES] = at;
    ref_put(config + STATUS, 2, STATUS_CAPABILITIES);
    function->capability = at;
    return at;
}

void ref_add_msix(struct ref_function *function)
{
    uint8_t bytes[12] = {0};

    ref_put(bytes + 4, 4, REF_MSIX_TABLE);
    ref_put(bytes + 8, 4, REF_MSIX_PENDING);
    function->msix = ref_add_capability(function, CAPABILITY_MSIX, bytes, sizeof(bytes));
    ref_put(function->writable + function->msix + MSIX_CONTROL, 2, MSIX_ENABLE | MSIX_MASK_ALL);
    ref_limit_vectors(function, REF_VECTORS);
}

void ref_limit_vectors(struct ref_function *function, unsigned count)
{
    function->vector_count = count;
    ref_put(function->config + function->msix + MSIX_CONTROL, 2,
            MUTANT(MSIX_ONE_VECTOR) ? 0 : count - 1);
}

void ref_remove_msix(struct ref_function *function)
{
    function->config[CAPABILITIES] = function->config[function->msix + 1];
    memset(function->config + function->msix, 0, 12);
    memset(function->writable + function->msix, 0, 12);
    function->msix = 0;
}

void ref_remove_pin(struct ref_function *function)
{
    function->config[INTERRUPT_PIN] = 0;
}

bool ref_has_pin(const struct ref_function *function)
{
    return function->config[INTERRUPT_PIN];
}

static uint32_t msix_control(const struct ref_function *function)
{
    return function->msix ? ref_get(function->config + function->msix + MSIX_CONTROL, 2) : 0;
}

bool ref_msix_is_enabled(const struct ref_function *function)
{
    return msix_control(function) & MSIX_ENABLE;
}

bool ref_is_bus_master(const struct ref_function *function)
{
    return ref_get(function->config + COMMAND, 2) & COMMAND_BUS_MASTER;
}

bool ref_bar_base(const struct ref_function *function, uint64_t *base)
{
    *base = ref_get(function->config + BAR0, 4) & ~15u;
    return *base && ref_get(function->config + COMMAND, 2) & COMMAND_MEMORY;
}

/* Sends what is pending and may be sent. */
static void send_pending(struct ref_function *function)
{
    if ((msix_control(function) & (MSIX_ENABLE | MSIX_MASK_ALL)) != MSIX_ENABLE)
        return;
    for (unsigned i = 0; i < function->vector_count; i++) {
        const struct ref_vector *vector = &function->vectors[i];

        if (!(function->pending >> i & 1) || (vector->control & VECTOR_MASKED))
            continue;
        function->pending &= ~(1u << i);
        if (ref_is_bus_master(function))
            function->around->message(function->around->context, vector->address, vector->data);
    }
}

void ref_fire(struct ref_function *function, unsigned vector)
{
    function->pending |= 1u << vector;
    send_pending(function);
}

/*
 * INTA# follows what the function asserts, unless MSI-X is enabled or the command register disables
 * it.
 */
static void update_line(struct ref_function *function)
{
    uint32_t status = ref_get(function->config + STATUS, 2) & ~STATUS_INTERRUPT;
    bool is_quiet = ref_msix_is_enabled(function) ||
                    (ref_get(function->config + COMMAND, 2) & COMMAND_INTX_DISABLE);

    if (MUTANT(STATUS_WITHOUT_INTERRUPT))
        status |= STATUS_CAPABILITIES;
    else
        ref_put(function->config + STATUS, 2,
                status | (function->is_asserted ? STATUS_INTERRUPT : 0));
    function->around->line(function->around->context, function->slot,
                           function->is_asserted && !is_quiet);
}

void ref_set_line(struct ref_function *function, bool is_asserted)
{
    function->is_asserted = is_asserted;
    update_line(function);
}

uint32_t ref_config_read(struct ref_function *function, uint16_t offset, unsigned width)
{
    if (offset + width > REF_CONFIG_SIZE)
        return REF_ALL_ONES(width);
    uint32_t value = ref_get(function->config + offset, width);

    return function->ops->config_read ? function->ops->config_read(function, offset, width, value)
                                      : value;
}

void ref_config_write(struct ref_function *function, uint16_t offset, unsigned width,
                      uint32_t value)
{
    if (offset + width > REF_CONFIG_SIZE)
        return;
    for (unsigned i = 0; i < width; i++) {
        uint8_t mask = function->writable[offset + i], *byte = &function->config[offset + i];

        *byte = (uint8_t)((*byte & ~mask) | (value >> (8 * i) & mask));
    }
    if (!ref_msix_is_enabled(function))
        function->pending = 0;
    send_pending(function);
    update_line(function);
    if (function->ops->config_write)
        function->ops->config_write(function, offset, width, value);
}

/* MSI-X is at the same place in every BAR: the table, then the pending bits. */
static bool is_msix(const struct ref_function *function, uint32_t offset)
{
    return function->msix && offset >= REF_MSIX_TABLE && offset < REF_MSIX_END;
}

static uint32_t msix_read(const struct ref_function *function, uint32_t offset)
{
    uint32_t entry = (offset - REF_MSIX_TABLE) / VECTOR_SIZE;
    const struct ref_vector *vector = &function->vectors[entry];

    if (offset == REF_MSIX_PENDING)
        return function->pending;
    if (entry >= function->vector_count)
        return 0;
    const uint32_t fields[] = {(uint32_t)vector->address, (uint32_t)(vector->address >> 32),
                               vector->data, vector->control};

    return fields[offset / 4 % 4];
}

static void msix_write(struct ref_function *function, uint32_t offset, uint32_t value)
{
    uint32_t entry = (offset - REF_MSIX_TABLE) / VECTOR_SIZE;
    struct ref_vector *vector = &function->vectors[entry];

    if (entry >= function->vector_count)
        return;
    switch (offset / 4 % 4) {
    case 0:
        vector->address = (vector->address & ~0xffffffffull) | value;
        break;
    case 1:
        vector->address = (vector->address & 0xffffffffull) | (uint64_t)value << 32;
        break;
    case 2:
        vector->data = value;
        break;
    default:
        vector->control = value & VECTOR_MASKED;
    }
    send_pending(function);
}

/* PCI allows 4 and 8 bytes at a time. */
uint64_t ref_bar_read(struct ref_function *function, uint32_t offset, unsigned width)
{
    if (!is_msix(function, offset))
        return function->ops->read(function, offset, width);
    if (width < 4)
        return msix_read(function, offset & ~3u) >> (8 * (offset & 3)) & REF_ALL_ONES(width);
    uint64_t value = msix_read(function, offset);

    return width == 8 ? value | (uint64_t)msix_read(function, offset + 4) << 32 : value;
}

void ref_bar_write(struct ref_function *function, uint32_t offset, unsigned width, uint64_t value)
{
    if (!is_msix(function, offset)) {
        function->ops->write(function, offset, width, value);
        return;
    }
    if (width < 4)
        return;
    msix_write(function, offset, (uint32_t)value);
    if (width == 8)
        msix_write(function, offset + 4, (uint32_t)(value >> 32));
}

void ref_reset(struct ref_function *function)
{
    for (unsigned i = 0; i < REF_VECTORS; i++)
        function->vectors[i] = (struct ref_vector){.control = VECTOR_MASKED};
    function->pending = 0;
    for (unsigned i = COMMAND; i < REF_CONFIG_SIZE; i++)
        if (i < STATUS || i >= BAR0)
            function->config[i] &= (uint8_t)~function->writable[i];
    function->ops->reset(function);
    ref_set_line(function, false);
}
