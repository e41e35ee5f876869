/* SPDX-License-Identifier: BSD-2-Clause */
/* The two formats of a ring, split (queue.c) and packed (packed.c), behind queue.h. */
#pragma once

#include "tests/refdev/device/queue.h"

/* 2.7.5, 2.8.5 */
#define DESC_NEXT     1u
#define DESC_WRITE    2u
#define DESC_INDIRECT 4u

bool ref_read16(struct ref_virtio *virtio, uint64_t address, uint16_t *value);
bool ref_write16(struct ref_virtio *virtio, uint64_t address, uint16_t value);
/* False: a readable segment after a writable one (2.7.4.2), or too many. */
bool ref_add_segment(struct ref_chain *chain, struct ref_segment segment, bool is_writable);

/* 2.9: whether the driver can have made descriptors available up to that position. */
bool ref_is_plausible(struct ref_virtio *virtio, const struct ref_queue *queue, uint16_t position);
bool ref_packed_is_plausible(struct ref_virtio *virtio, const struct ref_queue *queue,
                             uint16_t position);

enum ref_pop ref_packed_pop(struct ref_virtio *virtio, struct ref_queue *queue);
void ref_packed_unpop(struct ref_queue *queue);
bool ref_packed_push(struct ref_virtio *virtio, struct ref_queue *queue, uint16_t id,
                     uint32_t length);
bool ref_packed_listen(struct ref_virtio *virtio, struct ref_queue *queue);
bool ref_packed_wants_interrupt(struct ref_virtio *virtio, struct ref_queue *queue);
