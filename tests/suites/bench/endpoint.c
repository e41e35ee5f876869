// SPDX-License-Identifier: BSD-2-Clause
/*
 * What it costs to attach and detach an endpoint, and to probe one: one request per notification.
 */
#include "tests/framework/properties.h"
#include "tests/suites/bench/measure.h"

#define SUITE "bench"

TEST(attach_and_detach, .needs = NEEDS_ENDPOINT, .is_optional = true, .limit_s = 60)
{
    struct viommu *viommu = fixture_iommu(test);
    const struct viommu_request requests[] = {
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0),
        viommu_detach(fixture_domain(test, 0), fixture_endpoint_id(test, 0)),
    };
    static const char *const operations[] = {"attach", "detach"};
    struct series series[2] = {series_new(test, REGIONS), series_new(test, REGIONS)};

    print_header(test);
    fixture_remember(test, &requests[0], VIRTIO_IOMMU_S_OK);
    for (unsigned i = 0; i < 2 * REGIONS; i++) {
        uint64_t start = arch_cycles();
        uint16_t head;

        if (!viommu_stage(viommu, &requests[i % 2], &head))
            error(test, "the request queue is full");

        uint64_t staged = arch_cycles();

        viommu_notify(viommu);

        uint64_t notified = arch_cycles();
        struct viommu_reply reply = viommu_collect(viommu, &head);
        const struct phases phases = {staged - start, notified - staged, arch_cycles() - notified,
                                      1};

        require(test, IOMMU_OP_D01,
                reply.outcome == VIOMMU_ANSWERED && reply.status == VIRTIO_IOMMU_S_OK,
                "%s is not answered with OK", operations[i % 2]);
        series_add(&series[i % 2], &phases, 1);
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct row row = {.operation = operations[i], .job = "raw", .batch = 1};

        print_row(test, &row, &series[i]);
    }
}

/* The whole of it, poisoned surroundings and copies included: no phase can be told apart. */
TEST(probe_request, .needs = NEEDS_ENDPOINT | NEEDS_PROBE, .is_optional = true, .limit_s = 60)
{
    const struct row row = {.operation = "probe", .job = "raw", .batch = 1};
    struct series series = series_new(test, REGIONS);
    uint8_t *properties = properties_area(test);

    print_header(test);
    for (unsigned i = 0; i < REGIONS; i++) {
        uint64_t start = arch_cycles();
        struct viommu_reply reply =
            viommu_probe(fixture_iommu(test), fixture_endpoint_id(test, 0), NULL, properties);
        const struct phases phases = {.wait = arch_cycles() - start, .regions = 1};

        require(test, IOMMU_OP_D01, reply.status == VIRTIO_IOMMU_S_OK, "PROBE fails");
        series_add(&series, &phases, 1);
    }
    print_row(test, &row, &series);
}
