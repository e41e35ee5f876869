/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space, by whichever way the machine has: memory-mapped (ECAM, PCI Firmware
 * Specification 4.1) or the x86 ports 0xCF8/0xCFC. Chosen at run time, once for each host.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/machine/machine.h"

#define PCI_FUNCTIONS_OF_A_BUS 256

struct pci_host;

struct pci_config_ops {
    const char *name;
    uint16_t size; /* bytes of configuration space within reach of a function */
    uint32_t (*read)(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width);
    void (*write)(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width,
                  uint32_t value);
    /*
     * Vendor and device id, read with care: nobody may answer. False: an exception did. NULL: an
     * ordinary read will do.
     */
    bool (*probe)(const struct pci_host *host, uint16_t bdf, uint32_t *id);
};

/* One segment and the buses of it that one configuration mechanism reaches. */
struct pci_host {
    const struct pci_config_ops *ops;
    uint16_t segment;
    uint8_t bus_first, bus_last;
    bool may_mirror;        /* a bus that no bridge leads to may be the first one once more */
    volatile uint8_t *ecam; /* of bus_first, or the same of CAM */
    const struct machine_host *machine; /* what firmware says of it; NULL: nothing */
};

/* CAM has 256 bytes of each function in memory, so that a bus takes 64 KiB. */
extern const struct pci_config_ops pci_ecam, pci_cam, pci_ports;

/* Whether there is a function under this number. */
bool pci_host_has(const struct pci_host *host, uint16_t bdf);
/* Whether there is any on the host's buses. */
bool pci_host_answers(const struct pci_host *host);

/* `width` is 1, 2 or 4 and `offset` a multiple of it; outside the space all ones are read. */
uint32_t pci_host_read(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width);
void pci_host_write(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width,
                    uint32_t value);
