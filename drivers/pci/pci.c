// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/pci/pci.h"

#include "arch/arch.h"

#define CAPABILITIES_POINTER 0x34
#define CAPABILITY_HOPS      48

uint8_t pci_read8(const struct pci_function *function, uint16_t offset)
{
    return (uint8_t)pci_host_read(function->host, function->bdf, offset, 1);
}

uint16_t pci_read16(const struct pci_function *function, uint16_t offset)
{
    return (uint16_t)pci_host_read(function->host, function->bdf, offset, 2);
}

uint32_t pci_read32(const struct pci_function *function, uint16_t offset)
{
    return pci_host_read(function->host, function->bdf, offset, 4);
}

void pci_write8(const struct pci_function *function, uint16_t offset, uint8_t value)
{
    pci_host_write(function->host, function->bdf, offset, 1, value);
}

void pci_write16(const struct pci_function *function, uint16_t offset, uint16_t value)
{
    pci_host_write(function->host, function->bdf, offset, 2, value);
}

void pci_write32(const struct pci_function *function, uint16_t offset, uint32_t value)
{
    pci_host_write(function->host, function->bdf, offset, 4, value);
}

const struct pci_function *pci_find(const struct pci *pci, uint16_t segment, uint16_t bdf)
{
    for (unsigned i = 0; i < pci->function_count; i++) {
        const struct pci_function *function = &pci->functions[i];

        if (function->bdf == bdf && function->host->segment == segment)
            return function;
    }
    return NULL;
}

uint8_t pci_find_capability(const struct pci_function *function, uint8_t id, uint8_t previous)
{
    uint16_t pointer = previous ? previous + 1u : CAPABILITIES_POINTER;

    if (!(pci_read16(function, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
        return 0;
    for (unsigned hop = 0; hop < CAPABILITY_HOPS; hop++) {
        uint8_t offset = pci_read8(function, pointer) & ~3u;

        if (offset < 0x40)
            return 0;
        if (pci_read8(function, offset) == id)
            return offset;
        pointer = offset + 1u;
    }
    return 0;
}

void pci_command(const struct pci_function *function, uint16_t set, uint16_t clear)
{
    uint16_t command = pci_read16(function, PCI_COMMAND);

    pci_write16(function, PCI_COMMAND, (uint16_t)((command & ~clear) | set));
}

/* The CPU's address of a memory BAR; false: absent, an I/O BAR, without address, out of reach. */
static bool bar_address(const struct pci_function *function, unsigned index, uint64_t *address)
{
    const struct pci_bar *bar = &function->bars[index];
    const struct machine_host *host = function->host->machine;

    if (!bar->size || bar->is_io || !bar->base)
        return false;
    *address = bar->base;
    if (!host || !host->window_count)
        return true;
    for (unsigned i = 0; i < host->window_count; i++) {
        const struct machine_window *window = &host->windows[i];
        uint64_t offset = bar->base - window->bus;

        if (window->kind == MACHINE_WINDOW_IO || bar->base < window->bus ||
            offset >= window->size || bar->size > window->size - offset)
            continue;
        *address = window->cpu + offset;
        return true;
    }
    return false;
}

void *pci_map_bar(const struct pci_function *function, unsigned index)
{
    uint64_t address;

    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *bar = &function->bars[i];

        if (bar->size && !bar->is_io && !bar->base)
            return NULL;
    }
    if (!bar_address(function, index, &address))
        return NULL;
    pci_command(function, PCI_COMMAND_MEMORY, 0);
    return arch_map(address, function->bars[index].size, ARCH_DEVICE);
}
