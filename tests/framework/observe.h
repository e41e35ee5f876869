/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observations of the device's state that leave it as it is: what a MAP is answered that is undone
 * at once, and where a write of an engine lands. One is made once, and compared with every state
 * that the model says is possible.
 */
#pragma once

#include "lib/model/model.h"
#include "tests/framework/fixture.h"

enum observation_kind {
    OBSERVE_DOMAIN, /* whether the domain exists and takes mappings: MAP of free addresses */
    OBSERVE_RANGE,  /* whether something is mapped in a range: MAP of it */
    OBSERVE_WRITE,  /* where a write lands */
};

#define OBSERVED_PLACES 6

struct observation {
    enum observation_kind kind;
    uint32_t domain;
    uint64_t first, last; /* of the MAP, or of the write */
    struct dma_engine *engine;

    /* Where the write may land that memory is watched at, physical addresses. */
    uint64_t places[OBSERVED_PLACES];
    unsigned place_count;

    bool is_made;    /* what follows holds */
    bool found;      /* the domain, a mapping, or the bytes in one of the places */
    uint64_t at;     /* ... which one */
    bool is_partial; /* not all of the bytes are there, and nowhere else either */
};

/*
 * Makes an observation of the first two kinds; not made where the answer does not say: NOMEM, or no
 * answer at all.
 */
void observe_by_request(struct test *test, struct observation *observation);
/*
 * Makes one by a write, with the engine's footprint reachable. All of the places are memory that
 * belongs to the running test, and hold afterwards what they did before.
 */
void observe_by_write(struct test *test, struct observation *observation);

/* What a state says of an observation. */
struct expectation {
    bool is_known; /* false: it says nothing, as of a write that is allowed in part */
    bool found;
    uint64_t at;
};
struct expectation expectation_of(const struct model *model, const struct observation *observation);
/* Whether they agree, also where one of them is silent. */
bool observation_fits(const struct observation *observation, const struct expectation *expected);

/* Adds a place, if it is memory of the test's; false: it is not, or there is no room. */
bool observation_watch(struct test *test, struct observation *observation, uint64_t physical);
/* For a person: "MAP into domain 1", "virtio-blk writes 512 bytes at 0x1000". */
#define OBSERVATION_TEXT 96
void observation_text(const struct observation *observation, char text[OBSERVATION_TEXT]);
/* ... and what of it: "arrives at 0x1000", "is refused". */
void outcome_text_of(const struct observation *observation, bool found, uint64_t at,
                     bool is_partial, char text[OBSERVATION_TEXT]);
