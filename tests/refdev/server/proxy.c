// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/server/proxy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum command {
    SYNC_SYSMEM,
    RET,
    PCI_CFGWRITE,
    PCI_CFGREAD,
    BAR_WRITE,
    BAR_READ,
    SET_IRQFD,
    DEVICE_RESET,
};

struct header {
    int32_t command;
    uint32_t padding;
    uint64_t size;
};

struct config_access {
    uint32_t offset, value;
    int32_t width;
};

struct bar_access {
    uint64_t address, value;
    uint32_t width;
    uint8_t is_memory, padding[3];
};

struct sysmem {
    uint64_t address[SHARED_REGIONS_MAX], size[SHARED_REGIONS_MAX];
    int64_t offset[SHARED_REGIONS_MAX];
};

union payload {
    struct config_access config;
    struct bar_access bar;
    struct sysmem sysmem;
    uint8_t bytes[256];
};

struct descriptors {
    int numbers[SHARED_REGIONS_MAX];
    unsigned count;
};

/* The whole of `size` bytes; descriptors come with the first of them. */
static bool receive(int socket, void *bytes, size_t size, struct descriptors *descriptors)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(descriptors->numbers))];

    for (size_t done = 0; done < size;) {
        struct iovec part = {(char *)bytes + done, size - done};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

        if (descriptors && !done) {
            message.msg_control = control;
            message.msg_controllen = sizeof(control);
        }
        ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        done += (size_t)count;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        if (header && header->cmsg_type == SCM_RIGHTS) {
            descriptors->count = (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(descriptors->numbers, CMSG_DATA(header), descriptors->count * sizeof(int));
        }
    }
    return true;
}

static bool reply(int socket, uint64_t value)
{
    const struct {
        struct header header;
        uint64_t value;
    } message = {{.command = RET, .size = sizeof(value)}, value};

    return send(socket, &message, sizeof(message), MSG_NOSIGNAL) == (ssize_t)sizeof(message);
}

/* One region for each descriptor. */
static void take_memory(struct shared_memory *memory, const struct sysmem *sysmem,
                        struct descriptors *descriptors)
{
    shared_clear(memory);
    for (unsigned i = 0; i < descriptors->count; i++)
        shared_add(memory, descriptors->numbers[i], sysmem->address[i], sysmem->size[i],
                   (uint64_t)sysmem->offset[i]);
    descriptors->count = 0;
}

static bool is_width(uint32_t width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* Addresses are the CPU's. */
static uint64_t access_bar(struct ref_function *function, const struct bar_access *access,
                           bool is_write)
{
    uint64_t base = ref_get(function->config + 0x10, 4) & ~15u;
    uint64_t offset = access->address - base;

    if (!is_width(access->width) || offset > function->bar_size - access->width)
        return UINT64_MAX;
    if (!is_write)
        return ref_bar_read(function, (uint32_t)offset, access->width);
    ref_bar_write(function, (uint32_t)offset, access->width, access->value);
    return 0;
}

static uint64_t access_config(struct ref_function *function, const struct config_access *access,
                              bool is_write)
{
    uint32_t width = (uint32_t)access->width;

    if (!is_width(width) || width == 8 || access->offset >= REF_CONFIG_SIZE)
        return UINT32_MAX;
    if (!is_write)
        return ref_config_read(function, (uint16_t)access->offset, width);
    ref_config_write(function, (uint16_t)access->offset, width, access->value);
    return 0;
}

bool proxy_serve(int socket, struct ref_function *function, struct shared_memory *memory)
{
    struct descriptors descriptors = {.count = 0};
    struct header header;
    union payload payload = {.bytes = {0}};
    uint64_t value = 0;
    bool is_answered = true;

    if (!receive(socket, &header, sizeof(header), &descriptors))
        return false;
    if (header.size > sizeof(payload)) {
        fprintf(stderr, "refdev: message %d of %llu bytes, expected at most %zu\n", header.command,
                (unsigned long long)header.size, sizeof(payload));
        return false;
    }
    if (header.size && !receive(socket, &payload, header.size, NULL))
        return false;
    switch (header.command) {
    case SYNC_SYSMEM:
        take_memory(memory, &payload.sysmem, &descriptors);
        is_answered = false;
        break;
    case SET_IRQFD: /* for KVM only */
        is_answered = false;
        break;
    case PCI_CFGWRITE:
    case PCI_CFGREAD:
        value = access_config(function, &payload.config, header.command == PCI_CFGWRITE);
        break;
    case BAR_WRITE:
    case BAR_READ:
        value = access_bar(function, &payload.bar, header.command == BAR_WRITE);
        break;
    case DEVICE_RESET:
        ref_reset(function);
        break;
    default:
        fprintf(stderr, "refdev: message %d, expected 0 to 7\n", header.command);
        return false;
    }
    for (unsigned i = 0; i < descriptors.count; i++)
        close(descriptors.numbers[i]);
    return !is_answered || reply(socket, value);
}
