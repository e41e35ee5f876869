// SPDX-License-Identifier: BSD-2-Clause
/*
 * The whole kernel as a process: kmain() on arch/host, with the reference device and endpoints
 * behind its registers. The one argument is the kernel's command line; $REFDEV names the variant of
 * device (tests/refdev/device/variants.c), $COMPOSITION what is around it
 * (tests/refdev/native/composition.c). With $REFDEV_MUTANT_MET a line follows each in whose time the
 * mutant's own code was reached. $HASTEN is how many ns each look at the clock costs besides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "boot/handoff.h"
#include "boot/kmain.h"
#include "tests/framework/runner.h"
#include "tests/refdev/device/chosen.h"
#include "tests/refdev/device/endpoints.h"
#include "tests/refdev/device/order.h"
#include "tests/refdev/device/virtio_mmio.h"
#include "tests/refdev/mutants/mutant.h"
#include "tests/refdev/native/composition.h"

#define FUNCTIONS     256 /* of the bus: 32 slots of 8 each */
#define BDF(slot)     ((uint32_t)(slot) << 3)
#define FIRST_SLOT    2  /* of the endpoints */
#define SLOTS_LEFT    30 /* for them */
#define LAST_LINE     5  /* no slot behind this one has a line */
#define MULTIFUNCTION 0x80
#define HEADER_TYPE   0x0e
#define INTERRUPT_PIN 0x3d

/* Where the register block of the variant "mmio" is; the command line says the same. */
#define BLOCK      0x32000000ull
#define BLOCK_LINE 6

struct bus {
    struct ref_function *functions[FUNCTIONS];
};

#define SECOND_IOMMU (BDF(1) + 1)

static struct ref_iommu iommu, second;

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

/* A function without a line has no pin either. */
static void plug(struct bus *bus, uint32_t bdf, struct ref_function *function)
{
    bool has_line = !(bdf & 7) && bdf >> 3 <= LAST_LINE;

    if (!has_line)
        function->config[INTERRUPT_PIN] = 0;
    surround(has_line ? bdf >> 3 : FUNCTIONS, function);
    bus->functions[bdf] = function;
    if (bdf & 7)
        bus->functions[bdf & ~7u]->config[HEADER_TYPE] |= MULTIFUNCTION;
}

/* -- configuration space and the window ---------------------------------------------------- */

/* The function that an offset of configuration space belongs to; NULL: none. */
static struct ref_function *function_at(const struct bus *bus, uint64_t offset)
{
    return bus->functions[offset >> 12 & (FUNCTIONS - 1)];
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
    for (unsigned bdf = 0; bdf < FUNCTIONS; bdf++) {
        struct ref_function *function = bus->functions[bdf];
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

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        abort();
    return memory;
}

static uint64_t plain_read(struct ref_function *function, uint32_t offset, unsigned width)
{
    (void)function, (void)offset, (void)width;
    return 0;
}

static void plain_write(struct ref_function *function, uint32_t offset, unsigned width,
                        uint64_t value)
{
    (void)function, (void)offset, (void)width, (void)value;
}

static void plain_reset(struct ref_function *function)
{
    (void)function;
}

/* A function that no driver knows and that does nothing. */
static struct ref_function *make_plain(const struct ref_place *place)
{
    static const struct ref_function_ops ops = {plain_read, plain_write, plain_reset, NULL, NULL};
    const struct ref_identity identity = {.vendor = 0x1234, .device = 1, .class_code = 0xff0000};
    struct ref_function *function = allocate(sizeof(*function));

    ref_function_init(function, &identity, 4096);
    function->ops = &ops;
    ref_iommu_add(place->iommu, place->id);
    return function;
}

static struct ref_function *make(enum endpoint_kind kind, const struct ref_place *place)
{
    struct ref_edu *edu;
    struct ref_blk *blk;
    struct ref_rng *rng;
    struct ref_testdev *testdev;

