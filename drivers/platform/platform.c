// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/platform/platform.h"

#include "arch/arch.h"
#include "lib/topology/viot.h"

static void open_hosts(struct pci *pci, const struct machine *machine)
{
    for (unsigned i = 0; i < machine->host_count; i++) {
        const struct machine_host *host = &machine->hosts[i];
        uint64_t size = (uint64_t)(host->bus_last - host->bus_first + 1) << PCI_ECAM_BUS_SHIFT;
        uint8_t *ecam = arch_map(host->ecam, size, ARCH_DEVICE);

        if (ecam)
            pci->hosts[pci->host_count++] = (struct pci_host){.ops = &pci_ecam,
                                                              .machine = host,
                                                              .segment = host->segment,
                                                              .bus_first = host->bus_first,
                                                              .bus_last = host->bus_last,
                                                              .ecam = ecam};
    }
    if (!pci->host_count && arch_has_ports())
        pci->hosts[pci->host_count++] =
            (struct pci_host){.ops = &pci_ports, .bus_last = 255, .bridges_only = true};
}

static void read_topology(struct platform *platform, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&platform->machine->acpi, "VIOT");

    if (table)
        viot_read(table->bytes, table->length, &platform->topology, complaints);
    topology_check(&platform->topology, complaints);
}

void platform_discover(struct platform *platform, const struct machine *machine,
                       const struct sink *complaints)
{
    *platform = (struct platform){.machine = machine};
    open_hosts(&platform->pci, machine);
    pci_enumerate(&platform->pci, complaints);
    read_topology(platform, complaints);
}
