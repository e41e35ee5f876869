/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a value from its front to its end. The first part that is not what was expected ends it:
 * `at` is where that part begins, `expected` what it should have been, and every later step fails.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct scan {
    const char *at;
    const char *expected; /* NULL: nothing was wrong so far */
};

enum scan_radix {
    SCAN_DECIMAL = 10,
    SCAN_HEX = 16, /* without a prefix */
    SCAN_PLAIN,    /* 0x and hexadecimal, else decimal */
    SCAN_C,        /* 0x and hexadecimal, 0 and octal, else decimal */
};

/* Fails at the present place; always false. */
bool scan_fail(struct scan *scan, const char *expected);
/* The very characters of `literal`. */
bool scan_literal(struct scan *scan, const char *literal, const char *expected);
/* Digits without a sign, as many as there are, whose value is from min to max. */
bool scan_number(struct scan *scan, enum scan_radix radix, uint64_t min, uint64_t max,
                 uint64_t *number, const char *expected);
/* Nothing is left. */
bool scan_end(struct scan *scan);
