/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that driver and device share: virtio 1.4 sections 2.7 (split) and 2.8 (packed). */
#pragma once

#include <stdint.h>

#define VIRTQ_DESC_F_NEXT     1
#define VIRTQ_DESC_F_WRITE    2
#define VIRTQ_DESC_F_INDIRECT 4

#define VIRTQ_USED_F_NO_NOTIFY     1
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

struct virtq_desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct virtq_avail {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[]; /* size entries, then used_event */
};

struct virtq_used_element {
    uint32_t id;
    uint32_t length;
};

struct virtq_used {
    uint16_t flags;
    uint16_t index;
    struct virtq_used_element ring[]; /* size entries, then avail_event */
};

/* 2.8.13; available where AVAIL differs from USED, used where both are the same */
#define VIRTQ_PACKED_F_AVAIL 0x0080
#define VIRTQ_PACKED_F_USED  0x8000

struct virtq_packed_desc {
    uint64_t address;
    uint32_t length;
    uint16_t id;
    uint16_t flags;
};

/* 2.8.14, values of the flags */
#define VIRTQ_EVENT_ENABLE  0
#define VIRTQ_EVENT_DISABLE 1
#define VIRTQ_EVENT_DESC    2
#define VIRTQ_EVENT_FLAGS   3 /* the bits of them */

struct virtq_packed_event {
    uint16_t position; /* 14:0 offset in the ring, 15 wrap counter */
    uint16_t flags;
};
