/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of a test, and the judgement of their answers. */
#pragma once

#include "drivers/viommu/request.h"
#include "tests/framework/memory.h"

/*
 * Submits and judges what holds for every answer: it came back (IOMMU-OP-P01) as a used entry that
 * can be right (VQ-USED-P01, in a packed ring PACKED-P04), with a status that exists
 * (IOMMU-OP-P04), and nothing but the tail written (IOMMU-OP-P02). A device that does not answer
 * ends the test. The used length (VQ-USED-P02, PACKED-P03) and the reserved bytes of the tail
 * (IOMMU-OP-D05) are judged in tests that claim them and noted once in others: a status that is
 * written counts, whatever length is reported.
 */
struct viommu_reply submit(struct test *test, const struct viommu_request *request);

/*
 * Makes the request available and no more: the test itself notifies of it, if it does, and takes
 * what comes back. An ERROR where the queue is full.
 */
void publish(struct test *test, const struct viommu_request *request);
/* Whether the device uses a chain of the request queue within `ns`; it is taken from the ring. */
bool is_used(struct test *test, uint64_t ns);

/*
 * viommu_submit_batch() by the test, which judges the answers itself: what they attach is known to
 * the fixture afterwards.
 */
unsigned submit_batch(struct test *test, const struct viommu_request *requests, unsigned count,
                      struct viommu_reply *replies);

/* submit(), and the status must be `status` by `clause`; so no status at all breaks it, too. */
bool expect_status(struct test *test, enum clause clause, struct viommu_request request,
                   uint8_t status);
/* submit(), and by `clause` it comes back with a status, whichever: that is judged elsewhere. */
bool expect_answer(struct test *test, enum clause clause, struct viommu_request request);
/* By `clause` the request is refused: any status but OK. */
bool expect_refused(struct test *test, enum clause clause, struct viommu_request request);
/* Refused by one clause, and with the status that the other names. */
bool expect_refusal(struct test *test, enum clause refused, enum clause clause,
                    struct viommu_request request, uint8_t status);
/*
 * A valid request of the test's set-up: must succeed, by the statement that says what the request
 * is for, or the test cannot go on. NOMEM skips the test. Where an ATTACH that would
 * move an endpoint is refused, or a DETACH, the endpoint gets where it is wanted in another way: out
 * of its domain first, or into one that no test uses. Tests that claim ATTACH-D12 or DETACH-P01
 * judge the device for it; the others are skipped where it lets an endpoint neither move nor go.
 */
void require_ok(struct test *test, struct viommu_request request);

/* Skips a test whose endpoint has left its domain into another only, as the device can't DETACH. */
void require_unattached(struct test *test, uint32_t endpoint);

/* ATTACH of the n-th endpoint to the n-th domain, the usual set-up of a test without DMA. */
void require_attach(struct test *test, unsigned domain, unsigned endpoint);

/* Whether [first, last] is mapped somewhere in the domain: a MAP over it is refused. */
bool is_mapped(struct test *test, uint32_t domain, uint64_t first, uint64_t last);
