// SPDX-License-Identifier: BSD-2-Clause
/* The educational device as docs/specs/edu describes it, as far as its DMA and interrupts go. */
#include <string.h>

#include "tests/refdev/device/endpoints.h"
#include "tests/refdev/mutants/mutant.h"

#define BAR_SIZE        (1u << 20)
#define CLASS           0x00ff00
#define IDENTIFICATION  0x010000ed
#define INTERRUPT_STATE 0x24
#define INTERRUPT_RAISE 0x60
#define INTERRUPT_ACK   0x64
#define DMA_SOURCE      0x80
#define DMA_DESTINATION 0x88
#define DMA_COUNT       0x90
#define DMA_COMMAND     0x98
#define DMA_START       1u
#define DMA_TO_MEMORY   2u
#define DMA_INTERRUPT   4u
#define BUFFER_ADDRESS  0x40000u

#define CAPABILITY_MSI 5
#define MSI_ENABLE     1u
#define MSI_64BIT      0x80

static struct ref_edu *edu_of(struct ref_function *function)
{
    return (struct ref_edu *)function;
}

/* Its MSI capability has 64-bit addresses and one message. */
static void raise(struct ref_edu *edu, uint32_t bits)
{
    struct ref_function *function = &edu->function;
    const uint8_t *msi = function->config + function->capability;

    edu->interrupts |= bits;
    if (!edu->interrupts)
        return;
    if (edu->place.has_no_msi || !(ref_get(msi + 2, 2) & MSI_ENABLE))
        ref_set_line(function, edu->place.flaw != REF_LINE_DEAD);
    else if (ref_is_bus_master(function) && edu->place.flaw != REF_MSI_LOST &&
             !mutate_message(edu->place.iommu, edu->place.id))
        function->around->message(function->around->context,
                                  ref_get(msi + 4, 4) | (uint64_t)ref_get(msi + 8, 4) << 32,
                                  ref_get(msi + 12, 2));
}

static void move(struct ref_edu *edu, uint64_t address, uint8_t *bytes, bool to_memory)
{
    enum ref_flaw flaw = edu->place.flaw;
    uint32_t length = (uint32_t)edu->count;

    if (to_memory && flaw == REF_WRITES_LESS)
        length--;
    if (to_memory && flaw == REF_WRITES_MORE && length < REF_EDU_BUFFER)
        length++;

    bool is_done =
        flaw != REF_STUCK && ref_place_access(&edu->place, address, bytes, length, to_memory);

    if (!to_memory && flaw == REF_READS_ZEROES)
        memset(bytes, 0, length);
    edu->is_stuck = flaw == REF_STUCK || (flaw == REF_STUCK_BY_DENIAL && !is_done);
}

static void transfer(struct ref_edu *edu, uint32_t command)
{
    bool to_memory = command & DMA_TO_MEMORY;
    uint64_t inside = (to_memory ? edu->source : edu->destination) - BUFFER_ADDRESS;
    uint64_t address = to_memory ? edu->destination : edu->source;

    if (inside < REF_EDU_BUFFER && edu->count <= REF_EDU_BUFFER - inside &&
        ref_is_bus_master(&edu->function) && !edu->is_stuck)
        move(edu, address, edu->buffer + inside, to_memory);
    if (command & DMA_INTERRUPT)
        raise(edu, 0x100);
}

static uint64_t read(struct ref_function *function, uint32_t offset, unsigned width)
{
    const struct ref_edu *edu = edu_of(function);

    (void)width;
    switch (offset) {
    case 0:
        return IDENTIFICATION;
    case INTERRUPT_STATE:
        return edu->interrupts;
    case DMA_COMMAND:
        return edu->is_stuck ? DMA_START : 0; /* a transfer ends at once, or never */
    default:
        return 0;
    }
}

static void set(uint64_t *field, unsigned width, bool is_high, uint64_t value)
{
    if (width == 8)
        *field = value;
    else if (is_high)
        *field = (*field & UINT32_MAX) | value << 32;
    else
        *field = (*field & ~(uint64_t)UINT32_MAX) | (uint32_t)value;
}

static void write(struct ref_function *function, uint32_t offset, unsigned width, uint64_t value)
{
    struct ref_edu *edu = edu_of(function);
    bool is_high = offset & 4;

    switch (offset & ~7u) {
    case DMA_SOURCE:
        set(&edu->source, width, is_high, value);
        return;
    case DMA_DESTINATION:
        set(&edu->destination, width, is_high, value);
        return;
    case DMA_COUNT:
        set(&edu->count, width, is_high, value);
        return;
    }
    if (offset == INTERRUPT_RAISE) {
        raise(edu, (uint32_t)value);
    } else if (offset == INTERRUPT_ACK) {
        edu->interrupts &= ~(uint32_t)value;
        if (!edu->interrupts)
            ref_set_line(function, false);
    } else if (offset == DMA_COMMAND && (value & DMA_START)) {
        transfer(edu, (uint32_t)value);
    }
}

static void reset(struct ref_function *function)
{
    struct ref_edu *edu = edu_of(function);

    edu->source = edu->destination = edu->count = 0;
    edu->interrupts = 0;
    memset(edu->buffer, 0, sizeof(edu->buffer));
}

static const struct ref_function_ops ops = {.read = read, .write = write, .reset = reset};

static void add_msi(struct ref_function *function)
{
    const uint8_t msi[14] = {[2] = MSI_64BIT};
    uint8_t at = ref_add_capability(function, CAPABILITY_MSI, msi, sizeof(msi));

    function->writable[at + 2] = MSI_ENABLE;
    ref_put(function->writable + at + 4, 4, ~3u);
    memset(function->writable + at + 8, 0xff, 6);
}

void ref_edu_init(struct ref_edu *edu, const struct ref_place *place)
{
    const struct ref_identity identity = {
        .vendor = 0x1234, .device = 0x11e8, .class_code = CLASS, .revision = 0x10};
    struct ref_function *function = &edu->function;

    memset(edu, 0, sizeof(*edu));
    edu->place = *place;
    ref_function_init(function, &identity, BAR_SIZE);
    function->ops = &ops;
    if (!place->has_no_msi)
        add_msi(function);
    ref_iommu_add(place->iommu, place->id);
}
