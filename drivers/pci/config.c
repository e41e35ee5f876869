// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/pci/config.h"

#include <stddef.h>

#include "arch/arch.h"
#include "lib/assert/assert.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

static volatile uint8_t *ecam_address(const struct pci_host *host, uint16_t bdf, uint16_t offset)
{
    return host->ecam + (uint32_t)(bdf - (host->bus_first << 8)) * host->ops->size + offset;
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

/* The address register stays as the last access left it; every access writes it first. */
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

static bool ecam_probe(const struct pci_host *host, uint16_t bdf, uint32_t *id)
{
    return arch_try_read32(ecam_address(host, bdf, 0), id);
}

const struct pci_config_ops pci_ecam = {"ECAM", 4096, ecam_read, ecam_write, ecam_probe};
const struct pci_config_ops pci_cam = {"CAM", 256, ecam_read, ecam_write, ecam_probe};
const struct pci_config_ops pci_ports = {"ports 0xCF8/0xCFC", 256, ports_read, ports_write, NULL};

bool pci_host_has(const struct pci_host *host, uint16_t bdf)
{
    uint32_t id;

    if (!host->ops->probe)
        id = pci_host_read(host, bdf, 0, 4);
    else if (!host->ops->probe(host, bdf, &id))
        return false;
    return (id & 0xffff) != 0xffff && id & 0xffff;
}

bool pci_host_answers(const struct pci_host *host)
{
    for (unsigned bus = host->bus_first; bus <= host->bus_last; bus++)
        for (unsigned slot = 0; slot < 32; slot++)
            if (pci_host_has(host, (uint16_t)(bus << 8 | slot << 3)))
                return true;
    return false;
}

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
