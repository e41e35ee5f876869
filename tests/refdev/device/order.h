/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver does out of the order of virtio 1.4 section 3.1.1, and of 2.1.1, 4.1.4.3.2 and
 * 5.13.5. The device answers as it always does; whoever drives it can ask what was out of order.
 */
#pragma once

#include "tests/refdev/device/virtio.h"

/* Before an access to a field of the common configuration is carried out. */
void ref_order_read(struct ref_virtio *virtio, uint32_t offset);
void ref_order_write(struct ref_virtio *virtio, uint32_t offset, uint64_t value);
/* By which bytes it is accessed on PCI (4.1.3.1), and a register of virtio-mmio (4.2.2.2). */
void ref_order_field(const struct ref_virtio *virtio, uint32_t offset, unsigned width,
                     bool is_write);
void ref_order_register(const struct ref_virtio *virtio, uint32_t offset, unsigned width,
                        bool is_write);
/* Before an access to the device's own configuration; what an IOMMU's driver may do there. */
void ref_order_config(const struct ref_virtio *virtio, bool is_write);
void ref_order_iommu_config(const struct ref_virtio *virtio, uint32_t offset, unsigned width,
                            bool is_write, uint64_t value);
/* Before a notification; `queue` REF_QUEUES: it names none. */
void ref_order_notification(const struct ref_virtio *virtio, unsigned queue);
/* Before a queue is enabled. */
void ref_order_enable(const struct ref_virtio *virtio, const struct ref_queue *queue);
/* When a queue is looked at, and when what is available there breaks the device. */
void ref_order_available(struct ref_virtio *virtio, unsigned queue, bool is_broken);
/* A request of an IOMMU, by its type and the lengths of its chain. */
void ref_order_request(const struct ref_virtio *virtio, uint8_t type, const struct ref_chain *chain,
                       uint32_t probe_size);

/* Remembers it, if it is the first. */
void ref_out_of_order(const struct ref_virtio *virtio, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The first such access since the last call; NULL: there was none. */
const char *ref_take_order(void);
