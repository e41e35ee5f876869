// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/pci/config.h"

#include "arch/arch.h"
#include "lib/assert/assert.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

static volatile uint8_t *ecam_address(const struct pci_host *host, uint16_t bdf, uint16_t offset)
{
    return host->ecam + ((uint32_t)(bdf - (host->bus_first << 8)) << 12) + offset;
}

static uint32_t ecam_read(const struct pci_host *host, uint16_t bdf, uint16_t offset,
                          unsigned width)
{
    return mmio_read(ecam_address(host, bdf, offset), width);
}

static void ecam_write(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width,
                       uint32_t value)
{
    mmio_write(ecam_address(host, bdf, offset), width, value);
}

/* The address register stays as the last access left it; every access writes it anew. */
static uint16_t ports_select(uint16_t bdf, uint16_t offset)
{
    port_write32(CONFIG_ADDRESS, 1u << 31 | (uint32_t)bdf << 8 | (offset & 0xfcu));
    return (uint16_t)(CONFIG_DATA + (offset & 3));
}

static uint32_t ports_read(const struct pci_host *host, uint16_t bdf, uint16_t offset,
                           unsigned width)
{
    (void)host;
    return port_read(ports_select(bdf, offset), width);
}

static void ports_write(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width,
                        uint32_t value)
{
    (void)host;
    port_write(ports_select(bdf, offset), width, value);
}

const struct pci_config_ops pci_ecam = {"ECAM", 4096, ecam_read, ecam_write};
const struct pci_config_ops pci_ports = {"ports 0xCF8/0xCFC", 256, ports_read, ports_write};

static bool is_access(uint16_t offset, unsigned width)
{
    return (width == 1 || width == 2 || width == 4) && offset % width == 0;
}

uint32_t pci_host_read(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width)
{
    ASSERT(is_access(offset, width));
    if (offset + width > host->ops->size)
        return UINT32_MAX >> (32 - 8 * width);
    return host->ops->read(host, bdf, offset, width);
}

void pci_host_write(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width,
                    uint32_t value)
{
    ASSERT(is_access(offset, width));
    if (offset + width <= host->ops->size)
        host->ops->write(host, bdf, offset, width, value);
}
