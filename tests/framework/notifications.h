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
    struct test *test;
    struct virtio_transport *transport;
    struct pci_msix msix; /* unused on a line */
    unsigned sources;     /* queue q uses source q % sources */
    volatile unsigned hits[NOTIFICATION_SOURCES];
    volatile uint8_t isr; /* on a line: every bit that the interrupt status has shown */
};

/* By MSI-X where the function has it, else by the line. Skips the test if there is neither. */
void notifications_open(struct test *test, struct notifications *notifications);
/* `sources` MSI-X vectors (at most NOTIFICATION_SOURCES), enabled, mapped to no queue; PCI only. */
void notifications_open_vectors(struct test *test, struct notifications *notifications,
                                uint16_t sources);
/* The line. Its handler reads the interrupt status, which lowers the line. */
void notifications_open_line(struct test *test, struct notifications *notifications);
void notifications_close(struct notifications *notifications);

/*
 * Waits at most `ns` until the queue has notified `wanted` times; returns how often it has. Skips the
 * test where the machine loses them.
 */
unsigned notifications_wait(const struct notifications *notifications, unsigned queue,
                            unsigned wanted, uint64_t ns);
/* The two halves of that, of which another CPU may do the first. */
unsigned notifications_count(const struct notifications *notifications, unsigned queue,
                             unsigned wanted, uint64_t ns);
void notifications_require_line(const struct notifications *notifications);
/* Waits for notifications that are in flight, then sets the counts to 0. */
void notifications_settle(struct notifications *notifications);
