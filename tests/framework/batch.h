/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of any type in one notification, each with parts of the sizes and in the descriptors that a test
 * wants, and poison around all of them.
 */
#pragma once

#include "tests/framework/fixture.h"

#define BATCH_MAX 3

enum batch_layout {
    BATCH_DIRECT,   /* a descriptor for each part */
    BATCH_PIECES,   /* both parts are cut into several */
    BATCH_INDIRECT, /* a table, where that is negotiated; else as BATCH_DIRECT */
    BATCH_LAYOUTS
};

/* One of them, and what became of it. */
struct batch_item {
    const void *request;
    uint32_t readable, writable; /* bytes: the latter at least the tail's, PAGE_SIZE at most */
    enum batch_layout layout;

    uint16_t head;
    uint8_t *in, *out; /* the parts */
    bool is_back, is_back_twice, has_strayed;
    uint32_t written; /* the used length */
};

/* Memory for batches until the end of the test. */
struct batch {
    struct test *test;
    uint8_t *rooms[BATCH_MAX]; /* for the parts of each */
    struct virtq_desc *tables[BATCH_MAX];
};

struct batch batch_new(struct test *test);
/*
 * Makes them available, notifies once and waits for all. False: the queue has not as many entries.
 * The ledger records nothing of them: the caller notes each answer.
 */
bool batch_submit(struct batch *batch, struct batch_item *items, unsigned count);
