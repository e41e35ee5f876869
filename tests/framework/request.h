/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of a test, and the judgement of their answers. */
#pragma once

#include "drivers/viommu/request.h"
#include "tests/framework/memory.h"

/*
 * Submits and judges what holds for every answer: it came back (IOMMU-OP-P01) as a used entry that
 * can be right (VQ-USED-P01, -P02, in a packed ring PACKED-P04, -P03), a tail of four bytes with
 * reserved bytes 0 (IOMMU-OP-P02, -D05), a status that exists (IOMMU-OP-P04), and nothing else
 * written. A device that does not answer ends the test.
 */
struct viommu_reply submit(struct test *test, const struct viommu_request *request);

/*
 * viommu_submit_batch() by the test, which judges the answers itself: what they attach is known to
 * the fixture afterwards.
 */
unsigned submit_batch(struct test *test, const struct viommu_request *requests, unsigned count,
                      struct viommu_reply *replies);

/* submit(), and the status must be `status` by `clause`; the clause is also what a short reply
 * breaks. */
bool expect_status(struct test *test, enum clause clause, struct viommu_request request,
                   uint8_t status);
/* By `clause` the request is refused: any status but OK. */
bool expect_refused(struct test *test, enum clause clause, struct viommu_request request);
/* Refused by one clause, and with the status that the other names. */
bool expect_refusal(struct test *test, enum clause refused, enum clause clause,
                    struct viommu_request request, uint8_t status);
/*
 * A valid request of the test's set-up: must succeed, by the statement that says what the request
 * is for, or the test cannot go on. NOMEM is no verdict on the device.
 */
void require_ok(struct test *test, struct viommu_request request);

/* ATTACH of the n-th endpoint to the n-th domain, the usual set-up of a test without DMA. */
void require_attach(struct test *test, unsigned domain, unsigned endpoint);

/* Whether [first, last] is mapped somewhere in the domain: a MAP over it is refused, INVAL. */
bool is_mapped(struct test *test, uint32_t domain, uint64_t first, uint64_t last);
