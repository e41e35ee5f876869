/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of vfio-user, whose payloads are mostly those of <linux/vfio.h>. */
#pragma once

#include <linux/vfio.h>
#include <sys/un.h>

#include "tests/refdev/server/memory.h"
#include "tests/refdev/server/receive.h"
#include "tests/refdev/server/server.h"
#include "tests/refdev/server/triggers.h"

#define VFIO_CAPABILITIES "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":4096}}"
#define VFIO_DATA_MAX     4096

struct vfio_header {
    uint16_t id, command;
    uint32_t size; /* with the header */
    uint32_t flags, error;
};

struct vfio_version {
    uint16_t major, minor;
    char capabilities[sizeof(VFIO_CAPABILITIES)];
};

struct vfio_map {
    uint32_t argsz, flags;
    uint64_t offset, address, size;
};

struct vfio_unmap {
    uint32_t argsz, flags;
    uint64_t address, size;
};

/* The first, fixed part of the kernel's. */
struct vfio_info {
    uint32_t argsz, flags, region_count, irq_count;
};

struct vfio_irqs {
    uint32_t argsz, flags, index, start, count;
};

struct vfio_access {
    uint64_t offset;
    uint32_t region, count;
    uint8_t data[VFIO_DATA_MAX];
};

union vfio_payload {
    struct vfio_version version;
    struct vfio_map map;
    struct vfio_unmap unmap;
    struct vfio_info info;
    struct vfio_region_info region;
    struct vfio_irq_info irq;
    struct vfio_irqs irqs;
    struct vfio_access access;
};

/* A device of the VMM's and what it knows of the machine. */
struct vfio_link {
    struct server *server;
    const char *name;
    struct ref_function *function;
    struct ref_surroundings around;
    struct triggers triggers;
    struct shared_memory memory;
    struct sockaddr_un address;
    int listening, socket;
    struct descriptors descriptors; /* of the message that is being handled */
};

/*
 * Handles a request with `size` bytes of payload and leaves the reply's payload. Returns the length
 * of that, or the error to reply with, below 0; prints a message where the request is malformed.
 */
int vfio_handle(struct vfio_link *link, uint16_t command, union vfio_payload *payload,
                uint32_t size);
