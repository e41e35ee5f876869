/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of a PCI function: MSI-X and MSI (PCI Local Bus 3.0 section 6.8), INTx. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "drivers/pci/pci.h"

struct pci_msix {
    const struct pci_function *function;
    uint8_t capability;
    uint16_t vector_count;
    volatile uint8_t *table;
};

/* Finds and maps the table; false when there is none, or when it or the array of pending bits does
 * not be inside its BAR. */
bool pci_msix_open(const struct pci_function *function, struct pci_msix *msix);
/* Enables MSI-X with every vector masked and INTx off; off again, which leaves INTx off. */
void pci_msix_enable(const struct pci_msix *msix);
void pci_msix_disable(const struct pci_msix *msix);
/* Writes the message of `vector` (below vector_count) and unmasks it. */
void pci_msix_set(const struct pci_msix *msix, uint16_t vector, const struct arch_msi *message);

bool pci_has_msi(const struct pci_function *function);
/* One message for the function, INTx off (and left so); false when it has no MSI capability. */
bool pci_msi_enable(const struct pci_function *function, const struct arch_msi *message);
void pci_msi_disable(const struct pci_function *function);
