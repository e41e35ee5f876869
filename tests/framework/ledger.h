/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the requests of a test have made of the device since it was reset, by the model. It follows
 * what fixture_remember() records. A test may also hand requests over in ways of its own; then, and
 * where the model can't follow the device, nothing is known until the next reset.
 */
#pragma once

#include "lib/model/model.h"
#include "tests/framework/fixture.h"

/* What the configuration of the running test's IOMMU says to the model. */
struct model_config ledger_config(struct test *test);

/* Takes the memory that the ledger needs, once. Without it no state is ever known. */
void ledger_open(struct pages *memory);
/* Nothing is attached: the device was reset, or all was detached. */
void ledger_begin(struct test *test);
/*
 * A request was answered. Where the answer leaves more than
 * one state possible, the state is not known until ledger_set() says which it is.
 */
void ledger_note(struct test *test, const struct viommu_request *request, uint8_t status);
/* `count` chains were answered that change nothing: PROBE, and what the framework has undone. */
void ledger_skip(unsigned count);
/* The state, or NULL where it is not known; the bypass byte is read for it. */
const struct model *ledger_state(struct test *test);
/* The state, for a test that is about nothing else: skips it where the device does not let it be known. */
const struct model *ledger_require(struct test *test);
/* The state turned out to be this one. */
void ledger_set(const struct model *model);

/* The last request that was noted. */
struct ledger_entry {
    struct viommu_request request;
    struct model_answer answer; /* before it */
    uint8_t status;             /* that it got */
    struct model_effects effects;
    bool is_optional; /* its acceptance was */
};
/*
 * NULL where the state before it was not known. `before` is that state if the effects are several,
 * else the state after it.
 */
const struct ledger_entry *ledger_last(struct test *test, const struct model **before);
/* From here on the state is not known. */
void ledger_lose(void);
