// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/trial.h"

#include "lib/spec/wire.h"
#include "tests/framework/fixture.h"

static bool is_silent;

void trial_begin(void)
{
    is_silent = false;
}

bool trial_ok(struct test *test, struct viommu_request request)
{
    struct viommu_reply reply = {.outcome = VIOMMU_TIMEOUT};

    if (!is_silent)
        reply = viommu_submit(fixture_iommu(test), &request);
    is_silent = reply.outcome > VIOMMU_UNWRITTEN;
    fixture_remember(test, &request, reply.status);
    return reply.outcome <= VIOMMU_UNWRITTEN && reply.status == VIRTIO_IOMMU_S_OK;
}
