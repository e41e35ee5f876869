/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random walk through the requests, valid and invalid, beside the model: every status is
 * compared, and real transfers look at what the statuses promise. A walk is a row of episodes, each
 * from a fresh device, so that what leads to a mismatch is never longer than one of them.
 */
#pragma once

#include "lib/model/model.h"
#include "tests/framework/transfer.h"

#define WALK_EPISODE 200 /* requests */
#define WALK_DOMAINS 4
#define WALK_ENGINES 2
#define WALK_ARENA   64 /* pages that mappings point to */
#define WALK_WINDOW  96 /* granules that mappings are made in */
#define WALK_POISON  0x5a

struct walk_step {
    struct viommu_request request;
    uint8_t status;
};

struct walk {
    struct test *test;
    struct viommu *viommu;
    struct model *model;
    uint8_t *arena; /* WALK_ARENA pages of poison */
    uint64_t window;
    struct dma_engine *engines[WALK_ENGINES]; /* quick ones that write */
    unsigned engine_count;
    /* Statements that the device was found to violate: named once, then left out of the walk. */
    bool excluded[CLAUSE_COUNT];
    struct walk_step steps[WALK_EPISODE + 64]; /* of this episode */
    unsigned step_count;
    uint64_t episodes, requests, refused, transfers, denied;
};

void walk_begin(struct walk *walk, struct test *test);
/* One episode; false when a transfer showed that the device does not isolate: the walk is over. */
bool walk_episode(struct walk *walk);
void walk_print(const struct walk *walk);

/* The transfers of a walk. Whether there can be any, as the device's granule is. */
bool walk_can_transfer(const struct viommu *viommu);
/*
 * A random engine writes or reads at a random address, and memory must be as the model says; false:
 * it is not.
 */
bool walk_transfer(struct walk *walk);
/* What led here, for whoever wants to do it again by hand. */
void walk_print_episode(const struct walk *walk);
