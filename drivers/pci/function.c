// SPDX-License-Identifier: BSD-2-Clause
/* The header of one function: what it is, and its BARs as they are found. */
#include "drivers/pci/internal.h"

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
    unsigned count = function->header_type == 0 ? PCI_BARS : PCI_BRIDGE_BARS;
    uint16_t command = pci_read16(function, PCI_COMMAND);

    pci_write16(function, PCI_COMMAND, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (unsigned i = 0; i < count;)
        i += read_bar(function, i, count);
    pci_write16(function, PCI_COMMAND, command);
}

void pci_read_function(struct pci_function *function)
{
    function->device = pci_read16(function, 0x02);
    function->revision = pci_read8(function, 0x08);
    function->class_code = pci_read32(function, 0x08) >> 8;
    function->header_type = pci_read8(function, 0x0e) & ~PCI_MULTIFUNCTION;
    function->interrupt_pin = pci_read8(function, 0x3d);
    if (function->header_type == 0) {
        function->subsystem_vendor = pci_read16(function, 0x2c);
        function->subsystem = pci_read16(function, 0x2e);
    } else if (function->header_type == 1) {
        function->secondary_bus = pci_read8(function, PCI_SECONDARY_BUS);
        function->subordinate_bus = pci_read8(function, PCI_SUBORDINATE_BUS);
    }
    if (function->header_type <= 1)
        read_bars(function);
}
