// SPDX-License-Identifier: BSD-2-Clause
/* The ids that the descriptions give, against those that the IOMMU knows. */
#include "tests/framework/properties.h"
#include "tests/framework/request.h"

#define SUITE "topology.ids"

/* How many ranges are of the IOMMU that is driven; there may be others. */
static unsigned own_ranges(const struct fixture *fixture)
{
    const struct platform *platform = fixture->platform;
    const struct topology *topology = &platform->topology;
    struct device_location place;
    unsigned count = 0;

    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[topology->ranges[i].iommu];

        count += platform_find_device(platform, &iommu->device, &place) &&
                 location_is(&place, &fixture->iommu_location);
    }
    return count;
}

TEST(there_are_endpoints, .needs = NEEDS_IOMMU)
{
    unsigned count = own_ranges(test->fixture);

    const struct topology *topology = &test->fixture->platform->topology;

    if (!topology->iommu_count)
        skip(test, "nothing describes a topology");
    if (!topology->range_count)
        skip(test, "no description names an endpoint");
    if (!count)
        skip(test, "no description names an endpoint of the IOMMU that is driven");
    expect(test, TOPO_ID_D01, test->fixture->endpoint_count > 0,
           "%u ranges cover no device of the machine that this IOMMU manages", count);
}

/* An endpoint that the device does not know could never be isolated. */
TEST(device_knows_every_endpoint, .clauses = CLAUSES(TOPO_ID_D01), .needs = NEEDS_ENDPOINT)
{
    for (unsigned i = 0; i < test->fixture->endpoint_count; i++) {
        uint32_t id = test->fixture->endpoints[i].id;

        if (expect_status(test, TOPO_ID_D01, viommu_attach(fixture_domain(test, 0), id, 0),
                          VIRTIO_IOMMU_S_OK))
            require_ok(test, viommu_detach(fixture_domain(test, 0), id));
    }
}

static uint8_t probe_status(struct test *test, uint32_t id, uint8_t *bytes)
{
    struct viommu_reply reply = viommu_probe(fixture_iommu(test), id, NULL, bytes);

    require(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN, "PROBE was not answered");
    return reply.status;
}

TEST(probe_knows_every_endpoint, .clauses = CLAUSES(TOPO_ID_D01),
     .needs = NEEDS_ENDPOINT | NEEDS_PROBE)
{
    uint8_t *bytes = properties_area(test);

    for (unsigned i = 0; i < test->fixture->endpoint_count; i++) {
        uint32_t id = test->fixture->endpoints[i].id;
        uint8_t status = probe_status(test, id, bytes);

        expect(test, TOPO_ID_D01, status == VIRTIO_IOMMU_S_OK, "PROBE of endpoint 0x%x: %s",
               (unsigned)id, viommu_status_text(status));
    }
}

/*
 * That high bits of an id are looked at is judged by conformance.attach; whether the IOMMU takes
 * itself for an endpoint is its own affair.
 */
static bool resembles_endpoint(const struct fixture *fixture, uint32_t id)
{
    const struct pci_function *iommu = fixture->iommu_location.function;

    if (iommu && iommu->requester_id == (id & 0xffff))
        return true;
    for (unsigned i = 0; i < fixture->endpoint_count; i++)
        if (((fixture->endpoints[i].id ^ id) & 0xffff) == 0)
            return true;
    return false;
}

/* `bytes` NULL: a PROBE can't be sent. */
static void judge_outside(struct test *test, uint32_t id, uint8_t *bytes)
{
    const struct viommu_request attach = viommu_attach(fixture_domain(test, 0), id, 0);
    struct viommu_reply reply;

    if (fixture_is_described(test, id) || resembles_endpoint(test->fixture, id))
        return;
    reply = submit(test, &attach);
    if (!expect(test, TOPO_ID_D02, reply.status != VIRTIO_IOMMU_S_OK,
                "ATTACH of endpoint 0x%x, which no description has: OK", (unsigned)id))
        require_ok(test, viommu_detach(fixture_domain(test, 0), id));
    if (!bytes)
        return;
    expect(test, TOPO_ID_D02, probe_status(test, id, bytes) != VIRTIO_IOMMU_S_OK,
           "PROBE of endpoint 0x%x, which no description has: OK", (unsigned)id);
}

/* Beside each range, and where devices lie that no description covers. */
TEST(device_knows_nothing_else, .clauses = CLAUSES(TOPO_ID_D02), .needs = NEEDS_IOMMU)
{
    const struct platform *platform = test->fixture->platform;
    const struct viommu *viommu = fixture_iommu(test);
    bool can_probe =
        viommu_has(viommu, VIRTIO_IOMMU_F_PROBE) && viommu->config.probe_size <= PROPERTIES_MAX;
    uint8_t *bytes = can_probe ? properties_area(test) : NULL;

    if (!platform->topology.range_count)
        skip(test, "no description names an endpoint");
    for (unsigned i = 0; i < platform->topology.range_count; i++) {
        const struct topology_range *range = &platform->topology.ranges[i];

        judge_outside(test, range->id_first - 1, bytes);
        judge_outside(test, (uint32_t)topology_last_id(range) + 1, bytes);
    }
    for (unsigned i = 0; i < platform->pci.function_count; i++)
        judge_outside(test, platform->pci.functions[i].requester_id, bytes);
    judge_outside(test, fixture_absent_endpoint(test), bytes);
}
