// SPDX-License-Identifier: BSD-2-Clause
/* What the used length promises: virtio 1.4 section 2.7.8.2. */
#include <string.h>

#include "tests/framework/properties.h"
#include "tests/framework/request.h"

#define SUITE "conformance.used_length"
#define NEEDS NEEDS_ENDPOINT

#define TAIL ((uint32_t)sizeof(struct virtio_iommu_req_tail))

/* A request, and how many bytes its reply has. */
struct question {
    const char *what;
    const void *request;
    uint32_t length, reply;
};

/* The reply to a request, into an area that held `before`; returns the used length. */
static uint32_t reply_over(struct test *test, const struct question *question, uint8_t before,
                           uint8_t *area)
{
    struct viommu *viommu = fixture_iommu(test);
    uint8_t *sent = fixture_pages(test, 1);
    struct virtq_desc *table = fixture_pages(test, 1);
    const struct virtq_segment segments[] = {
        {(uintptr_t)sent, question->length, false},
        {(uintptr_t)area, question->reply, true},
    };
    struct virtq_used_element used;

    memcpy(sent, question->request, question->length);
    memset(area, before, question->reply);
    if (!virtq_add_fitting(&viommu->requests, segments, 2, table))
        error(test, "the request queue is full");
    virtq_publish(&viommu->requests);
    virtq_notify(&viommu->requests);
    require(test, IOMMU_OP_P01, viommu_wait(viommu, &used) == VIRTQ_POPPED,
            "the request is not answered");
    return used.length;
}

static void judge(struct test *test, const struct question *question)
{
    unsigned pages = (question->reply + PAGE_SIZE - 1) / PAGE_SIZE;
    uint8_t *one = fixture_pages(test, pages), *other = fixture_pages(test, pages);
    uint32_t length = reply_over(test, question, 0x11, one);
    uint32_t again = reply_over(test, question, 0xee, other), same = 0;

    length = length < again ? length : again;
    while (same < length && one[same] == other[same])
        same++;
    expect(test, VQ_USED_D02, same == length,
           "%s: used length %u, but byte %u of the reply keeps what was there before",
           question->what, (unsigned)length, (unsigned)same);
}

TEST(all_bytes_of_it_are_written, .clauses = CLAUSES(VQ_USED_D02), .needs = NEEDS)
{
    const struct viommu_request refused =
        viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));
    const struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);

    fixture_remember(test, &attach, VIRTIO_IOMMU_S_OK);
    judge(test,
          &(struct question){"a DETACH that is refused", refused.bytes, refused.length, TAIL});
    judge(test, &(struct question){"ATTACH", attach.bytes, attach.length, TAIL});
}

TEST(all_properties_are_written, .clauses = CLAUSES(VQ_USED_D02), .needs = NEEDS | NEEDS_PROBE)
{
    const struct virtio_iommu_req_probe probe = {.head.type = VIRTIO_IOMMU_T_PROBE,
                                                 .endpoint = fixture_endpoint_id(test, 0)};
    const uint32_t size = fixture_iommu(test)->config.probe_size;

    properties_area(test); /* skips the test where probe_size is too large for one */
    judge(test, &(struct question){"PROBE", &probe, sizeof(probe), size + TAIL});
}
