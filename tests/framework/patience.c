// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/patience.h"

#include "lib/stats/stats.h"
#include "tests/framework/fixture.h"
#include "tests/framework/report.h"

#define NS_PER_S      1000000000ull
#define USUAL_LIMIT_S 20
#define ROUNDS        5 /* the median is right where the host was away in two of them */
#define ROUND         8
#define CHEAP_NS      100000 /* limits are made for this */
#define USUAL         500    /* requests of a test that does not say how many it sends */
#define SLOWEST       100    /* a request may take so many times the usual */

uint64_t patience_limit(const struct fixture *fixture, const struct test_definition *definition)
{
    uint64_t limit_s = definition->limit_s ? definition->limit_s : USUAL_LIMIT_S;

    if (definition->adds_duration)
        limit_s += fixture->options->seconds;
    return wait_limit(limit_s * NS_PER_S,
                      definition->requests > USUAL ? definition->requests : USUAL,
                      fixture->request_ns);
}

/*
 * By the dearest that there are, if there is an endpoint: a VMM may have to tell every CPU of an
 * attachment.
 */
static bool measure_round(struct test *test, uint64_t *ns)
{
    uint32_t domain = fixture_spare_domain(test);
    uint32_t endpoint = test->fixture->endpoint_count ? fixture_endpoint_id(test, 0)
                                                      : fixture_absent_endpoint(test);
    const struct viommu_request requests[] = {viommu_attach(domain, endpoint, 0),
                                              viommu_detach(domain, endpoint)};
    uint64_t start = arch_now_ns();
    struct viommu_reply replies[2];

    for (unsigned i = 0; i < ROUND; i++) {
        replies[i % 2] = viommu_submit(fixture_iommu(test), &requests[i % 2]);
        if (replies[i % 2].outcome > VIOMMU_UNWRITTEN)
            return false;
    }
    *ns = (arch_now_ns() - start) / ROUND;
    for (unsigned i = 0; i < 2; i++)
        fixture_remember(test, &requests[i], replies[i].status);
    return true;
}

void patience_measure(struct test *test)
{
    struct fixture *fixture = test->fixture;
    uint64_t rounds[ROUNDS];
    struct stats stats;

    if (fixture->request_ns)
        return;
    for (unsigned i = 0; i < ROUNDS; i++)
        if (!measure_round(test, &rounds[i]))
            return;
    stats_summarize(&stats, rounds, ROUNDS);
    fixture->request_ns = stats.p50;
    fixture->iommu.timeout_ns = SLOWEST * fixture->request_ns;
    arch_deadline(patience_limit(fixture, test->definition));
    if (fixture->request_ns > CHEAP_NS)
        report_diagnostic("a request takes %llu us on this host: time limits grow with that",
                          (unsigned long long)fixture->request_ns / 1000);
}
