/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every PCI function of the machine, on all buses and behind all bridges (PCI Local Bus 3.0 chapter
 * 6). A host whose windows are described is one that nobody may have configured: there, bridges
 * without numbers and BARs without addresses get them, by lib/pciplan; what firmware did stays.
 * Elsewhere nothing is assigned or moved. BARs are sized with decoding off.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/pci/config.h"
#include "lib/text/sink.h"

#define PCI_MAX_FUNCTIONS 256
#define PCI_MAX_HOSTS     MACHINE_MAX_HOSTS
#define PCI_BARS          6

#define PCI_COMMAND              0x04
#define PCI_COMMAND_IO           (1u << 0)
#define PCI_COMMAND_MEMORY       (1u << 1)
#define PCI_COMMAND_BUS_MASTER   (1u << 2)
#define PCI_COMMAND_INTX_DISABLE (1u << 10)
#define PCI_STATUS               0x06
#define PCI_STATUS_INTERRUPT     (1u << 3)
#define PCI_STATUS_CAPABILITIES  (1u << 4)
#define PCI_BAR0                 0x10
#define PCI_CAPABILITY_MSI       0x05
#define PCI_CAPABILITY_VENDOR    0x09
#define PCI_CAPABILITY_HOT_PLUG  0x0c
#define PCI_CAPABILITY_EXPRESS   0x10
#define PCI_CAPABILITY_MSIX      0x11

#define PCI_BUS(bdf)      ((bdf) >> 8)
#define PCI_DEVICE(bdf)   ((bdf) >> 3 & 31)
#define PCI_FUNCTION(bdf) (7 & (bdf))

struct pci_bar {
    uint64_t base; /* on the bus, which is not the CPU's address on every host; 0: no address */
    uint64_t size; /* 0: not implemented, or the upper half of the BAR before it */
    bool is_io, is_64bit, is_prefetchable;
};

struct pci_function {
    const struct pci_host *host;
    const struct pci_function *bridge; /* above this function; NULL on a root bus */
    uint16_t bdf;
    uint16_t vendor, device;
    uint16_t subsystem_vendor, subsystem;
    uint32_t class_code; /* base class << 16 | subclass << 8 | programming interface */
    uint8_t revision;
    uint8_t header_type;                    /* 0 endpoint, 1 bridge */
    uint8_t secondary_bus, subordinate_bus; /* of a bridge */
    uint8_t interrupt_pin;                  /* 0: none, 1..4: INTA#..INTD# */
    bool interrupt_is_edge;
    uint32_t interrupt_line; /* for arch_line_claim(); UINT32_MAX: unspecified */
    uint32_t msi_id;         /* for arch_msi_claim(); UINT32_MAX: its messages are not delivered */
    /*
     * The id of the function for whatever is above the host bridge: an IOMMU's topology and an
     * interrupt controller's msi-map are asked for this, never for the bdf. See pci_route().
     */
    uint16_t requester_id;
    struct pci_bar bars[PCI_BARS];
};

struct pci {
    struct pci_host hosts[PCI_MAX_HOSTS];
    unsigned host_count;
    struct pci_function functions[PCI_MAX_FUNCTIONS];
    unsigned function_count;
};

/* Fills functions[] from hosts[]; what does not fit or is invalid is reported and left out. */
void pci_enumerate(struct pci *pci, const struct sink *diagnostics);

const struct pci_function *pci_find(const struct pci *pci, uint16_t segment, uint16_t bdf);

uint8_t pci_read8(const struct pci_function *function, uint16_t offset);
uint16_t pci_read16(const struct pci_function *function, uint16_t offset);
uint32_t pci_read32(const struct pci_function *function, uint16_t offset);
void pci_write8(const struct pci_function *function, uint16_t offset, uint8_t value);
void pci_write16(const struct pci_function *function, uint16_t offset, uint16_t value);
void pci_write32(const struct pci_function *function, uint16_t offset, uint32_t value);

/*
 * Offset of the first capability `id` after the one at `previous` (0: from the start of the list);
 * 0 when there is none or the list is malformed (a pointer below 0x40, more than 48 hops).
 */
uint8_t pci_find_capability(const struct pci_function *function, uint8_t id, uint8_t previous);

/* Sets and clears bits of the command register. */
void pci_command(const struct pci_function *function, uint16_t set, uint16_t clear);

/*
 * Maps a whole memory BAR as device memory, decoding on. NULL: it has no address, or another memory
 * BAR of the function has none, which would answer at the address of something else.
 */
void *pci_map_bar(const struct pci_function *function, unsigned index);
