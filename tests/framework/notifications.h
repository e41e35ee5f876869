/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMU's notifications (virtio 1.4 section 2.3) as interrupts, by whatever its transport has:
 * MSI-X vectors, one for each queue, or one line for all of them.
 */
#pragma once

#include "drivers/pci/msi.h"
#include "tests/framework/fixture.h"

#define NOTIFICATION_SOURCES 2

struct notifications {
    struct virtio_transport *transport;
    struct pci_msix msix; /* unused on a line */
    unsigned sources;     /* queue q notifies by source q % sources */
    volatile unsigned hits[NOTIFICATION_SOURCES];
    volatile uint8_t isr; /* all that the interrupt status has shown, on a line */
};

/* By vectors where there are some, else by the line. Skips the test if there is neither. */
void notifications_open(struct test *test, struct notifications *notifications);
/* `sources` vectors (at most NOTIFICATION_SOURCES), enabled, that no queue has yet; PCI only. */
void notifications_open_vectors(struct test *test, struct notifications *notifications,
                                uint16_t sources);
/* The line; its handler reads the interrupt status, which is what takes the level away. */
void notifications_open_line(struct test *test, struct notifications *notifications);
void notifications_close(struct notifications *notifications);

/*
 * Waits until the queue has notified `wanted` times, `ns` at most; returns how many times it has.
 */
unsigned notifications_wait(const struct notifications *notifications, unsigned queue,
                            unsigned wanted, uint64_t ns);
/* Lets what is under way arrive and counts anew. */
void notifications_settle(struct notifications *notifications);
