// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/request.h"

static const char *outcome_text(const struct viommu *viommu, const struct viommu_reply *reply)
{
    switch (reply->outcome) {
    case VIOMMU_ANSWERED:
        return "answered";
    case VIOMMU_SHORT_REPLY:
        return "came back without a whole tail";
    case VIOMMU_TIMEOUT:
        return "did not come back within 2 s";
    case VIOMMU_BAD_USED_RING:
        return virtq_pop_text(viommu->ring_error);
    default:
        return "found no free descriptor";
    }
}

/* What says how long an answer is. */
static enum clause clause_of_length(const struct viommu *viommu)
{
    return viommu_has(viommu, VIRTIO_F_RING_PACKED) ? PACKED_P03 : VQ_USED_P02;
}

/* What says that a request comes back as it should, where it did not. */
static enum clause clause_of_return(const struct viommu *viommu, const struct viommu_reply *reply)
{
    if (reply->outcome != VIOMMU_BAD_USED_RING)
        return IOMMU_OP_P01;
    if (viommu->ring_error == VIRTQ_BAD_LENGTH)
        return clause_of_length(viommu);
    return viommu_has(viommu, VIRTIO_F_RING_PACKED) ? PACKED_P04 : VQ_USED_P01;
}

struct viommu_reply submit(struct test *test, const struct viommu_request *request)
{
    struct viommu *viommu = fixture_iommu(test);
    struct viommu_reply reply = viommu_submit(viommu, request);
    char text[VIOMMU_REQUEST_TEXT];

    viommu_request_text(request, text);
    require(test, clause_of_return(viommu, &reply), reply.outcome <= VIOMMU_SHORT_REPLY, "%s: %s",
            text, outcome_text(viommu, &reply));
    expect(test, IOMMU_OP_P02, !reply.out_of_bounds, "%s: a byte outside the tail was changed",
           text);
    if (reply.outcome == VIOMMU_SHORT_REPLY)
        return reply;
    fixture_remember(test, request, reply.status);
    expect(test, clause_of_length(viommu), reply.written == sizeof(struct virtio_iommu_req_tail),
           "%s: used length %u, expected 4", text, reply.written);
    expect(test, IOMMU_OP_D05, !reply.reserved[0] && !reply.reserved[1] && !reply.reserved[2],
           "%s: tail.reserved is %02x %02x %02x, expected zeroes", text, reply.reserved[0],
           reply.reserved[1], reply.reserved[2]);
    expect(test, IOMMU_OP_P04, reply.status <= VIRTIO_IOMMU_S_NOMEM,
           "%s: status %u, expected 0 to 8", text, reply.status);
    return reply;
}

bool expect_status(struct test *test, enum clause clause, struct viommu_request request,
                   uint8_t status)
{
    struct viommu_reply reply = submit(test, &request);
    bool answered = reply.outcome == VIOMMU_ANSWERED;
    char text[VIOMMU_REQUEST_TEXT];

    viommu_request_text(&request, text);
    return expect(test, clause, answered && reply.status == status, "%s: %s, expected %s", text,
                  answered ? viommu_status_text(reply.status) : "no status",
                  viommu_status_text(status));
}

bool expect_refused(struct test *test, enum clause clause, struct viommu_request request)
{
    struct viommu_reply reply = submit(test, &request);
    char text[VIOMMU_REQUEST_TEXT];

    viommu_request_text(&request, text);
    return expect(test, clause,
                  reply.outcome != VIOMMU_ANSWERED || reply.status != VIRTIO_IOMMU_S_OK,
                  "%s: OK, expected a refusal", text);
}

bool expect_refusal(struct test *test, enum clause refused, enum clause clause,
                    struct viommu_request request, uint8_t status)
{
    struct viommu_reply reply = submit(test, &request);
    bool answered = reply.outcome == VIOMMU_ANSWERED;
    char text[VIOMMU_REQUEST_TEXT];

    viommu_request_text(&request, text);
    if (!expect(test, refused, !answered || reply.status != VIRTIO_IOMMU_S_OK,
                "%s: OK, expected a refusal", text))
        return false;
    return expect(test, clause, answered && reply.status == status, "%s: %s, expected %s", text,
                  answered ? viommu_status_text(reply.status) : "no status",
                  viommu_status_text(status));
}

/* What says that a valid request of this type does something. */
static enum clause purpose_of(uint8_t type)
{
    switch (type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return IOMMU_ATTACH_P01;
    case VIRTIO_IOMMU_T_DETACH:
        return IOMMU_DETACH_P01;
    case VIRTIO_IOMMU_T_MAP:
        return IOMMU_MAP_P01;
    case VIRTIO_IOMMU_T_UNMAP:
        return IOMMU_UNMAP_P02;
    default:
        return IOMMU_OP_D01;
    }
}

void require_ok(struct test *test, struct viommu_request request)
{
    struct viommu_reply reply = submit(test, &request);
    bool answered = reply.outcome == VIOMMU_ANSWERED;
    char text[VIOMMU_REQUEST_TEXT];

    viommu_request_text(&request, text);
    if (answered && reply.status == VIRTIO_IOMMU_S_NOMEM)
        error(test, "%s: NOMEM, the device has no room for the test", text);
    require(test, clause_of_length(fixture_iommu(test)), answered || reply.status == VIOMMU_POISON,
            "%s: used length %u, expected 4: a status was written", text, reply.written);
    require(test, purpose_of(request.head.type), answered && reply.status == VIRTIO_IOMMU_S_OK,
            "%s: %s, expected OK for a valid request", text,
            answered ? viommu_status_text(reply.status) : "no status");
}

void require_attach(struct test *test, unsigned domain, unsigned endpoint)
{
    require_ok(test,
               viommu_attach(fixture_domain(test, domain), fixture_endpoint_id(test, endpoint), 0));
}

bool is_mapped(struct test *test, uint32_t domain, uint64_t first, uint64_t last)
{
    struct viommu_request map = viommu_map(domain, first, last, first, VIRTIO_IOMMU_MAP_F_READ);
    struct viommu_reply reply = submit(test, &map);

    if (reply.outcome == VIOMMU_ANSWERED && reply.status == VIRTIO_IOMMU_S_OK) {
        require_ok(test, viommu_unmap(domain, first, last));
        return false;
    }
    if (reply.outcome != VIOMMU_ANSWERED || reply.status != VIRTIO_IOMMU_S_INVAL)
        error(test, "MAP as a probe of [0x%llx, 0x%llx]: %s, neither OK nor INVAL",
              (unsigned long long)first, (unsigned long long)last,
              viommu_status_text(reply.status));
    return true;
}
