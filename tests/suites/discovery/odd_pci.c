// SPDX-License-Identifier: BSD-2-Clause
/*
 * PCI as VMMs have it that implement little of it: device numbers that nobody decodes below a port,
 * BARs that can be sized and not moved, a host whose addresses are firmware's. A root port and one
 * function below it, in a configuration space of this file.
 */
#include <string.h>

#include "arch/arch.h"
#include "drivers/pci/pci.h"
#include "lib/array/array.h"
#include "lib/mem/pages.h"
#include "tests/framework/test.h"

#define SUITE "discovery.odd_pci"

#define WORDS      32
#define CAPABILITY 0x40
#define EXPRESS    0x10 /* the capability's id */
#define ROOT_PORT  4    /* in bits 7:4 of its register */
#define TO_PCI     7

#define BAR      4 /* word of the function's only one */
#define BAR_SIZE 0x10000u
#define BAR_BASE 0x40000000u /* outside of the window, so that it has to move */
#define WINDOW   0x80000000u
#define GHOSTS   32

static struct {
    uint32_t port[WORDS], function[WORDS];
    bool is_stuck;   /* the BAR keeps its address */
    unsigned writes; /* of addresses to the BAR */
} space;

static uint32_t *word_at(uint16_t bdf, uint16_t offset)
{
    if (offset / 4 >= WORDS)
        return NULL;
    if (bdf == 0)
        return &space.port[offset / 4];
    return PCI_BUS(bdf) == 1 && !PCI_FUNCTION(bdf) ? &space.function[offset / 4] : NULL;
}

static uint32_t read_space(const struct pci_host *host, uint16_t bdf, uint16_t offset,
                           unsigned width)
{
    const uint32_t *word = word_at(bdf, offset);

    (void)host;
    return (word ? *word >> 8 * (offset & 3) : UINT32_MAX) & UINT32_MAX >> (32 - 8 * width);
}

static void write_bar(uint32_t value)
{
    static uint32_t kept;

    if (value == UINT32_MAX) {
        kept = space.function[BAR];
        space.function[BAR] = ~(BAR_SIZE - 1);
        return;
    }
    space.writes += value != BAR_BASE;
    space.function[BAR] = space.is_stuck ? kept : value;
}

static void write_space(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width,
                        uint32_t value)
{
    uint32_t *word = word_at(bdf, offset);
    uint32_t mask = UINT32_MAX >> (32 - 8 * width) << 8 * (offset & 3);
    bool is_bar = offset >= PCI_BAR0 && offset < PCI_BAR0 + 4 * PCI_BARS;

    (void)host;
    if (word == &space.function[BAR])
        write_bar(value);
    else if (word && !(is_bar && PCI_BUS(bdf)))
        *word = (*word & ~mask) | (value << 8 * (offset & 3) & mask);
}

static const struct pci_config_ops ops = {"test", 256, read_space, write_space, NULL};

static const struct pci *enumerate(struct machine_host *machine, unsigned port_type)
{
    static struct pci pci; /* larger than the stack */

    memset(&space.port, 0, sizeof(space.port));
    memset(&space.function, 0, sizeof(space.function));
    space.writes = 0;
    space.port[0] = 0x000c1b36;
    space.port[PCI_STATUS / 4] = PCI_STATUS_CAPABILITIES << 16;
    space.port[3] = 1 << 16; /* a bridge */
    space.port[6] = 0x010100;
    space.port[13] = CAPABILITY;
    space.port[CAPABILITY / 4] = port_type << 20 | EXPRESS;
    space.function[0] = 0x11e81234;
    space.function[BAR] = BAR_BASE;
    *machine = (struct machine_host){
        .bus_last = 255,
        .is_fixed = machine->is_fixed,
        .windows = {{MACHINE_WINDOW_32, false, WINDOW, WINDOW, 0x10000000}},
        .window_count = 1,
    };
    pci.hosts[0] = (struct pci_host){.ops = &ops, .bus_last = 255, .machine = machine};
    pci.host_count = 1;
    pci_enumerate(&pci, NULL);
    return &pci;
}

