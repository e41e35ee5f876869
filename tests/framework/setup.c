// SPDX-License-Identifier: BSD-2-Clause
/* Valid requests of a test's set-up, and what becomes of a test whose set-up the device refuses. */
#include "tests/framework/answer.h"

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

static bool succeeds(struct test *test, struct viommu_request request)
{
    struct viommu_reply reply = submit(test, &request);

    return is_answered_with(&reply, VIRTIO_IOMMU_S_OK);
}

static void note_once(struct test *test, enum clause clause, const struct viommu_request *request,
                      const struct viommu_reply *reply, const char *what)
{
    char text[VIOMMU_REQUEST_TEXT];

    if (test->fixture->is_noted[clause])
        return;
    test->fixture->is_noted[clause] = true;
    viommu_request_text(request, text);
    note(test, "NOTE %s: %s: %s; %s, and the tests that claim it judge it", clause_row(clause)->id,
         text, viommu_reply_text(reply), what);
}

/*
 * A device that refuses to move an endpoint, or to detach it, is judged by the tests about that;
 * the others bring it where they need it in another way. False: there is none, or it fails too.
 */
static bool make_detour(struct test *test, const struct viommu_request *request,
                        const struct viommu_reply *reply)
{
    uint32_t endpoint = request->attach.endpoint, domain = request->attach.domain, old;
    uint8_t type = request->head.type;
    bool is_attach = type == VIRTIO_IOMMU_T_ATTACH;
    enum clause clause = is_attach ? IOMMU_ATTACH_D12 : IOMMU_DETACH_P01;

    if ((!is_attach && type != VIRTIO_IOMMU_T_DETACH) || test_claims(test, clause) ||
        !fixture_attached(test, endpoint, &old) || (old == domain) == is_attach)
        return false;
    note_once(test, clause, request, reply,
              is_attach ? "DETACH comes before the move" : "ATTACH to another domain instead");
    if (is_attach)
        return succeeds(test, viommu_detach(old, endpoint)) && succeeds(test, *request);
    return fixture_parking_domain(test) != domain &&
           succeeds(test, viommu_attach(fixture_parking_domain(test), endpoint, 0));
}

void skip_if_stuck(struct test *test, const struct viommu_request *request,
                   const struct viommu_reply *reply)
{
    uint32_t old;

    if (request->head.type != VIRTIO_IOMMU_T_ATTACH ||
        !is_answered_with(reply, VIRTIO_IOMMU_S_UNSUPP) || test_claims(test, IOMMU_ATTACH_D12) ||
        test_claims(test, IOMMU_DETACH_P01) ||
        !fixture_attached(test, request->attach.endpoint, &old) || old == request->attach.domain)
        return;
    skip(test, "the device neither moves endpoint 0x%x out of domain %u nor detaches it",
         (unsigned)request->attach.endpoint, (unsigned)old);
}

void require_unattached(struct test *test, uint32_t endpoint)
{
    uint32_t domain;

    if (fixture_attached(test, endpoint, &domain))
        skip(test, "the device does not detach endpoint 0x%x", (unsigned)endpoint);
}

void require_ok(struct test *test, struct viommu_request request)
{
    struct viommu_reply reply = submit(test, &request);
    char text[VIOMMU_REQUEST_TEXT];

    if (is_answered_with(&reply, VIRTIO_IOMMU_S_NOMEM)) {
        viommu_request_text(&request, text);
        skip(test, "%s: NOMEM, the device has no room for the test", text);
    }
    if (!is_answered_with(&reply, VIRTIO_IOMMU_S_OK) && make_detour(test, &request, &reply))
        return;
    skip_if_stuck(test, &request, &reply);
    if (!expect_of(test, purpose_of(request.head.type), is_answered_with(&reply, VIRTIO_IOMMU_S_OK),
                   &request, "%s, expected OK for a valid request", viommu_reply_text(&reply)))
        longjmp(test->stop, 1);
}

void require_attach(struct test *test, unsigned domain, unsigned endpoint)
{
    require_ok(test,
               viommu_attach(fixture_domain(test, domain), fixture_endpoint_id(test, endpoint), 0));
}

bool is_mapped(struct test *test, uint32_t domain, uint64_t first, uint64_t last)
{
    uint64_t count = (last - first) / viommu_granule(fixture_iommu(test)) + 1;
    struct viommu_request map =
        viommu_map(domain, first, last, memory_unused(test, 0, count), VIRTIO_IOMMU_MAP_F_READ);
    struct viommu_reply reply = submit(test, &map);

    if (is_answered_with(&reply, VIRTIO_IOMMU_S_OK)) {
        require_ok(test, viommu_unmap(domain, first, last));
        return false;
    }
    if (is_answered_with(&reply, VIRTIO_IOMMU_S_NOMEM))
        skip(test, "MAP as a probe: NOMEM, the device has no room for the test");
    /* With which status an overlap is refused is judged by the tests that claim it. */
    if (!is_answered_with(&reply, VIRTIO_IOMMU_S_INVAL))
        note_once(test, IOMMU_MAP_D08, &map, &reply, "taken for an overlap");
    return true;
}
