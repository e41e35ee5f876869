/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One row of the benchmark: a region that is run many times, its three phases timed apart. A row is
 * printed for people and as a JSON record for machines.
 */
#pragma once

#include "lib/stats/stats.h"
#include "tests/lab.h"

/* Where the cycles of a region went: ours, the device's (as far as it works inside the notification
 * or makes us wait), and ours again for judging the answers. */
struct phases {
    uint64_t submit, notify, wait;
    unsigned regions; /* how often the clock was read around the three */
};

struct row {
    const char *operation;
    const char
        *job;       /* "raw": encode, submit, judge the status; "tracked": and kept in a rangemap */
    unsigned batch; /* requests for one notification */
    uint64_t size;  /* bytes of each mapping; 0: none */
    unsigned live;  /* mappings there besides */
    unsigned goal;  /* guest instructions per operation that the project aims at; 0: none */
};

/* The samples of a row: cycles per operation, or instructions. */
struct series {
    uint64_t *samples;
    unsigned count, capacity;
    bool counts_instructions;
    struct phases empty; /* what the clock itself takes in a region, and is left out */
    struct phases total;
    uint64_t operations;
};

struct series series_new(struct test *test, unsigned capacity);
/* A region of `operations` operations that took these cycles. */
void series_add(struct series *series, const struct phases *cycles, unsigned operations);

/* The header of the table; once in a test, before its rows. */
void print_header(struct test *test);
void print_row(struct test *test, const struct row *row, struct series *series);
