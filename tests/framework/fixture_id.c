// SPDX-License-Identifier: BSD-2-Clause
/* Ids to ask the device with: of endpoints, of none, and of domains. */
#include "tests/framework/fixture.h"

uint32_t fixture_endpoint_id(struct test *test, unsigned n)
{
    return test->fixture->endpoints[n].id;
}

static bool topology_describes(const struct topology *topology, uint32_t id)
{
    for (unsigned i = 0; i < topology->range_count; i++)
        if (id >= topology->ranges[i].id_first && id <= topology_last_id(&topology->ranges[i]))
            return true;
    return false;
}

bool fixture_is_described(struct test *test, uint32_t id)
{
    return topology_describes(&test->fixture->platform->topology, id);
}

uint32_t fixture_absent_endpoint(struct test *test)
{
    uint32_t id = 0xdeadbeef;

    while (fixture_is_described(test, id))
        id -= 0x10001;
    return id;
}

uint32_t fixture_domain(struct test *test, unsigned n)
{
    const struct viommu *viommu = fixture_iommu(test);
    uint32_t start =
        viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE) ? viommu->config.domain_range.start : 0;

    return start + n;
}