/* Below a bridge to conventional PCI every number is another device. */
TEST(port_has_one_device_below, .needs = 0)
{
    static const struct {
        unsigned type, functions;
    } ports[] = {{ROOT_PORT, 2}, {TO_PCI, 1 + GHOSTS}};
    struct machine_host machine = {0};

    for (unsigned i = 0; i < ARRAY_LENGTH(ports); i++) {
        unsigned found = enumerate(&machine, ports[i].type)->function_count;

        expect(test, PCI_ID_D01, found == ports[i].functions,
               "%u functions below and with a port of type %u, expected %u", found, ports[i].type,
               ports[i].functions);
    }
}

static void expect_bar(struct test *test, const struct pci *pci, bool is_moved)
{
    const struct pci_bar *bar = &pci->functions[1].bars[0];

    expect(test, PCI_ID_D01, bar->base == (space.function[BAR] & ~15u),
           "the BAR is used at 0x%llx and is at 0x%x", (unsigned long long)bar->base,
           (unsigned)space.function[BAR]);
    expect(test, PCI_ID_D01, (bar->base != BAR_BASE) == is_moved && bar->size == BAR_SIZE,
           "0x%llx bytes at 0x%llx, expected 0x%x %s 0x%x", (unsigned long long)bar->size,
           (unsigned long long)bar->base, BAR_SIZE, is_moved ? "elsewhere than at" : "at",
           BAR_BASE);
}

TEST(bar_is_used_where_it_is, .needs = 0)
{
    struct machine_host machine = {0};

    for (unsigned stuck = 0; stuck < 2; stuck++) {
        space.is_stuck = stuck;
        expect_bar(test, enumerate(&machine, ROOT_PORT), !stuck);
    }
    space.is_stuck = false;
}

TEST(addresses_of_firmware_stay, .needs = 0)
{
    struct machine_host machine = {.is_fixed = true};

    expect_bar(test, enumerate(&machine, ROOT_PORT), false);
    expect(test, PCI_ID_D01, !space.writes, "the BAR was moved %u times", space.writes);
}

/* A function in memory, as each mechanism has it. */
TEST(functions_are_where_the_mechanism_has_them, .needs = 0)
{
    static uint32_t memory[4 * PAGE_SIZE / sizeof(uint32_t)];
    static const struct pci_config_ops *const mechanisms[] = {&pci_cam, &pci_ecam};
    static const uint32_t sizes[] = {256, 4096};

    for (unsigned i = 0; i < ARRAY_LENGTH(mechanisms); i++) {
        struct pci_host host = {.ops = mechanisms[i], .ecam = (volatile uint8_t *)memory};
        uint16_t bdf = i ? 3 : 0x10;

        memset(memory, 0xff, sizeof(memory));
        memory[bdf * sizes[i] / sizeof(uint32_t)] = 0x11e81234;
        expect(test, PCI_ID_D01, pci_host_has(&host, bdf), "%s: no function 0x%x", host.ops->name,
               bdf);
        expect(test, PCI_ID_D01, !pci_host_has(&host, 2), "%s: a function 2", host.ops->name);
    }
}

static bool refuse(const struct pci_host *host, uint16_t bdf, uint32_t *id)
{
    (void)host, (void)bdf, (void)id;
    return false;
}

/* A window behind which there is nothing may answer by ones or by exceptions. */
TEST(nobody_answers, .needs = 0)
{
    struct pci_config_ops absent = ops;
    struct machine_host machine = {0};
    struct pci_host host = {.ops = &absent, .bus_first = 2, .bus_last = 4};

    enumerate(&machine, ROOT_PORT);
    expect(test, PCI_ID_D01, !pci_host_answers(&host), "ones are taken for a function");
    host.bus_first = 1;
    expect(test, PCI_ID_D01, pci_host_answers(&host), "no function is seen on bus 1");
    absent.probe = refuse;
    expect(test, PCI_ID_D01, !pci_host_answers(&host), "an exception is taken for a function");
}
