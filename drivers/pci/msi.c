// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/pci/msi.h"

#define MSIX_CONTROL    2
#define MSIX_ENABLE     (1u << 15)
#define MSIX_SIZE_MASK  0x7ff
#define MSIX_TABLE      4
#define MSIX_PENDING    8
#define MSIX_ENTRY_SIZE 16
#define MSIX_ENTRY_MASK 12
#define MSIX_ENTRY_DATA 8

#define MSI_CONTROL  2
#define MSI_ENABLE   (1u << 0)
#define MSI_MULTIPLE (7u << 4)
#define MSI_64BIT    (1u << 7)

/* The `size` bytes that the register at `offset` of the capability locates; NULL: in no BAR. */
static volatile uint8_t *map_region(const struct pci_msix *msix, uint8_t offset, uint32_t size)
{
    uint32_t where = pci_read32(msix->function, msix->capability + offset);
    unsigned bar = where & 7;
    uint32_t start = where & ~7u;

    if (bar >= PCI_BARS || size > msix->function->bars[bar].size ||
        start > msix->function->bars[bar].size - size)
        return NULL;
    uint8_t *base = pci_map_bar(msix->function, bar);

    return base ? base + start : NULL;
}

bool pci_msix_open(const struct pci_function *function, struct pci_msix *msix)
{
    *msix = (struct pci_msix){.function = function};
    msix->capability = pci_find_capability(function, PCI_CAPABILITY_MSIX, 0);
    if (!msix->capability)
        return false;
    msix->vector_count =
        (pci_read16(function, msix->capability + MSIX_CONTROL) & MSIX_SIZE_MASK) + 1u;
    msix->table = map_region(msix, MSIX_TABLE, msix->vector_count * MSIX_ENTRY_SIZE);
    return msix->table && map_region(msix, MSIX_PENDING, (msix->vector_count + 63u) / 64 * 8);
}

static void mask(const struct pci_msix *msix, uint16_t vector, bool masked)
{
    mmio_write32(msix->table + vector * MSIX_ENTRY_SIZE + MSIX_ENTRY_MASK, masked);
}

void pci_msix_enable(const struct pci_msix *msix)
{
    uint16_t offset = msix->capability + MSIX_CONTROL;

    pci_command(msix->function, PCI_COMMAND_INTX_DISABLE | PCI_COMMAND_BUS_MASTER, 0);
    for (uint16_t vector = 0; vector < msix->vector_count; vector++)
        mask(msix, vector, true);
    pci_write16(msix->function, offset, pci_read16(msix->function, offset) | MSIX_ENABLE);
}

void pci_msix_disable(const struct pci_msix *msix)
{
    uint16_t offset = msix->capability + MSIX_CONTROL;

    pci_write16(msix->function, offset,
                (uint16_t)(pci_read16(msix->function, offset) & ~MSIX_ENABLE));
}

void pci_msix_set(const struct pci_msix *msix, uint16_t vector, const struct arch_msi *message)
{
    volatile uint8_t *entry = msix->table + vector * MSIX_ENTRY_SIZE;

    mmio_write32(entry, (uint32_t)message->address);
    mmio_write32(entry + 4, (uint32_t)(message->address >> 32));
    mmio_write32(entry + MSIX_ENTRY_DATA, message->data);
    mask(msix, vector, false);
}

bool pci_has_msi(const struct pci_function *function)
{
    return pci_find_capability(function, PCI_CAPABILITY_MSI, 0);
}

bool pci_msi_enable(const struct pci_function *function, const struct arch_msi *message)
{
    uint8_t capability = pci_find_capability(function, PCI_CAPABILITY_MSI, 0);

    if (!capability)
        return false;
    uint16_t control = pci_read16(function, capability + MSI_CONTROL);
    uint8_t data = control & MSI_64BIT ? 12 : 8;

    pci_write32(function, capability + 4, (uint32_t)message->address);
    if (control & MSI_64BIT)
        pci_write32(function, capability + 8, (uint32_t)(message->address >> 32));
    pci_write16(function, capability + data, (uint16_t)message->data);
    pci_command(function, PCI_COMMAND_INTX_DISABLE | PCI_COMMAND_BUS_MASTER, 0);
    pci_write16(function, capability + MSI_CONTROL,
                (uint16_t)((control & ~MSI_MULTIPLE) | MSI_ENABLE));
    return true;
}

void pci_msi_disable(const struct pci_function *function)
{
    uint8_t capability = pci_find_capability(function, PCI_CAPABILITY_MSI, 0);

    if (!capability)
        return;
    uint16_t control = pci_read16(function, capability + MSI_CONTROL);

    pci_write16(function, capability + MSI_CONTROL, (uint16_t)(control & ~MSI_ENABLE));
}
