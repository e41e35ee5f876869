// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/request.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/framework/answer.h"
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

bool expect_of(struct test *test, enum clause clause, bool condition,
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
        longjmp(test->stop, 1);
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

void publish(struct test *test, const struct viommu_request *request)
{
    struct viommu *viommu = fixture_iommu(test);
    uint16_t head;

    if (!viommu_stage(viommu, request, &head))
        error(test, "the request queue is full");
    virtq_publish(&viommu->requests);
}

bool is_used(struct test *test, uint64_t ns)
{
    struct virtq_used_element used;
    struct wait wait = arch_wait_begin(ns);

    do {
        if (virtq_pop(&fixture_iommu(test)->requests, &used) != VIRTQ_EMPTY)
            return true;
    } while (arch_wait_goes_on(&wait));
    return false;
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

bool expect_status(struct test *test, enum clause clause, struct viommu_request request,
                   uint8_t status)
{
    struct viommu_reply reply = submit(test, &request);

    if (status == VIRTIO_IOMMU_S_OK)
        skip_if_stuck(test, &request, &reply);
    return judge_status(test, clause, &request, &reply, status);
}
