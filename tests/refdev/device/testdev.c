// SPDX-License-Identifier: BSD-2-Clause
/*
 * QEMU's iommu-testdev, as drivers/dma/testdev.c describes it: a word is written over and over to
 * an address through the IOMMU, and looked for at a physical address past it.
 */
#include <string.h>

#include "tests/refdev/device/endpoints.h"

#define BAR_SIZE     4096u
#define CLASS        0x00ff00
#define TRIGGER      0x00
#define VIRTUAL_LOW  0x04
#define LENGTH       0x0c
#define RESULT       0x10
#define DOORBELL     0x14
#define ATTRIBUTES   0x18
#define CHECK_LOW    0x1c
#define DOORBELL_ARM 1u

#define RESULT_IDLE         UINT32_MAX
#define RESULT_DONE         0u
#define RESULT_BUSY         0xfffffffeu
#define RESULT_BAD_LENGTH   0xdead0001u
#define RESULT_WRITE_FAILED 0xdead0002u
#define RESULT_READ_FAILED  0xdead0003u
#define RESULT_MISMATCH     0xdead0004u

static const uint8_t word[] = {0x78, 0x56, 0x34, 0x12};

static struct ref_testdev *testdev_of(struct ref_function *function)
{
    return (struct ref_testdev *)function;
}

static uint32_t *field(struct ref_testdev *testdev, uint32_t offset)
{
    return &testdev->registers[offset / 4];
}

static uint64_t pair(struct ref_testdev *testdev, uint32_t offset)
{
    return *field(testdev, offset) | (uint64_t)*field(testdev, offset + 4) << 32;
}

/* What the result register says afterwards. */
static uint32_t transfer(struct ref_testdev *testdev)
{
    struct ref_function *function = &testdev->function;
    uint32_t length = *field(testdev, LENGTH);
    const uint8_t *seen;
    uint8_t bytes[REF_TESTDEV_LENGTH];

    if (!length || length > sizeof(bytes))
        return RESULT_BAD_LENGTH;
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = word[i % sizeof(word)];
    if (!ref_is_bus_master(function) ||
        !ref_place_access(&testdev->place, pair(testdev, VIRTUAL_LOW), bytes, length, true))
        return RESULT_WRITE_FAILED;
    seen = function->around->memory(function->around->context, pair(testdev, CHECK_LOW), length);
    if (!seen)
        return RESULT_READ_FAILED;
    return memcmp(seen, bytes, length) ? RESULT_MISMATCH : RESULT_DONE;
}

/* Reading TRIGGER carries out what the doorbell has armed. */
static uint64_t read(struct ref_function *function, uint32_t offset, unsigned width)
{
    struct ref_testdev *testdev = testdev_of(function);

    if (width != 4 || offset >= sizeof(testdev->registers))
        return 0;
    if (offset == TRIGGER && *field(testdev, RESULT) == RESULT_BUSY)
        *field(testdev, RESULT) = transfer(testdev);
    return *field(testdev, offset);
}

static void write(struct ref_function *function, uint32_t offset, unsigned width, uint64_t value)
{
    struct ref_testdev *testdev = testdev_of(function);

    if (width != 4 || offset >= sizeof(testdev->registers) || offset == TRIGGER || offset == RESULT)
        return;
    *field(testdev, offset) = (uint32_t)value;
    if (offset == DOORBELL)
        *field(testdev, RESULT) = value & DOORBELL_ARM ? RESULT_BUSY : RESULT_IDLE;
}

static void reset(struct ref_function *function)
{
    struct ref_testdev *testdev = testdev_of(function);

    memset(testdev->registers, 0, sizeof(testdev->registers));
    *field(testdev, RESULT) = RESULT_IDLE;
}

static const struct ref_function_ops ops = {.read = read, .write = write, .reset = reset};

void ref_testdev_init(struct ref_testdev *testdev, const struct ref_place *place)
{
    const struct ref_identity identity = {
        .vendor = 0x1b36, .device = 0x0005, .class_code = CLASS, .revision = 1};

    memset(testdev, 0, sizeof(*testdev));
    testdev->place = *place;
    ref_function_init(&testdev->function, &identity, BAR_SIZE);
    testdev->function.ops = &ops;
    ref_iommu_add(place->iommu, place->id);
}
