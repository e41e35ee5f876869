/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver does out of the order of virtio 1.4 section 3.1.1, and of 2.1.1, 4.1.4.3.2 and
 * 5.13.5. The device answers as it always does; whoever drives it can ask what was out of order.
 */
#pragma once

#include "tests/refdev/device/virtio.h"

/* Before an access to a field of the common configuration is carried out. */
void ref_order_read(const struct ref_virtio *virtio, uint32_t offset);
void ref_order_write(struct ref_virtio *virtio, uint32_t offset, uint64_t value);
/* Before one to the device's own configuration, and before a notification. */
void ref_order_config(const struct ref_virtio *virtio, bool is_write);
void ref_order_notification(const struct ref_virtio *virtio, unsigned queue);

/* The first such access since the last call; NULL: there was none. */
const char *ref_take_order(void);
