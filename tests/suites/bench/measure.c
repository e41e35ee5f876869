// SPDX-License-Identifier: BSD-2-Clause
#include "tests/suites/bench/measure.h"

#include <stdio.h>

#include "arch/arch.h"
#include "tests/framework/report.h"

#define NS_PER_S      1000000000ull
#define EMPTY_REGIONS 64

typedef unsigned long long ull;

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The least that a region with nothing in it takes. */
static struct phases empty_region(void)
{
    struct phases least = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 1};

    for (unsigned i = 0; i < EMPTY_REGIONS; i++) {
        uint64_t start = arch_cycles();
        uint64_t staged = arch_cycles();
        uint64_t notified = arch_cycles();
        uint64_t collected = arch_cycles();

        least.submit = lesser(least.submit, staged - start);
        least.notify = lesser(least.notify, notified - staged);
        least.wait = lesser(least.wait, collected - notified);
    }
    return least;
}

struct series series_new(struct test *test, unsigned capacity)
{
    size_t bytes = capacity * sizeof(uint64_t);

    return (struct series){
        .samples = fixture_pages(test, (unsigned)((bytes + PAGE_SIZE - 1) / PAGE_SIZE)),
        .capacity = capacity,
        .counts_instructions = test->fixture->options->icount,
        .empty = empty_region(),
    };
}

static uint64_t sum_of(const struct phases *phases)
{
    return phases->submit + phases->notify + phases->wait;
}

/* The VM's clock counts instructions as nanoseconds; a cycle of the guest's is some of them. */
static struct phases in_instructions(const struct phases *phases)
{
    return (struct phases){arch_cycles_to_ns(phases->submit), arch_cycles_to_ns(phases->notify),
                           arch_cycles_to_ns(phases->wait), phases->regions};
}

void series_add(struct series *series, const struct phases *cycles, unsigned operations)
{
    const struct phases *empty = &series->empty;
    unsigned regions = cycles->regions;
    struct phases phases = {
        cycles->submit - lesser(cycles->submit, regions * empty->submit),
        cycles->notify - lesser(cycles->notify, regions * empty->notify),
        cycles->wait - lesser(cycles->wait, regions * empty->wait),
        regions,
    };

    if (series->counts_instructions)
        phases = in_instructions(&phases);
    if (series->count < series->capacity)
        series->samples[series->count++] = sum_of(&phases) / operations;
    series->total.submit += phases.submit;
    series->total.notify += phases.notify;
    series->total.wait += phases.wait;
    series->operations += operations;
}

void print_header(struct test *test)
{
    if (test->fixture->options->icount)
        report_diagnostic("%-14s %-7s %5s %7s %6s %12s %6s", "operation", "job", "batch", "size",
                          "live", "instructions", "goal");
    else
        report_diagnostic("%-14s %-7s %5s %7s %6s %7s %7s %7s %7s %8s %9s %s", "operation", "job",
                          "batch", "size", "live", "min ns", "p50", "p90", "p99", "max", "op/s",
                          "submit/notify/wait");
}

uint64_t series_each(const struct series *series)
{
    return series->operations ? sum_of(&series->total) / series->operations : 0;
}

uint64_t series_device_share(const struct series *series)
{
    return stats_scale(series->total.notify, 100, sum_of(&series->total));
}

void print_goal(const struct test *test, const struct goal *goal, uint64_t measured)
{
    bool is_met = goal->is_least ? measured >= goal->target : measured <= goal->target;
    unsigned ratio = (unsigned)stats_scale(measured, 100, goal->target);
    char line[240];

    if (goal->in_instructions != test->fixture->options->icount) {
        report_diagnostic("goal %s: not measured, it is one of a run %s --icount", goal->name,
                          goal->in_instructions ? "with" : "without");
        return;
    }
    report_diagnostic("goal %s: measured %llu %s, target at %s %llu, ratio %u %%, %s", goal->name,
                      (ull)measured, goal->unit, goal->is_least ? "least" : "most",
                      (ull)goal->target, ratio, is_met ? "met" : "missed");
    snprintf(line, sizeof(line),
             "# json {\"goal\":\"%s\",\"unit\":\"%s\",\"measured\":%llu,\"target\":%llu,"
             "\"ratio_percent\":%u,\"met\":%s}",
             goal->name, goal->unit, (ull)measured, (ull)goal->target, ratio,
             is_met ? "true" : "false");
    report_line(line);
}

/* Shares of the whole in percent. */
static unsigned percent(uint64_t part, uint64_t whole)
{
    return (unsigned)stats_scale(part, 100, whole);
}

static void print_instructions(const struct row *row, const struct series *series)
{
    char goal[40] = "";
    uint64_t each = series_each(series);

    if (row->goal)
        snprintf(goal, sizeof(goal), "%u (%u %%)", row->goal,
                 (unsigned)stats_scale(each, 100, row->goal));
    report_diagnostic("%-14s %-7s %5u %7llu %6u %12llu %s", row->operation, row->job, row->batch,
                      (ull)row->size, row->live, (ull)each, goal);
}

static void print_times(const struct row *row, const struct series *series,
                        const struct stats *stats)
{
    const struct phases *total = &series->total;
    uint64_t ns = arch_cycles_to_ns(sum_of(total));

    report_diagnostic(
        "%-14s %-7s %5u %7llu %6u %7llu %7llu %7llu %7llu %8llu %9llu %u/%u/%u %%", row->operation,
        row->job, row->batch, (ull)row->size, row->live, (ull)arch_cycles_to_ns(stats->min),
        (ull)arch_cycles_to_ns(stats->p50), (ull)arch_cycles_to_ns(stats->p90),
        (ull)arch_cycles_to_ns(stats->p99), (ull)arch_cycles_to_ns(stats->max),
        (ull)stats_scale(series->operations, NS_PER_S, ns), percent(total->submit, sum_of(total)),
        percent(total->notify, sum_of(total)), percent(total->wait, sum_of(total)));
}

static void print_record(const struct test *test, const struct row *row,
                         const struct series *series, const struct stats *stats)
{
    const struct phases *total = &series->total;
    bool icount = series->counts_instructions;
    char line[640];

    snprintf(line, sizeof(line),
             "# json {\"bench\":\"%s\",\"job\":\"%s\",\"batch\":%u,\"size\":%llu,\"live\":%u,"
             "\"operations\":%llu,\"clock\":\"%s\",\"clock_hz\":%llu,\"seed\":%llu,"
             "\"unit\":\"%s\",\"goal\":%u,\"min\":%llu,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,"
             "\"max\":%llu,\"cycles\":%llu,\"submit\":%llu,\"notify\":%llu,\"wait\":%llu}",
             row->operation, row->job, row->batch, (ull)row->size, row->live,
             (ull)series->operations, icount ? "instructions" : arch_clock_name(),
             icount ? NS_PER_S : (ull)arch_cycles_per_second(), (ull)test->fixture->options->seed,
             icount ? "instructions" : "cycles", row->goal, (ull)stats->min, (ull)stats->p50,
             (ull)stats->p90, (ull)stats->p99, (ull)stats->max, (ull)sum_of(total),
             (ull)total->submit, (ull)total->notify, (ull)total->wait);
    report_line(line);
}

void print_row(struct test *test, const struct row *row, struct series *series)
{
    struct stats stats;

    stats_summarize(&stats, series->samples, series->count);
    if (test->fixture->options->icount)
        print_instructions(row, series);
    else
        print_times(row, series, &stats);
    print_record(test, row, series, &stats);
}
