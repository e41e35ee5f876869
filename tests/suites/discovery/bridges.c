// SPDX-License-Identifier: BSD-2-Clause
/*
 * PCI bridges, by their registers: PCI-to-PCI Bridge 1.2 sections 3.2.5 and 4. Firmware has
 * configured them, or this kernel where there is no firmware; a FAIL may be of either.
 */
#include "tests/framework/request.h"

#define SUITE "discovery.bridges"

#define PRIMARY_BUS     0x18
#define SECONDARY_BUS   0x19
#define SUBORDINATE_BUS 0x1a

static bool is_bridge(const struct pci_function *function)
{
    return function->header_type == 1;
}

static void need_bridge(struct test *test)
{
    const struct pci *pci = &test->fixture->platform->pci;

    for (unsigned i = 0; i < pci->function_count; i++)
        if (is_bridge(&pci->functions[i]))
            return;
    skip(test, "there is no PCI bridge");
}

static void judge_numbers(struct test *test, const struct pci_function *bridge)
{
    uint8_t primary = pci_read8(bridge, PRIMARY_BUS);
    uint8_t secondary = pci_read8(bridge, SECONDARY_BUS);
    uint8_t subordinate = pci_read8(bridge, SUBORDINATE_BUS);

    expect(test, PCI_ID_D01,
           primary == PCI_BUS(bridge->bdf) && secondary > primary && subordinate >= secondary,
           "bridge 0x%04x: primary 0x%02x, secondary 0x%02x, subordinate 0x%02x", bridge->bdf,
           primary, secondary, subordinate);
    if (bridge->bridge)
        expect(test, PCI_ID_D01, subordinate <= pci_read8(bridge->bridge, SUBORDINATE_BUS),
               "bridge 0x%04x: subordinate 0x%02x is beyond that of bridge 0x%04x above it",
               bridge->bdf, subordinate, bridge->bridge->bdf);
}

/* A device behind a bridge whose range does not contain its bus is never reached. */
TEST(bus_numbers_nest, .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;

    need_bridge(test);
    for (unsigned i = 0; i < pci->function_count; i++) {
        const struct pci_function *function = &pci->functions[i];

        if (function->bridge)
            expect(test, PCI_ID_D01,
                   PCI_BUS(function->bdf) == pci_read8(function->bridge, SECONDARY_BUS),
                   "function 0x%04x is not on the secondary bus of bridge 0x%04x", function->bdf,
                   function->bridge->bdf);
        if (!is_bridge(function) || !function->secondary_bus) /* 0: this kernel gave it none */
            continue;
        judge_numbers(test, function);
        for (unsigned k = 0; k < i; k++) {
            const struct pci_function *other = &pci->functions[k];

            if (is_bridge(other) && other->host == function->host &&
                other->bridge == function->bridge)
                expect(test, PCI_ID_D01,
                       other->subordinate_bus < function->secondary_bus ||
                           function->subordinate_bus < other->secondary_bus,
                       "bridges 0x%04x and 0x%04x share bus numbers", other->bdf, function->bdf);
        }
    }
}

/* [base, limit] of the bridge's windows (PCI-to-PCI Bridge 1.2 section 3.2.5). */
static bool passes_io(const struct pci_function *bridge, uint64_t first, uint64_t last)
{
    uint32_t base = (pci_read8(bridge, 0x1c) & 0xf0u) << 8 | (uint32_t)pci_read16(bridge, 0x30)
                                                                 << 16;
    uint32_t limit =
        pci_read8(bridge, 0x1d) << 8 | 0xfffu | (uint32_t)pci_read16(bridge, 0x32) << 16;

    return first >= base && last <= limit;
}

static bool passes_memory(const struct pci_function *bridge, uint64_t first, uint64_t last)
{
    uint32_t base = (pci_read16(bridge, 0x20) & 0xfff0u) << 16;
    uint32_t limit = (uint32_t)pci_read16(bridge, 0x22) << 16 | 0xfffff;

    return first >= base && last <= limit;
}

static bool passes_prefetchable(const struct pci_function *bridge, uint64_t first, uint64_t last)
{
    bool is_wide = (pci_read16(bridge, 0x24) & 15) == 1;
    uint64_t base = (pci_read16(bridge, 0x24) & 0xfff0u) << 16;
    uint64_t limit = (uint32_t)pci_read16(bridge, 0x26) << 16 | 0xfffff;

    if (is_wide) {
        base |= (uint64_t)pci_read32(bridge, 0x28) << 32;
        limit |= (uint64_t)pci_read32(bridge, 0x2c) << 32;
    }
    return first >= base && last <= limit;
}

static bool passes(const struct pci_function *bridge, const struct pci_bar *bar)
{
    uint64_t last = bar->base + (bar->size - 1);

    if (bar->is_io)
        return passes_io(bridge, bar->base, last);
    return passes_memory(bridge, bar->base, last) ||
           (bar->is_prefetchable && passes_prefetchable(bridge, bar->base, last));
}

/* How many bridges are above the BAR, each of which must pass it on. */
static unsigned judge_bar(struct test *test, const struct pci_function *function, unsigned n)
{
    const struct pci_bar *bar = &function->bars[n];
    const struct pci_function *bridge = bar->size && bar->base ? function->bridge : NULL;
    unsigned judged = 0;

    for (; bridge; bridge = bridge->bridge, judged++)
        expect(test, PCI_ID_D01, passes(bridge, bar),
               "function 0x%04x BAR %u: [0x%llx, +0x%llx) is in no window of bridge 0x%04x",
               function->bdf, n, (unsigned long long)bar->base, (unsigned long long)bar->size,
               bridge->bdf);
    return judged;
}

/* An access outside of a window does not reach the device, whatever its BAR says. */
TEST(bars_lie_in_the_windows_above_them, .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;
    unsigned judged = 0;

    need_bridge(test);
    for (unsigned i = 0; i < pci->function_count; i++)
        for (unsigned n = 0; n < PCI_BARS; n++)
            judged += judge_bar(test, &pci->functions[i], n);
    if (!judged)
        skip(test, "no BAR is behind a bridge");
}

/* Without bus master in a bridge no DMA from behind it arrives: every DMA test would fail. */
TEST(bridges_pass_on_what_is_behind_them, .needs = 0)
{
    const uint16_t needed = PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER;
    const struct pci *pci = &test->fixture->platform->pci;

    need_bridge(test);
    for (unsigned i = 0; i < pci->function_count; i++) {
        const struct pci_function *bridge = &pci->functions[i];

        if (is_bridge(bridge))
            expect(test, PCI_ID_D01, (pci_read16(bridge, PCI_COMMAND) & needed) == needed,
                   "bridge 0x%04x: command 0x%04x, expected memory and bus master", bridge->bdf,
                   pci_read16(bridge, PCI_COMMAND));
    }
}
