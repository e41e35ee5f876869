// SPDX-License-Identifier: BSD-2-Clause
/*
 * The walk over all buses of all hosts. Where the bridges are ours to configure it gives bus
 * numbers on its way: a bridge gets the lowest free one and, until all behind it is known, every
 * free one above.
 */
#include <stddef.h>

#include "drivers/pci/internal.h"
#include "lib/pciplan/pciplan.h"

#define MAX_DEPTH 32 /* of bridges behind bridges: the walk recurses */

struct walk {
    struct pci *pci;
    const struct pci_host *host;
    const struct sink *diagnostics;
    bool is_ours, is_full;
    unsigned depth;
    struct pciplan_buses visited;
    struct pciplan_buses answering; /* before anything was numbered; only where that is ours */
};

/* Whether the host's bridges and BARs are ours to configure. */
static bool is_ours(const struct pci_host *host)
{
    return host->machine && host->machine->window_count && !host->machine->is_fixed;
}

static void report(const struct walk *walk, const struct pci_function *bridge, const char *text)
{
    sink_printf(walk->diagnostics,
                "pci %04x:%02x:%02x.%x: offset 0x19: secondary bus 0x%02x, subordinate bus 0x%02x, "
                "%s",
                walk->host->segment, PCI_BUS(bridge->bdf), PCI_DEVICE(bridge->bdf),
                PCI_FUNCTION(bridge->bdf), bridge->secondary_bus, bridge->subordinate_bus, text);
}

/* Adds the function if there is one and the table has a free entry; false: there is none. */
static bool add_function(struct walk *walk, uint16_t bdf, const struct pci_function *bridge)
{
    struct pci *pci = walk->pci;

    if (!pci_host_has(walk->host, bdf))
        return false;
    if (pci->function_count == PCI_MAX_FUNCTIONS) {
        if (!walk->is_full)
            sink_printf(walk->diagnostics, "pci: more than %d functions, the rest is left out",
                        PCI_MAX_FUNCTIONS);
        walk->is_full = true;
        return true;
    }
    struct pci_function *function = &pci->functions[pci->function_count++];

    *function = (struct pci_function){
        .host = walk->host,
        .bridge = bridge,
        .bdf = bdf,
        .vendor = (uint16_t)pci_host_read(walk->host, bdf, 0, 2),
    };
    pci_read_function(function);
    return true;
}

static void add_slot(struct walk *walk, uint8_t bus, unsigned slot,
                     const struct pci_function *bridge)
{
    uint16_t bdf = (uint16_t)(bus << 8 | slot << 3);

    if (!add_function(walk, bdf, bridge) ||
        !(pci_host_read(walk->host, bdf, 0x0e, 1) & PCI_MULTIFUNCTION))
        return;
    for (unsigned number = 1; number < 8; number++)
        add_function(walk, (uint16_t)(bdf + number), bridge);
}

/* Looks at a bus; returns the highest number in use on it and behind its bridges, up to `last`. */
static uint8_t walk_bus(struct walk *walk, uint8_t bus, uint8_t last,
                        const struct pci_function *bridge);

static uint8_t walk_behind(struct walk *walk, const struct pci_function *bridge)
{
    uint8_t highest = bridge->secondary_bus;

    if (walk->depth == MAX_DEPTH) {
        report(walk, bridge, "behind too many bridges; what is behind it is left out");
        return highest;
    }
    walk->depth++;
    highest = walk_bus(walk, bridge->secondary_bus, bridge->subordinate_bus, bridge);
    walk->depth--;
    return highest;
}

static void set_buses(struct pci_function *bridge, uint8_t secondary, uint8_t subordinate)
{
    bridge->secondary_bus = secondary;
    bridge->subordinate_bus = subordinate;
    pci_write8(bridge, PCI_PRIMARY_BUS, PCI_BUS(bridge->bdf));
    pci_write8(bridge, PCI_SECONDARY_BUS, secondary);
    pci_write8(bridge, PCI_SUBORDINATE_BUS, subordinate);
}

/* Numbers a bridge, and what is behind it, by what `taken` leaves of the numbers up to `last`. */
static void number_bridge(struct walk *walk, struct pci_function *bridge,
                          struct pciplan_buses *taken, uint8_t last)
{
    uint8_t first, limit;

    if (!pciplan_buses_free(taken, PCI_BUS(bridge->bdf) + 1u, last, &first, &limit)) {
        report(walk, bridge, "and no number is left; what is behind it is left out");
        set_buses(bridge, 0, 0);
        return;
    }
    set_buses(bridge, first, limit);
    set_buses(bridge, first, walk_behind(walk, bridge));
    pciplan_buses_add(taken, first, bridge->subordinate_bus);
}

static bool is_sane(const struct pci_function *bridge, uint8_t last)
{
    return bridge->secondary_bus > PCI_BUS(bridge->bdf) &&
           bridge->subordinate_bus >= bridge->secondary_bus && bridge->subordinate_bus <= last;
}

