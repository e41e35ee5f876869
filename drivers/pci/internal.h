/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this directory share. */
#pragma once

#include "drivers/pci/pci.h"

#define PCI_MULTIFUNCTION   0x80 /* of the header type */
#define PCI_PRIMARY_BUS     0x18
#define PCI_SECONDARY_BUS   0x19
#define PCI_SUBORDINATE_BUS 0x1a
#define PCI_BRIDGE_BARS     2

/* Device/port type of the PCI Express capabilities register (PCI Express 5.0 section 7.5.3.2). */
enum pci_port_type {
    PCI_ROOT_PORT = 4,
    PCI_UPSTREAM_PORT = 5,
    PCI_DOWNSTREAM_PORT = 6,
    PCI_TO_PCI_BRIDGE = 7
};

/* Of a bridge; 0: it has no such capability. */
unsigned pci_port_type(const struct pci_function *bridge);
/* Fills the rest of a function of which host, bridge, bdf and vendor are known. */
void pci_read_function(struct pci_function *function);
/* Gives the functions [first, function_count), all of one host that is ours, their addresses. */
void pci_assign(struct pci *pci, unsigned first, const struct sink *diagnostics);
/* Requester id, message id and interrupt line of a function, from the bridges above it. */
void pci_route(struct pci_function *function);
