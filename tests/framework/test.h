/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test is one function in one file:
 *
 *     #define SUITE "conformance.map"
 *     TEST(overlap_is_rejected, .clauses = CLAUSES(IOMMU_MAP_D07, IOMMU_MAP_D08),
 *          .needs = NEEDS_ENDPOINT)
 *     { ... }
 *
 * Its id is conformance.map.overlap_is_rejected. The linker collects it; there is no list. It
 * starts with the IOMMU reset, its features negotiated and nothing attached, and the next test
 * sees nothing of it.
 * tests/README.md leads through the first one.
 *
 * The verdict follows from the clause's level in lib/spec/clauses.def and from the impact of what was
 * seen, not from the test: isolation, data and liveness are a FAIL at every level, the rest is a FAIL
 * by a MUST or by defining prose, and a WARN by a SHOULD. A test decides one thing only: whether the
 * specification decides the case.
 *
 *   expect()          The text decides. The impact is the clause's, in clauses.def.
 *   expect_impact()   The same, where more was seen: DMA that got through, say.
 *   expect_should()   The text leaves the case open, and a device that does the other thing
 *                     conforms: a driver must not send this, two statements disagree, or nothing is
 *                     said. WARN at most, whatever the level.
 *   expect_survival() The case is open, and whatever the device does there, it must go on.
 *
 * What is open for a request stands in lib/model/judge.c: where it sets `is_open` or calls
 * expect_should_not(), with the reason beside it. A test and the model must agree: the stress walk
 * judges every status by the model.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/rng/rng.h"
#include "lib/spec/clause.h"

struct fixture;
struct test;

/* What the machine must have; a test that lacks it is skipped, with the reason. */
enum test_needs {
    NEEDS_IOMMU = 1u << 0,    /* a virtio-iommu that could be opened */
    NEEDS_ENDPOINT = 1u << 1, /* one endpoint behind the IOMMU */
    NEEDS_TWO_ENDPOINTS = 1u << 2,
    NEEDS_DMA = 1u << 3,           /* an engine that reads and writes */
    NEEDS_TWO_ENGINES = 1u << 4,   /* two engines that write */
    NEEDS_MAP_UNMAP = 1u << 5,     /* the feature */
    NEEDS_PROBE = 1u << 6,         /* the feature */
    NEEDS_BYPASS_CONFIG = 1u << 7, /* the feature */
    NEEDS_EXACT_DMA = 1u << 8,     /* an engine that transfers any number of bytes (slow ones) */
    NEEDS_PCI = 1u << 9,           /* the IOMMU is a PCI function */
    NEEDS_MMIO = 1u << 10,         /* the IOMMU is on virtio-mmio */
    NEEDS_CPUS = 1u << 11,         /* a second CPU */
    NEEDS_NO_START = 1u << 12,     /* only registers: the IOMMU is neither reset nor negotiated */
    NEEDS_WRITER = 1u << 13,       /* an engine that writes */
};

struct test_definition {
    const char *suite, *name;
    void (*run)(struct test *test);
    const enum clause *clauses; /* ends with CLAUSE_NONE; NULL: none */
    unsigned needs;
    bool is_optional;   /* runs only when a glob names its suite */
    bool provokes;      /* does to the device what a driver must not: out of order (3.1.1) */
    unsigned limit_s;   /* the watchdog's timeout in seconds; 0: the usual 10 */
    bool adds_duration; /* ... plus the stress duration */
    unsigned requests;  /* ... plus what these cost on this host, where they are more than 500 */
};

#define CLAUSES(...) ((const enum clause[]){__VA_ARGS__, CLAUSE_NONE})

/* A pointer in the section, not the definition: an aligned definition would leave gaps. */
#define TEST(identifier, ...)                                                                      \
    static void identifier(struct test *test);                                                     \
    static const struct test_definition identifier##_definition = {                                \
        .suite = SUITE, .name = #identifier, .run = identifier, __VA_ARGS__};                      \
    static const struct test_definition *const identifier##_entry                                  \
        __attribute__((used, section(".tests"))) = &identifier##_definition;                       \
    static void identifier(struct test *test)

/* In rising severity. */
enum verdict { VERDICT_PASS, VERDICT_SKIP, VERDICT_WARN, VERDICT_FAIL, VERDICT_ERROR };

#define TEST_REASON_MAX 280

/* The running test. */
struct test {
    const struct test_definition *definition;
    struct fixture *fixture;
    struct rng rng;            /* a stream of its own, from the seed and the test's id */
    unsigned checks;           /* of clauses that it claims, or of any where it claims none */
    bool judged[CLAUSE_COUNT]; /* which statements they were of */
    enum verdict verdict;
    enum impact impact;           /* of the finding that decided it, if any */
    char reason[TEST_REASON_MAX]; /* the worst finding, of several the first */
    jmp_buf stop;
};

/* Whether the test's `.clauses` name it. */
bool test_claims(const struct test *test, enum clause clause);

/*
 * Judges a statement; `format` says what was seen and what was expected. The finding is a FAIL, a
 * WARN or, of a MAY, only a note; the test continues. Returns the condition.
 */
bool expect(struct test *test, enum clause clause, bool condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a case that the text leaves open, or for robustness: a WARN at most. */
bool expect_should(struct test *test, enum clause clause, bool condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* As expect(), with the impact of what was seen in place of the clause's. */
bool expect_impact(struct test *test, enum clause clause, enum impact impact, bool condition,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The device still works after something that the text leaves open; if not, it is a FAIL. */
bool expect_survival(struct test *test, enum clause clause, bool condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* As expect(), and a false condition ends the test. */
void require(struct test *test, enum clause clause, bool condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * Both end the test: skip() where the machine or the device lacks something, error() where our own
 * set-up failed and there is no verdict on the device.
 */
_Noreturn void skip(struct test *test, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void error(struct test *test, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Says why this run can't judge a clause that the test claims; no effect where it was judged. A
 * claim that is neither judged nor waived makes a test that would pass an ERROR: a clause must not
 * look tested when no check of it ran.
 */
void waive(struct test *test, enum clause clause, const char *why);
/* A diagnostic line. */
void note(struct test *test, const char *format, ...) __attribute__((format(printf, 2, 3)));
