// SPDX-License-Identifier: BSD-2-Clause
/*
 * The Interrupt Translation Service of a GICv3 (IHI 0069 chapter 5 and section 12.13): a message's
 * device id and data become an interrupt of the CPU that booted, the only collection. Of several
 * the first is used.
 */
#include <string.h>

#include "arch/aarch64/gic.h"
#include "arch/aarch64/internal.h"

#define ITS_SIZE        0x10000
#define GITS_CTLR       0x0000
#define GITS_TYPER      0x0008
#define GITS_CBASER     0x0080
#define GITS_CWRITER    0x0088
#define GITS_CREADR     0x0090
#define GITS_BASER      0x0100
#define GITS_TRANSLATER 0x10040 /* where devices write to */
#define CTLR_ENABLE     1u

#define TYPER_ENTRY_SIZE(typer)  (((typer) >> 4 & 15) + 1) /* of a device's table */
#define TYPER_DEVICE_BITS(typer) (((typer) >> 13 & 31) + 1)
#define TYPER_BY_ADDRESS(typer)  ((typer) >> 19 & 1) /* how redistributors are named */

#define BASERS                  8
#define BASER_TYPE(value)       ((value) >> 56 & 7)
#define BASER_DEVICES           1
#define BASER_COLLECTIONS       4
#define BASER_ENTRY_SIZE(value) (((value) >> 48 & 31) + 1)
#define BASER_PAGE_SHIFT(value) (12 + 2 * ((value) >> 8 & 3))
#define BASER_PAGE_64K          (2ull << 8)
#define VALID                   (1ull << 63)
#define WRITE_BACK              (7ull << 59)
#define INNER_SHAREABLE         (1ull << 10)

#define COMMAND_SYNC     0x05
#define COMMAND_MAPD     0x08
#define COMMAND_MAPC     0x09
#define COMMAND_MAPTI    0x0a
#define COMMAND_INV      0x0c
#define COMMAND_DISCARD  0x0f
#define COMMAND_WORDS    4
#define QUEUE_WORDS      512
#define COMMAND_LIMIT_NS 1000000000ull

#define DEVICES        32
#define EVENT_BITS     5
#define EVENTS         (1u << EVENT_BITS) /* of one device */
#define ENTRY_SIZE_MAX 16
#define ALIGN          __attribute__((aligned(0x10000)))

/* The ITS reads and writes them for ever. */
static uint64_t queue[QUEUE_WORDS] ALIGN;
static uint8_t device_table[8 << 16] ALIGN; /* 16 bits of device id, if an entry takes 8 bytes */
static uint8_t collection_table[1 << 16] ALIGN;
static uint8_t event_tables[DEVICES][EVENTS * ENTRY_SIZE_MAX] __attribute__((aligned(256)));

/* What answers to messages has no parameter to bring its state along. */
static volatile uint8_t *registers;
static uint64_t doorbell;
static uint64_t target;     /* the redistributor, as commands name it */
static uint32_t device_end; /* ids from here on are unknown */
static bool is_stuck;       /* a command was waited for in vain */
static struct device {
    uint32_t id, used; /* events */
} devices[DEVICES];
static unsigned device_count;

/* Waits for the end; an ITS that is stuck is not asked again. */
static bool command(uint64_t word0, uint64_t word1, uint64_t word2)
{
    uint64_t offset = mmio_read64(registers + GITS_CWRITER);
    struct wait wait = arch_wait_begin(COMMAND_LIMIT_NS);
    uint64_t *words = &queue[offset / sizeof(queue[0])];

    if (is_stuck)
        return false;
    words[0] = word0;
    words[1] = word1;
    words[2] = word2;
    words[3] = 0;
    dma_wmb();
    offset = (offset + COMMAND_WORDS * sizeof(queue[0])) % sizeof(queue);
    mmio_write64(registers + GITS_CWRITER, offset);
    while (mmio_read64(registers + GITS_CREADR) != offset && !is_stuck)
        is_stuck = !arch_wait_goes_on(&wait);
    return !is_stuck;
}