/* Forgets the numbers of bridges that make no sense; returns all numbers of those that do. */
static struct pciplan_buses keep_numbers(struct walk *walk, unsigned first, unsigned end,
                                         uint8_t last)
{
    struct pciplan_buses kept = {0};

    for (unsigned i = first; i < end; i++) {
        struct pci_function *bridge = &walk->pci->functions[i];

        if (bridge->header_type != 1)
            continue;
        if (is_sane(bridge, last) &&
            !pciplan_buses_any(&kept, bridge->secondary_bus, bridge->subordinate_bus))
            pciplan_buses_add(&kept, bridge->secondary_bus, bridge->subordinate_bus);
        else
            bridge->secondary_bus = bridge->subordinate_bus = 0;
    }
    return kept;
}

/* The bridges among the functions [first, end), which are those of one bus. */
static uint8_t walk_bridges(struct walk *walk, unsigned first, unsigned end, uint8_t bus,
                            uint8_t last)
{
    struct pciplan_buses taken = walk->answering;
    uint8_t highest = bus;

    if (walk->is_ours) {
        struct pciplan_buses kept = keep_numbers(walk, first, end, last);

        pciplan_buses_join(&taken, &kept);
    }
    for (unsigned i = first; i < end; i++) {
        struct pci_function *bridge = &walk->pci->functions[i];

        if (bridge->header_type != 1)
            continue;
        if (walk->is_ours && !bridge->secondary_bus)
            number_bridge(walk, bridge, &taken, last);
        else if (is_sane(bridge, last))
            walk_behind(walk, bridge);
        else if (bridge->secondary_bus) /* 0: firmware gave it no bus */
            report(walk, bridge, "expected its own bus < secondary <= subordinate");
        if (bridge->subordinate_bus > highest)
            highest = bridge->subordinate_bus;
    }
    return highest;
}

/*
 * A link has one device, whose number nobody need decode: the others would be ghosts of it (PCI
 * Express 5.0 section 7.3.1; Linux looks at the first alone, too).
 */
static bool has_one_device(const struct pci_function *bridge)
{
    unsigned type = bridge ? pci_port_type(bridge) : 0;

    return type == PCI_ROOT_PORT || type == PCI_DOWNSTREAM_PORT;
}

static uint8_t walk_bus(struct walk *walk, uint8_t bus, uint8_t last,
                        const struct pci_function *bridge)
{
    unsigned first = walk->pci->function_count;

    if (bus < walk->host->bus_first || bus > walk->host->bus_last ||
        pciplan_buses_any(&walk->visited, bus, bus))
        return bus;
    pciplan_buses_add(&walk->visited, bus, bus);
    for (unsigned slot = 0; slot < (has_one_device(bridge) ? 1 : 32); slot++)
        add_slot(walk, bus, slot, bridge);
    return walk_bridges(walk, first, walk->pci->function_count, bus, last);
}

/* Another root bus answers, too: its number must not go to a bridge. */
static struct pciplan_buses find_answering(const struct pci_host *host)
{
    struct pciplan_buses buses = {0};

    for (unsigned bus = host->bus_first; bus <= host->bus_last; bus++)
        for (unsigned slot = 0; slot < 32; slot++)
            if (pci_host_has(host, (uint16_t)(bus << 8 | slot << 3))) {
                pciplan_buses_add(&buses, bus, bus);
                break;
            }
    return buses;
}

/* kvmtool does not look at the bus number of an access by ports: all buses are the same there. */
static bool is_mirror(const struct pci_host *host, unsigned bus)
{
    for (unsigned slot = 0; slot < 32; slot++)
        if (pci_host_read(host, (uint16_t)(bus << 8 | slot << 3), 0, 4) !=
            pci_host_read(host, (uint16_t)(host->bus_first << 8 | slot << 3), 0, 4))
            return false;
    return true;
}

static void walk_host(struct pci *pci, const struct pci_host *host, const struct sink *diagnostics)
{
    struct walk walk = {
        .pci = pci, .host = host, .diagnostics = diagnostics, .is_ours = is_ours(host)};
    unsigned first = pci->function_count;

    if (walk.is_ours)
        walk.answering = find_answering(host);
    for (unsigned bus = host->bus_first; bus <= host->bus_last; bus++)
        if (bus == host->bus_first || !host->may_mirror || !is_mirror(host, bus))
            walk_bus(&walk, (uint8_t)bus, host->bus_last, NULL);
    if (walk.is_ours && pci->function_count > first)
        pci_assign(pci, first, diagnostics);
}

void pci_enumerate(struct pci *pci, const struct sink *diagnostics)
{
    pci->function_count = 0;
    for (unsigned i = 0; i < pci->host_count; i++)
        walk_host(pci, &pci->hosts[i], diagnostics);
    for (unsigned i = 0; i < pci->function_count; i++) {
        struct pci_function *function = &pci->functions[i];

        /*
         * Requests and messages from below are the bridge's own on the bus above. What firmware has
         * used may still assert its line, and no driver here would deassert it.
         */
        if (function->header_type == 1)
            pci_command(function, PCI_COMMAND_BUS_MASTER, 0);
        else
            pci_command(function, PCI_COMMAND_INTX_DISABLE, 0);
        pci_route(function);
    }
}
