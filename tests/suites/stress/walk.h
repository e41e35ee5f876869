/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random walk through the requests, valid and invalid, beside the model: every status is
 * compared, and real transfers check that memory agrees with the statuses. A walk is a sequence of
 * episodes, each from a device that was reset, so the requests that lead to a mismatch are never
 * more than one episode.
 */
#pragma once

#include "lib/model/model.h"
#include "tests/framework/transfer.h"

#define WALK_EPISODE 200 /* requests */
#define WALK_BATCH   64  /* of them in one notification, at most */
#define WALK_DOMAINS 4
#define WALK_ENGINES 2
#define WALK_ARENA   64        /* units that mappings point to, but ... */
#define WALK_BYTES   0x1000000 /* ... about as many bytes at the most, and ... */
#define WALK_LEAST   4         /* ... units at the least */
#define WALK_WINDOW  96        /* granules that mappings are made in */
#define WALK_POISON  0x5a

struct walk_step {
    struct viommu_request request;
    uint8_t status;
};

struct walk {
    struct test *test;
    struct viommu *viommu;
    struct model *model;
    uint8_t *arena; /* poison */
    uint64_t arena_size;
    uint64_t window;
    struct dma_engine *engines[WALK_ENGINES]; /* fast ones that write */
    unsigned engine_count;
    /* Clauses that the device violates: reported once, then left out of the walk. */
    bool excluded[CLAUSE_COUNT];
    struct walk_step steps[WALK_EPISODE + WALK_BATCH]; /* of this episode */
    unsigned step_count;
    uint64_t episodes, requests, refused, transfers, denied;
};

void walk_begin(struct walk *walk, struct test *test);
/* One episode; false when a transfer showed that the device does not isolate: the walk is over. */
bool walk_episode(struct walk *walk);
void walk_print(const struct walk *walk);

/* Whether a walk can transfer at all: the granule has to be small enough, and not too small. */
bool walk_can_transfer(const struct viommu *viommu);
/* A random engine writes or reads at a random address; false: memory is not as the model says. */
bool walk_transfer(struct walk *walk);
/* Prints the requests of this episode, so that a mismatch can be reproduced by hand. */
void walk_print_episode(const struct walk *walk);
