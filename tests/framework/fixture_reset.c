// SPDX-License-Identifier: BSD-2-Clause
/*
 * Whether a reset of the IOMMU leaves what a test did to it. What can't be undone so needs another boot,
 * which the host's side gives where its `resume` says so (tests/framework/runner.c).
 */
#include <stdio.h>

#include "lib/spec/wire.h"
#include "tests/framework/fixture.h"

#define REASON_MAX 160

static uint8_t status_of(struct viommu *viommu, struct viommu_request request)
{
    return viommu_submit(viommu, &request).status;
}

/*
 * Whether a mapping is still there when nothing is attached: a domain that is made anew is to take a MAP
 * that it took before. That endpoints were attached themselves is undone by then, as every test does it.
 */
static bool has_survived(struct fixture *fixture, const struct fixture_attachment *attachment,
                         char reason[REASON_MAX])
{
    struct viommu *viommu = &fixture->iommu;
    const uint32_t domain = attachment->domain, endpoint = attachment->endpoint;
    const struct viommu_request *map = &fixture->last_map;

    if (!fixture->has_mapped || map->map.domain != domain ||
        status_of(viommu, viommu_attach(domain, endpoint, 0)) != VIRTIO_IOMMU_S_OK)
        return false;

    uint8_t mapped = status_of(viommu, *map);

    status_of(viommu, viommu_detach(domain, endpoint));
    if (mapped != VIRTIO_IOMMU_S_INVAL)
        return false;
    snprintf(reason, REASON_MAX, "a mapping of domain %u at 0x%llx is still there after a reset",
             (unsigned)domain, (unsigned long long)map->map.virt_start);
    return true;
}

const char *fixture_reset_trouble(struct fixture *fixture)
{
    static char reason[REASON_MAX];
    enum virtio_result result;

    if (!fixture->has_driven || !fixture->came_up)
        return NULL;
    result = fixture_start(fixture, fixture->usual_features);
    if (result == VIRTIO_NO_MEMORY)
        return NULL;
    if (result)
        return virtio_result_text(result);
    for (unsigned i = 0; i < fixture->attachment_count; i++)
        status_of(&fixture->iommu,
                  viommu_detach(fixture->attachments[i].domain, fixture->attachments[i].endpoint));
    for (unsigned i = 0; i < fixture->attachment_count; i++)
        if (has_survived(fixture, &fixture->attachments[i], reason))
            return reason;
    return NULL;
}