    switch (kind) {
    case ENDPOINT_EDU:
        ref_edu_init(edu = allocate(sizeof(*edu)), place);
        return &edu->function;
    case ENDPOINT_BLK:
        ref_blk_init(blk = allocate(sizeof(*blk)), place);
        blk->virtio.is_strict = iommu.virtio.is_strict;
        return &blk->virtio.function;
    case ENDPOINT_RNG:
        ref_rng_init(rng = allocate(sizeof(*rng)), place);
        rng->virtio.is_strict = iommu.virtio.is_strict;
        return &rng->virtio.function;
    case ENDPOINT_TESTDEV:
        ref_testdev_init(testdev = allocate(sizeof(*testdev)), place);
        return &testdev->function;
    default:
        return make_plain(place);
    }
}

static struct ref_place place_of(const struct composition_endpoints *it, uint32_t id)
{
    return (struct ref_place){.iommu = it->is_behind_second ? &second : &iommu,
                              .id = id,
                              .address_bits = it->address_bits,
                              .drops = it->drops,
                              .first = it->first,
                              .last = it->last,
                              .has_no_msi = it->has_no_msi,
                              .has_no_msix = it->has_no_msix,
                              .queue_size = it->queue_size,
                              .sectors = it->sectors,
                              .chunk = it->chunk,
                              .flaw = it->flaw};
}

/* One to a slot, or eight where there are too many. */
static void plug_endpoints(struct bus *bus, const struct composition *composition)
{
    unsigned step = composition_count(composition, true) <= SLOTS_LEFT ? BDF(1) : 1;
    uint32_t bdf = BDF(FIRST_SLOT), id = composition->first_id;
    bool is_second = false;

    for (const struct composition_endpoints *it = composition->endpoints; it->kind; it++) {
        if (it->is_behind_second && !is_second)
            id = composition->second_id;
        is_second = it->is_behind_second;
        for (unsigned i = 0; i < it->count; i++, bdf += step, id += step) {
            const struct ref_place place = place_of(it, id);

            plug(bus, bdf, make(it->kind, &place));
        }
    }
}

static void build(struct bus *bus, const struct ref_variant *variant,
                  const struct composition *composition)
{
    const struct ref_iommu_config config = composition_config(composition, &variant->config);

    ref_iommu_init(&iommu, &config, HOST_MESSAGES, HOST_MESSAGES + HOST_MESSAGES_SIZE - 1);
    ref_iommu_init(&second, &config, HOST_MESSAGES, HOST_MESSAGES + HOST_MESSAGES_SIZE - 1);
    if (config.is_on_mmio) {
        surround(BLOCK_LINE, &iommu.virtio.function);
        ref_mmio_plug(&iommu.virtio);
        host_add_region(
            &(struct host_region){BLOCK, REF_MMIO_SIZE, block_read, block_write, &iommu.virtio});
    } else {
        plug(bus, BDF(1), &iommu.virtio.function);
    }
    if (composition_has_second(composition) && !config.is_on_mmio)
        plug(bus, SECOND_IOMMU, &second.virtio.function);
    plug_endpoints(bus, composition);
}

static void catch_up(void *context)
{
    ref_catch_up(context);
}

/* The boot protocol of a process: `address` is that of its first argument, the command line. */
static void read_arguments(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    (void)memory;
    info->protocol = "process";
    boot_add_memory(info, HOST_MEMORY, HOST_RAM_SIZE, BOOT_USABLE);
    if (address)
        boot_set_cmdline(info, (const char *)address, strlen((const char *)address) + 1);
}

void boot_read_handoff(boot_reader *read, uint64_t address, struct boot_info *info)
{
    read(NULL, address, info);
}

/* Behind the line that ends what a test did. */
static void tell_of_mutant(void)
{
    if (!ref_mutant_is_met)
        return;
    ref_mutant_is_met = false;
    printf("# mutant met\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct bus bus;
    const struct host_region ecam = {HOST_ECAM, HOST_ECAM_SIZE, ecam_read, ecam_write, &bus};
    const struct host_region window = {HOST_WINDOW, HOST_WINDOW_SIZE, window_read, window_write,
                                       &bus};
    const struct ref_variant *variant = ref_chosen();
    const struct composition *composition = composition_chosen();
    const char *hasten = getenv("HASTEN");

    if (!host_open()) {
        fprintf(stderr, "the addresses of the machine are taken\n");
        return 2;
    }
    if (hasten)
        host_hasten(strtoull(hasten, NULL, 10));
    host_add_region(&ecam);
    host_add_region(&window);
    build(&bus, variant, composition);
    host_on_idle(catch_up, &iommu.virtio);
    if (!ref_mutant) /* of which no order can be expected */
        tests_audit_driver(ref_take_order);
    if (getenv("REFDEV_MUTANT_MET"))
        host_on_line(tell_of_mutant);
    kmain(read_arguments, argc > 1 ? (uintptr_t)argv[1] : 0);
}
