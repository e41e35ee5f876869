/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One row of the benchmark: a region that is run many times, its three phases timed apart. A row is
 * printed for people and as a JSON record for machines.
 */
#pragma once

#include "lib/stats/stats.h"
#include "tests/framework/fixture.h"

#define REGIONS 300 /* of each row about requests */

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

/* How far a figure is from what the project aims at. */
struct goal {
    const char *name, *unit;
    uint64_t target;
    bool is_least;        /* the target is the least that is wanted, else the most */
    bool in_instructions; /* measured by the clock that counts instructions, else by time */
};

/*
 * A line for people and a JSON record; where the clock of this run is too coarse, a line says so.
 */
void print_goal(const struct test *test, const struct goal *goal, uint64_t measured);
/* Instructions of one operation; 0 of a row that was not measured. */
uint64_t series_each(const struct series *series);
/* How much of the whole was spent inside the notification, where the device works; in percent. */
uint64_t series_device_share(const struct series *series);
