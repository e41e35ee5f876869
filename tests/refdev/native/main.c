// SPDX-License-Identifier: BSD-2-Clause
/*
 * The whole kernel as a process: kmain() on arch/host, with the reference device and endpoints
 * behind its registers. The one argument is the kernel's command line; $REFDEV names the variant of
 * device (tests/refdev/device/variants.c).
 */
#include <stdio.h>
#include <string.h>

#include "arch/host/host.h"
#include "boot/kmain.h"
#include "tests/framework/runner.h"
#include "tests/refdev/device/chosen.h"
#include "tests/refdev/device/endpoints.h"
#include "tests/refdev/device/order.h"
#include "tests/refdev/device/virtio_mmio.h"
#include "tests/refdev/mutants/mutant.h"

#define SLOTS     32
#define BDF(slot) ((uint32_t)(slot) << 3)

/* Where a variant of device that is behind a register block has it; boot options say so. */
#define BLOCK      0x32000000ull
#define BLOCK_LINE 6

struct bus {
    struct ref_function *functions[SLOTS];
};

static struct ref_iommu iommu;
static struct ref_edu edus[2];
static struct ref_blk blk;
static struct ref_rng rng;

static void *memory(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return address >= HOST_MEMORY && size <= HOST_RAM_SIZE &&
                   address - HOST_MEMORY <= HOST_RAM_SIZE - size
               ? (void *)address
               : NULL;
}

static void message(void *context, uint64_t address, uint32_t data)
{
    (void)context;
    host_message(address, data);
}

static void line(void *context, unsigned slot, bool is_asserted)
{
    (void)context;
    host_line(slot, is_asserted);
}

static const struct ref_surroundings around = {.memory = memory, .message = message, .line = line};

static void surround(unsigned slot, struct ref_function *function)
{
    function->around = &around;
    function->slot = slot;
    ref_reset(function);
}

static void plug(struct bus *bus, unsigned slot, struct ref_function *function)
{
    surround(slot, function);
    bus->functions[slot] = function;
}

/* -- configuration space and the window ---------------------------------------------------- */

/* The function 0 that an offset of configuration space belongs to; NULL: none. */
static struct ref_function *function_at(const struct bus *bus, uint64_t offset)
{
    return offset >> 12 & 7 ? NULL : bus->functions[offset >> 15 & (SLOTS - 1)];
}

static uint64_t ecam_read(void *context, uint64_t offset, unsigned width)
{
    struct ref_function *function = function_at(context, offset);

    return function ? ref_config_read(function, offset & 0xfff, width) : REF_ALL_ONES(width);
}

static void ecam_write(void *context, uint64_t offset, unsigned width, uint64_t value)
{
    struct ref_function *function = function_at(context, offset);

    if (function)
        ref_config_write(function, offset & 0xfff, width, (uint32_t)value);
}

/* The function whose BAR an access is to, and where in it. */
static struct ref_function *decode(const struct bus *bus, uint64_t address, uint32_t *offset)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct ref_function *function = bus->functions[slot];
        uint64_t base;

        if (!function || !ref_bar_base(function, &base) || address - base >= function->bar_size)
            continue;
        *offset = (uint32_t)(address - base);
        return function;
    }
    return NULL;
}

static uint64_t window_read(void *context, uint64_t offset, unsigned width)
{
    uint32_t at;
    struct ref_function *function = decode(context, HOST_WINDOW + offset, &at);

    return function ? ref_bar_read(function, at, width) : REF_ALL_ONES(width);
}

static void window_write(void *context, uint64_t offset, unsigned width, uint64_t value)
{
    uint32_t at;
    struct ref_function *function = decode(context, HOST_WINDOW + offset, &at);

    if (function)
        ref_bar_write(function, at, width, value);
}

static uint64_t block_read(void *context, uint64_t offset, unsigned width)
{
    return ref_mmio_read(context, (uint32_t)offset, width);
}

static void block_write(void *context, uint64_t offset, unsigned width, uint64_t value)
{
    ref_mmio_write(context, (uint32_t)offset, width, value);
}

/* -- the machine --------------------------------------------------------------------------- */

static void build(struct bus *bus, const struct ref_variant *variant)
{
    ref_iommu_init(&iommu, &variant->config, HOST_MESSAGES, HOST_MESSAGES + HOST_MESSAGES_SIZE - 1);
    if (variant->config.is_on_mmio) {
        surround(BLOCK_LINE, &iommu.virtio.function);
        ref_mmio_plug(&iommu.virtio);
        host_add_region(
            &(struct host_region){BLOCK, REF_MMIO_SIZE, block_read, block_write, &iommu.virtio});
    } else {
        plug(bus, 1, &iommu.virtio.function);
    }
    for (unsigned i = 0; i < 2; i++) {
        ref_edu_init(&edus[i], &(struct ref_place){&iommu, BDF(2 + i)});
        plug(bus, 2 + i, &edus[i].function);
    }
    ref_blk_init(&blk, &(struct ref_place){&iommu, BDF(4)});
    plug(bus, 4, &blk.virtio.function);
    ref_rng_init(&rng, &(struct ref_place){&iommu, BDF(5)});
    plug(bus, 5, &rng.virtio.function);
    blk.virtio.is_strict = rng.virtio.is_strict = variant->config.is_strict;
}

static void catch_up(void *context)
{
    ref_catch_up(context);
}

int main(int argc, char **argv)
{
    static struct boot_info info;
    static struct bus bus;
    const struct host_region ecam = {HOST_ECAM, HOST_ECAM_SIZE, ecam_read, ecam_write, &bus};
    const struct host_region window = {HOST_WINDOW, HOST_WINDOW_SIZE, window_read, window_write,
                                       &bus};
    const struct ref_variant *variant = ref_chosen();

    if (!host_open()) {
        fprintf(stderr, "the addresses of the machine are taken\n");
        return 2;
    }
    host_add_region(&ecam);
    host_add_region(&window);
    build(&bus, variant);
    host_on_idle(catch_up, &iommu.virtio);
    if (!ref_mutant) /* of which no order can be expected */
        tests_audit_driver(ref_take_order);
    info.protocol = "process";
    boot_add_memory(&info, HOST_MEMORY, HOST_RAM_SIZE, BOOT_USABLE);
    if (argc > 1)
        boot_set_cmdline(&info, argv[1], strlen(argv[1]) + 1);
    kmain(&info);
}