/* Gives it the memory, as one flat table; how many entries there is room for. */
static uint32_t give_table(volatile uint8_t *baser, void *memory, size_t size)
{
    uint64_t value = VALID | WRITE_BACK | INNER_SHAREABLE | (uintptr_t)memory;

    mmio_write64(baser, value | BASER_PAGE_64K);
    uint64_t taken = mmio_read64(baser);
    unsigned shift = BASER_PAGE_SHIFT(taken);

    mmio_write64(baser, value | (taken & 3 << 8) | ((size >> shift) - 1));
    return (uint32_t)(size / BASER_ENTRY_SIZE(taken));
}

static void give_tables(uint64_t typer)
{
    uint64_t device_limit = 1ull << TYPER_DEVICE_BITS(typer);

    for (unsigned i = 0; i < BASERS; i++) {
        volatile uint8_t *baser = registers + GITS_BASER + 8 * i;
        uint64_t type = BASER_TYPE(mmio_read64(baser));

        if (type == BASER_DEVICES)
            device_end = give_table(baser, device_table, sizeof(device_table));
        else if (type == BASER_COLLECTIONS)
            give_table(baser, collection_table, sizeof(collection_table));
    }
    if (device_end > device_limit)
        device_end = (uint32_t)device_limit;
}

static bool open(const struct machine_interrupts *interrupts)
{
    if (!interrupts->its_count || !gicv3_redistributor() || !lpi_open(gicv3_redistributor()))
        return false;
    registers = arch_map(interrupts->its[0], ITS_SIZE, ARCH_DEVICE);
    if (!registers)
        return false;
    uint64_t typer = mmio_read64(registers + GITS_TYPER);

    doorbell = interrupts->its[0] + GITS_TRANSLATER;
    target = TYPER_BY_ADDRESS(typer) ? gicv3_redistributor_base() : gicv3_processor() << 16;
    mmio_write32(registers + GITS_CTLR, 0);
    give_tables(typer);
    mmio_write64(registers + GITS_CBASER, VALID | WRITE_BACK | INNER_SHAREABLE | (uintptr_t)queue |
                                              (sizeof(queue) / 4096 - 1));
    mmio_write64(registers + GITS_CWRITER, 0);
    mmio_write32(registers + GITS_CTLR, CTLR_ENABLE);
    return TYPER_ENTRY_SIZE(typer) <= ENTRY_SIZE_MAX && command(COMMAND_MAPC, 0, VALID | target) &&
           command(COMMAND_SYNC, 0, target);
}

/* NULL: the ITS knows no such id, or there are too many. */
static struct device *find_device(uint32_t id)
{
    struct device *device = devices;

    while (device < &devices[device_count] && device->id != id)
        device++;
    if (device < &devices[device_count])
        return device;
    if (device_count == DEVICES || id >= device_end)
        return NULL;
    device->id = id;
    if (!command(COMMAND_MAPD | (uint64_t)id << 32, EVENT_BITS - 1,
                 VALID | (uintptr_t)event_tables[device_count]))
        return NULL;
    device_count++;
    return device;
}

/* Each event of each device has an interrupt of its own. */
static uint32_t intid_of(const struct device *device, uint32_t event)
{
    return GIC_LPI_FIRST + (uint32_t)(device - devices) * EVENTS + event;
}

_Static_assert(LPI_COUNT >= DEVICES * EVENTS, "an interrupt for each event");

static bool claim(uint32_t id, uint32_t *intid, struct arch_msi *msi)
{
    struct device *device = find_device(id);

    if (!device || device->used == EVENTS)
        return false;
    uint64_t named = (uint64_t)id << 32, event = device->used++;

    *intid = intid_of(device, (uint32_t)event);
    *msi = (struct arch_msi){.address = doorbell, .data = (uint32_t)event};
    lpi_enable(*intid, true);
    return command(COMMAND_MAPTI | named, event | (uint64_t)*intid << 32, 0) &&
           command(COMMAND_INV | named, event, 0) && command(COMMAND_SYNC, 0, target);
}

/* An event that is discarded takes what is pending with it. */
static void release(void)
{
    for (struct device *device = devices; device < &devices[device_count]; device++)
        while (device->used) {
            uint32_t event = --device->used;

            lpi_enable(intid_of(device, event), false);
            command(COMMAND_DISCARD | (uint64_t)device->id << 32, event, 0);
            command(COMMAND_SYNC, 0, target);
        }
}

const struct gic_messages its = {.open = open, .claim = claim, .release = release};
