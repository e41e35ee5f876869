// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/viommu/request.h"

#include "lib/array/array.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef unsigned long long ull;

const char *viommu_status_text(uint8_t status)
{
    static const char *const names[] = {
        [VIRTIO_IOMMU_S_OK] = "OK",         [VIRTIO_IOMMU_S_IOERR] = "IOERR",
        [VIRTIO_IOMMU_S_UNSUPP] = "UNSUPP", [VIRTIO_IOMMU_S_DEVERR] = "DEVERR",
        [VIRTIO_IOMMU_S_INVAL] = "INVAL",   [VIRTIO_IOMMU_S_RANGE] = "RANGE",
        [VIRTIO_IOMMU_S_NOENT] = "NOENT",   [VIRTIO_IOMMU_S_FAULT] = "FAULT",
        [VIRTIO_IOMMU_S_NOMEM] = "NOMEM",
    };

    return status < ARRAY_LENGTH(names) ? names[status] : "an undefined status";
}

/* Bytes that have to be 0 are printed where they are not. */
static void add_reserved(char text[VIOMMU_REQUEST_TEXT], const uint8_t *bytes, size_t size)
{
    bool is_zero = true;

    for (size_t i = 0; i < size; i++)
        is_zero &= !bytes[i];
    if (is_zero)
        return;

    size_t length = strlen(text);

    length += (size_t)snprintf(text + length, VIOMMU_REQUEST_TEXT - length, " reserved");
    for (size_t i = 0; i < size; i++)
        length += (size_t)snprintf(text + length, VIOMMU_REQUEST_TEXT - length, " %02x", bytes[i]);
}

void viommu_request_text(const struct viommu_request *request, char text[VIOMMU_REQUEST_TEXT])
{
    switch (request->head.type) {
    case VIRTIO_IOMMU_T_ATTACH:
        snprintf(text, VIOMMU_REQUEST_TEXT, "ATTACH domain %u endpoint 0x%x flags 0x%x",
                 (unsigned)request->attach.domain, (unsigned)request->attach.endpoint,
                 (unsigned)request->attach.flags);
        add_reserved(text, request->attach.reserved, sizeof(request->attach.reserved));
        break;
    case VIRTIO_IOMMU_T_DETACH:
        snprintf(text, VIOMMU_REQUEST_TEXT, "DETACH domain %u endpoint 0x%x",
                 (unsigned)request->detach.domain, (unsigned)request->detach.endpoint);
        add_reserved(text, request->detach.reserved, sizeof(request->detach.reserved));
        break;
    case VIRTIO_IOMMU_T_MAP:
        snprintf(text, VIOMMU_REQUEST_TEXT, "MAP domain %u [0x%llx, 0x%llx] -> 0x%llx flags 0x%x",
                 (unsigned)request->map.domain, (ull)request->map.virt_start,
                 (ull)request->map.virt_end, (ull)request->map.phys_start,
                 (unsigned)request->map.flags);
        break;
    case VIRTIO_IOMMU_T_UNMAP:
        snprintf(text, VIOMMU_REQUEST_TEXT, "UNMAP domain %u [0x%llx, 0x%llx]",
                 (unsigned)request->unmap.domain, (ull)request->unmap.virt_start,
                 (ull)request->unmap.virt_end);
        add_reserved(text, request->unmap.reserved, sizeof(request->unmap.reserved));
        break;
    default:
        snprintf(text, VIOMMU_REQUEST_TEXT, "request of type %u", request->head.type);
    }
}
