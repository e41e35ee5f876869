/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests as values: virtio 1.4 sections 5.13.6.3 to 5.13.6.6. Each starts from zeroed bytes, so
 * no reserved field is ever left to chance; a test that wants an illegal field sets it in the
 * value.
 */
#pragma once

#include <stdint.h>

#include "lib/spec/wire.h"

/*
 * The device-readable part. Addresses are inclusive: first..last. An initializer without a union
 * member zeroes the first one: the bytes, which are all of it.
 */
struct viommu_request {
    union {
        uint8_t bytes[40];
        struct virtio_iommu_req_head head;
        uint32_t head_word; /* the type, and zeroes in the reserved bytes, in one store */
        struct virtio_iommu_req_attach attach;
        struct virtio_iommu_req_detach detach;
        struct virtio_iommu_req_map map;
        struct virtio_iommu_req_unmap unmap;
    };
    uint32_t length;
};

/* The flags of a mapping that an endpoint may use either way. */
#define READ_WRITE (VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE)

static inline struct viommu_request viommu_attach(uint32_t domain, uint32_t endpoint,
                                                  uint32_t flags)
{
    struct viommu_request request = {.length = sizeof(request.attach)};

    request.head_word = VIRTIO_IOMMU_T_ATTACH;
    request.attach.domain = domain;
    request.attach.endpoint = endpoint;
    request.attach.flags = flags;
    return request;
}

static inline struct viommu_request viommu_detach(uint32_t domain, uint32_t endpoint)
{
    struct viommu_request request = {.length = sizeof(request.detach)};

    request.head_word = VIRTIO_IOMMU_T_DETACH;
    request.detach.domain = domain;
    request.detach.endpoint = endpoint;
    return request;
}

static inline struct viommu_request viommu_map(uint32_t domain, uint64_t first, uint64_t last,
                                               uint64_t physical, uint32_t flags)
{
    struct viommu_request request = {.length = sizeof(request.map)};

    request.head_word = VIRTIO_IOMMU_T_MAP;
    request.map.domain = domain;
    request.map.virt_start = first;
    request.map.virt_end = last;
    request.map.phys_start = physical;
    request.map.flags = flags;
    return request;
}

static inline struct viommu_request viommu_unmap(uint32_t domain, uint64_t first, uint64_t last)
{
    struct viommu_request request = {.length = sizeof(request.unmap)};

    request.head_word = VIRTIO_IOMMU_T_UNMAP;
    request.unmap.domain = domain;
    request.unmap.virt_start = first;
    request.unmap.virt_end = last;
    return request;
}

/* For a person: "MAP domain 1 [0x1000, 0x1fff] -> 0x2000 flags 0x3". */
#define VIOMMU_REQUEST_TEXT 128
void viommu_request_text(const struct viommu_request *request, char text[VIOMMU_REQUEST_TEXT]);
/* "OK", "INVAL" ...; "status 9" style for anything that 5.13.6 does not define. */
const char *viommu_status_text(uint8_t status);
