// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/pci/pci.h"

#include <string.h>

#define MULTIFUNCTION 0x80
#define BAR_MEMORY_64 4 /* in the low 3 bits of a BAR */

static uint64_t bar_mask(const struct pci_function *function, unsigned index, uint32_t low)
{
    uint16_t offset = (uint16_t)(PCI_BAR0 + 4 * index);
    uint64_t mask;

    pci_write32(function, offset, UINT32_MAX);
    mask = pci_read32(function, offset) & (low & 1 ? ~3u : ~15u);
    pci_write32(function, offset, low);
    return mask;
}

static uint64_t bar_upper_mask(const struct pci_function *function, unsigned index, uint32_t high)
{
    uint16_t offset = (uint16_t)(PCI_BAR0 + 4 * index);
    uint64_t mask;

    pci_write32(function, offset, UINT32_MAX);
    mask = (uint64_t)pci_read32(function, offset) << 32;
    pci_write32(function, offset, high);
    return mask;
}

/* Reads BAR `index`; returns how many registers it takes. */
static unsigned read_bar(struct pci_function *function, unsigned index, unsigned count)
{
    struct pci_bar *bar = &function->bars[index];
    uint32_t low = pci_read32(function, (uint16_t)(PCI_BAR0 + 4 * index));
    uint64_t mask = bar_mask(function, index, low);

    if (!mask && (low & 7) != BAR_MEMORY_64)
        return 1;
    bar->is_io = low & 1;
    bar->base = low & (bar->is_io ? ~3u : ~15u);
    if (bar->is_io) {
        bar->size = -mask & 0xffff;
        return 1;
    }
    bar->is_prefetchable = low >> 3 & 1;
    bar->is_64bit = (low & 7) == BAR_MEMORY_64 && index + 1 < count;
    if (!bar->is_64bit) {
        bar->size = (uint32_t)-mask;
        return 1;
    }
    uint32_t high = pci_read32(function, (uint16_t)(PCI_BAR0 + 4 * index + 4));

    bar->base |= (uint64_t)high << 32;
    bar->size = -(mask | bar_upper_mask(function, index + 1, high));
    return 2;
}

static void read_bars(struct pci_function *function)
{
    unsigned count = function->header_type == 0 ? PCI_BARS : 2;
    uint16_t command = pci_read16(function, PCI_COMMAND);

    pci_write16(function, PCI_COMMAND, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (unsigned i = 0; i < count;)
        i += read_bar(function, i, count);
    pci_write16(function, PCI_COMMAND, command);
}

static void read_header(struct pci_function *function)
{
    function->device = pci_read16(function, 0x02);
    function->revision = pci_read8(function, 0x08);
    function->class_code = pci_read32(function, 0x08) >> 8;
    function->header_type = pci_read8(function, 0x0e) & ~MULTIFUNCTION;
    function->interrupt_line = pci_read8(function, 0x3c);
    function->msi_id = function->bdf;
    function->interrupt_pin = pci_read8(function, 0x3d);
    if (function->header_type == 0) {
        function->subsystem_vendor = pci_read16(function, 0x2c);
        function->subsystem = pci_read16(function, 0x2e);
    } else if (function->header_type == 1) {
        function->secondary_bus = pci_read8(function, 0x19);
        function->subordinate_bus = pci_read8(function, 0x1a);
    }
    if (function->header_type <= 1)
        read_bars(function);
}

struct walk {
    struct pci *pci;
    const struct pci_host *host;
    const struct sink *complaints;
    uint64_t visited[4];
};

static bool visit(struct walk *walk, uint8_t bus)
{
    uint64_t bit = 1ull << (bus & 63);
    bool first = !(walk->visited[bus >> 6] & bit);

    walk->visited[bus >> 6] |= bit;
    return first;
}

static bool bridge_is_sane(const struct walk *walk, const struct pci_function *bridge)
{
    uint8_t bus = PCI_BUS(bridge->bdf);

    if (bridge->secondary_bus == 0)
        return false; /* firmware gave it no bus */
    if (bridge->secondary_bus > bus && bridge->subordinate_bus >= bridge->secondary_bus)
        return true;
    sink_printf(walk->complaints,
                "pci %04x:%02x:%02x.%x: offset 0x19: secondary bus 0x%02x, subordinate bus 0x%02x, "
                "expected bus 0x%02x < secondary <= subordinate",
                walk->host->segment, bus, PCI_DEVICE(bridge->bdf), PCI_FUNCTION(bridge->bdf),
                bridge->secondary_bus, bridge->subordinate_bus, bus);
    return false;
}

/* Adds the function if there is one; NULL when the slot is empty or the table full. */
static struct pci_function *add_function(struct walk *walk, uint16_t bdf,
                                         const struct pci_function *bridge)
{
    struct pci *pci = walk->pci;
    uint16_t vendor = (uint16_t)pci_host_read(walk->host, bdf, 0, 2);

    if (vendor == 0xffff || vendor == 0)
        return NULL;
    if (pci->function_count == PCI_MAX_FUNCTIONS) {
        sink_printf(walk->complaints, "pci: more than %d functions, the rest is left out",
                    PCI_MAX_FUNCTIONS);
        return NULL;
    }
    struct pci_function *function = &pci->functions[pci->function_count++];

    *function =
        (struct pci_function){.host = walk->host, .bridge = bridge, .bdf = bdf, .vendor = vendor};
    read_header(function);
    return function;
}

static void walk_bus(struct walk *walk, uint8_t bus, const struct pci_function *bridge);

static void walk_slot(struct walk *walk, uint8_t bus, unsigned slot,
                      const struct pci_function *bridge)
{
    for (unsigned number = 0; number < 8; number++) {
        uint16_t bdf = (uint16_t)(bus << 8 | slot << 3 | number);
        struct pci_function *function = add_function(walk, bdf, bridge);

        if (function && function->header_type == 1 && bridge_is_sane(walk, function))
            walk_bus(walk, function->secondary_bus, function);
        if (number == 0 && !(pci_host_read(walk->host, bdf, 0x0e, 1) & MULTIFUNCTION))
            return;
    }
}

static void walk_bus(struct walk *walk, uint8_t bus, const struct pci_function *bridge)
{
    if (bus < walk->host->bus_first || bus > walk->host->bus_last || !visit(walk, bus))
        return;
    for (unsigned slot = 0; slot < 32; slot++)
        walk_slot(walk, bus, slot, bridge);
}

void pci_enumerate(struct pci *pci, const struct sink *complaints)
{
    pci->function_count = 0;
    for (unsigned i = 0; i < pci->host_count; i++) {
        const struct pci_host *host = &pci->hosts[i];
        struct walk walk = {.pci = pci, .host = host, .complaints = complaints};
        unsigned last = host->bridges_only ? host->bus_first : host->bus_last;

        for (unsigned bus = host->bus_first; bus <= last; bus++)
            walk_bus(&walk, (uint8_t)bus, NULL);
    }
}
