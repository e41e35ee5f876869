// SPDX-License-Identifier: BSD-2-Clause
/* Which id, message id and interrupt line a function has at the root, from the bridges above it. */
#include "arch/arch.h"
#include "drivers/pci/internal.h"

#define INTERRUPT_LINE 0x3c
#define LINE_UNKNOWN   0xff

unsigned pci_port_type(const struct pci_function *bridge)
{
    uint8_t capability = pci_find_capability(bridge, PCI_CAPABILITY_EXPRESS, 0);

    return capability ? pci_read16(bridge, capability + 2u) >> 4 & 15 : 0;
}

/*
 * The rule for bridges: PCI Express carries requester ids, conventional PCI does not, so that what
 * is on a conventional bus is seen under an id of the bridge above it (an alias, which all of
 * them share). A PCI-Express-to-PCI bridge uses its secondary bus and device 0, function 0
 * (PCI-Express-to-PCI/PCI-X Bridge 1.0 section 2.3), whether or not there is such a function; any
 * other bridge itself is the requester. The bridge nearest to the root has the last word. These are
 * the ids that QEMU's IOMMUs use, and those that Linux expects.
 */
static uint16_t requester_id(const struct pci_function *function)
{
    uint16_t id = function->bdf;

    for (const struct pci_function *bridge = function->bridge; bridge; bridge = bridge->bridge)
        switch (pci_port_type(bridge)) {
        case PCI_ROOT_PORT:
        case PCI_UPSTREAM_PORT:
        case PCI_DOWNSTREAM_PORT:
            break;
        case PCI_TO_PCI_BRIDGE:
            id = (uint16_t)(bridge->secondary_bus << 8);
            break;
        default:
            id = bridge->bdf;
        }
    return id;
}

/* Each bridge turns the pins by the number of the device (PCI-to-PCI Bridge 1.2 section 9.1). */
static uint32_t described_line(const struct pci_function *function, bool *is_edge)
{
    uint8_t pin = function->interrupt_pin;
    uint16_t bdf = function->bdf;

    for (const struct pci_function *bridge = function->bridge; bridge; bridge = bridge->bridge) {
        pin = (uint8_t)((pin - 1 + PCI_DEVICE(bdf)) % 4 + 1);
        bdf = bridge->bdf;
    }
    return machine_host_line(function->host->machine, bdf, pin, is_edge);
}

static bool is_below_first_bus(const struct pci_function *function)
{
    while (function->bridge)
        function = function->bridge;
    return PCI_BUS(function->bdf) == function->host->bus_first;
}

/*
 * On a PC firmware leaves the number of the line in a register that has no other use. SeaBIOS does
 * so by the routes of the first root bus, whichever the function is on: those of another one are
 * known by ACPI's programs only.
 */
static uint32_t register_line(const struct pci_function *function)
{
    uint8_t line = pci_read8(function, INTERRUPT_LINE);

    if (!is_below_first_bus(function))
        return UINT32_MAX;
    return arch_has_ports() && line && line != LINE_UNKNOWN ? line : UINT32_MAX;
}

void pci_route(struct pci_function *function)
{
    const struct machine_host *machine = function->host->machine;
    bool has_pin = function->interrupt_pin >= 1 && function->interrupt_pin <= 4;

    function->requester_id = requester_id(function);
    function->msi_id =
        machine ? machine_host_msi(machine, function->requester_id) : function->requester_id;
    function->interrupt_line = UINT32_MAX;
    if (has_pin && machine && machine->line_count)
        function->interrupt_line = described_line(function, &function->interrupt_is_edge);
    else if (has_pin)
        function->interrupt_line = register_line(function);
}
