/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof that what a device says of a request is what it has done. submit() calls it for every request
 * that is refused, and for every one that is accepted where the text would let it be refused: by
 * requests, and by transfers of an engine that is quick enough. lib/model says which states the
 * answer leaves possible (model_effects()); if none of them is there, that is a finding.
 */
#pragma once

#include "drivers/viommu/request.h"
#include "lib/model/model.h"
#include "tests/framework/fixture.h"

/* Forgets the test before. */
void state_begin(void);
/* After an answer with a status, which fixture_remember() has recorded. */
void state_prove(struct test *test, const struct viommu_request *request);
/*
 * From here on in this test with every engine, all domains and all of their mappings, as far as
 * there is room for: for a test that is about nothing else.
 */
void state_be_thorough(void);
/* Not in this test from here on: it counts the notifications that its requests cause. */
void state_be_quiet(void);
/*
 * At any time: the device is as the ledger says, after `what` has happened to it; by `clause`. With
 * `before`, the state before that, what was there then is looked for as well.
 */
bool state_expect(struct test *test, const struct model *before, enum clause clause,
                  const char *what);
