// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/request.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/framework/report.h"
#include "tests/framework/state.h"

static const char *outcome_text(const struct viommu *viommu, const struct viommu_reply *reply)
{
    switch (reply->outcome) {
    case VIOMMU_ANSWERED:
        return "answered";
    case VIOMMU_UNWRITTEN:
        return "came back without a status";
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
    return viommu_has(viommu, VIRTIO_F_RING_PACKED) ? PACKED_P04 : VQ_USED_P01;
}

/*
 * expect() about a request, which is described only where the condition is false: most conditions
 * hold, and a description takes longer than the request.
 */
static bool expect_of(struct test *test, enum clause clause, bool condition,
                      const struct viommu_request *request, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static bool expect_of(struct test *test, enum clause clause, bool condition,
                      const struct viommu_request *request, const char *format, ...)
{
    char what[VIOMMU_REQUEST_TEXT], finding[TEST_REASON_MAX];
    va_list args;

    if (condition)
        return expect(test, clause, true, "%s", "");
    va_start(args, format);
    vsnprintf(finding, sizeof(finding), format, args);
    va_end(args);
    viommu_request_text(request, what);
    return expect(test, clause, false, "%s: %s", what, finding);
}

static _Noreturn void stop(struct test *test)
{
    longjmp(test->stop, 1);
}

/*
 * expect() of what the answers to all requests have in common. One fault there would be found by
 * every test, so those judge it that claim it, and the others note once a run that they saw it.
 */
static void expect_everywhere(struct test *test, enum clause clause, bool condition,
                              const struct viommu_request *request, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static void expect_everywhere(struct test *test, enum clause clause, bool condition,
                              const struct viommu_request *request, const char *format, ...)
{
    char what[VIOMMU_REQUEST_TEXT], finding[TEST_REASON_MAX];
    bool is_judged = test_claims(test, clause);
    va_list args;

    if (condition || (!is_judged && test->fixture->is_noted[clause])) {
        if (is_judged)
            expect(test, clause, condition, "%s", "");
        return;
    }
    va_start(args, format);
    vsnprintf(finding, sizeof(finding), format, args);
    va_end(args);
    viommu_request_text(request, what);
    if (is_judged)
        expect(test, clause, false, "%s: %s", what, finding);
    else
        note(test, "NOTE %s: %s: %s; judged by the tests that claim it", clause_row(clause)->id,
             what, finding);
    test->fixture->is_noted[clause] = true;
}

static void judge_answer(struct test *test, const struct viommu_request *request,
                         const struct viommu_reply *reply)
{
    expect_everywhere(test, clause_of_length(fixture_iommu(test)),
                      reply->written == sizeof(struct virtio_iommu_req_tail), request,
                      "used length %u, expected 4: status %s is written", reply->written,
                      viommu_reply_text(reply));
    expect_everywhere(test, IOMMU_OP_D05,
                      !reply->reserved[0] && !reply->reserved[1] && !reply->reserved[2], request,
                      "tail.reserved is %02x %02x %02x, expected zeroes", reply->reserved[0],
                      reply->reserved[1], reply->reserved[2]);
    expect_of(test, IOMMU_OP_P04, reply->status <= VIRTIO_IOMMU_S_NOMEM, request,
              "status %u, expected 0 to 8", reply->status);
}

struct viommu_reply submit(struct test *test, const struct viommu_request *request)
{
    struct viommu *viommu = fixture_iommu(test);
    struct viommu_reply reply = viommu_submit(viommu, request);

    report_life();
    if (!expect_of(test, clause_of_return(viommu, &reply), reply.outcome <= VIOMMU_UNWRITTEN,
                   request, "%s", outcome_text(viommu, &reply)))
        stop(test);
    expect_of(test, IOMMU_OP_P02, !reply.out_of_bounds, request,
              "a byte outside the tail was changed");
    if (reply.outcome == VIOMMU_UNWRITTEN)
        return reply;
    fixture_remember(test, request, reply.status);
    judge_answer(test, request, &reply);
    state_prove(test, request);
    return reply;
}

unsigned submit_batch(struct test *test, const struct viommu_request *requests, unsigned count,
                      struct viommu_reply *replies)
{
    unsigned answered = viommu_submit_batch(fixture_iommu(test), requests, count, replies);

    report_life();
    for (unsigned i = 0; i < count; i++)
        if (replies[i].outcome <= VIOMMU_UNWRITTEN)
            fixture_remember(test, &requests[i], replies[i].status);
    return answered;
}

static bool is_answered_with(const struct viommu_reply *reply, uint8_t status)
{
    return reply->outcome == VIOMMU_ANSWERED && reply->status == status;
}

static bool judge_status(struct test *test, enum clause clause,
                         const struct viommu_request *request, const struct viommu_reply *reply,
                         uint8_t status)
{
    return expect_of(test, clause, is_answered_with(reply, status), request, "%s, expected %s",
                     viommu_reply_text(reply), viommu_status_text(status));
}

static bool judge_refusal(struct test *test, enum clause clause,
                          const struct viommu_request *request, const struct viommu_reply *reply)
{
    return expect_of(test, clause, !is_answered_with(reply, VIRTIO_IOMMU_S_OK), request,
                     "OK, expected a refusal");
}

bool expect_answer(struct test *test, enum clause clause, struct viommu_request request)
{
    struct viommu_reply reply = submit(test, &request);

    return expect_of(test, clause, reply.outcome == VIOMMU_ANSWERED, &request, "%s",
                     outcome_text(fixture_iommu(test), &reply));
}

bool expect_refused(struct test *test, enum clause clause, struct viommu_request request)
{
    struct viommu_reply reply = submit(test, &request);

    return judge_refusal(test, clause, &request, &reply);
}

bool expect_refusal(struct test *test, enum clause refused, enum clause clause,
                    struct viommu_request request, uint8_t status)
{
    struct viommu_reply reply = submit(test, &request);

    return judge_refusal(test, refused, &request, &reply) &&
           judge_status(test, clause, &request, &reply, status);
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

/*
 * An endpoint that the device neither moves nor lets go, in what an earlier test or the framework has made
 * of it: those that claim one of these statements judge that.
 */
static void skip_if_stuck(struct test *test, const struct viommu_request *request,
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

bool expect_status(struct test *test, enum clause clause, struct viommu_request request,
                   uint8_t status)
{
    struct viommu_reply reply = submit(test, &request);

    if (status == VIRTIO_IOMMU_S_OK)
        skip_if_stuck(test, &request, &reply);
    return judge_status(test, clause, &request, &reply, status);
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
        stop(test);
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
