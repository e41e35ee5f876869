// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/platform/platform.h"

#include "arch/arch.h"
#include "lib/topology/viot.h"

static const void *map_firmware(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return arch_map(address, size, ARCH_NORMAL);
}

static bool find_rsdp(const struct acpi_memory *memory, uint64_t told, struct acpi_rsdp *rsdp,
                      const struct sink *complaints)
{
    if (told && acpi_rsdp_at(memory, told, rsdp, complaints))
        return true;
    return acpi_rsdp_scan(memory, rsdp, complaints);
}

static void find_hosts(struct platform *platform, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&platform->acpi, "MCFG");
    struct pci *pci = &platform->pci;
    struct acpi_mcfg mcfg = {0};

    if (table)
        acpi_mcfg_read(table->bytes, table->length, &mcfg, complaints);
    for (unsigned i = 0; i < mcfg.window_count && pci->host_count < PCI_MAX_HOSTS; i++) {
        const struct acpi_window *window = &mcfg.windows[i];
        uint64_t first = (uint64_t)window->bus_first << 20;
        uint64_t size = (uint64_t)(window->bus_last - window->bus_first + 1) << 20;
        uint8_t *ecam = arch_map(window->base + first, size, ARCH_DEVICE);

        if (ecam)
            pci->hosts[pci->host_count++] = (struct pci_host){.ops = &pci_ecam,
                                                              .segment = window->segment,
                                                              .bus_first = window->bus_first,
                                                              .bus_last = window->bus_last,
                                                              .ecam = ecam - first};
    }
    if (!pci->host_count && arch_has_ports())
        pci->hosts[pci->host_count++] =
            (struct pci_host){.ops = &pci_ports, .bus_last = 255, .bridges_only = true};
}

static void read_topology(struct platform *platform, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&platform->acpi, "VIOT");

    if (table)
        viot_read(table->bytes, table->length, &platform->topology, complaints);
    topology_check(&platform->topology, complaints);
}

void platform_discover(struct platform *platform, uint64_t rsdp, const struct sink *complaints)
{
    const struct acpi_memory memory = {.map = map_firmware};
    struct acpi_rsdp root;

    *platform = (struct platform){0};
    platform->has_acpi = find_rsdp(&memory, rsdp, &root, complaints) &&
                         acpi_open(&platform->acpi, &memory, &root, complaints);
    find_hosts(platform, complaints);
    pci_enumerate(&platform->pci, complaints);
    read_topology(platform, complaints);
}
