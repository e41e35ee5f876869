// SPDX-License-Identifier: BSD-2-Clause
#include "lib/text/scan.h"

#include <string.h>

bool scan_fail(struct scan *scan, const char *expected)
{
    if (!scan->expected)
        scan->expected = expected;
    return false;
}

bool scan_literal(struct scan *scan, const char *literal, const char *expected)
{
    size_t length = strlen(literal);

    if (scan->expected || strncmp(scan->at, literal, length))
        return scan_fail(scan, expected);
    scan->at += length;
    return true;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 'a' ^ 'A';
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : UINT32_MAX;
}

/*
 * Steps over a prefix only if a digit follows: in "0x" the 0 is a number, and the x is not in it.
 */
static unsigned radix_of(const char **at, enum scan_radix radix)
{
    if (radix == SCAN_DECIMAL || radix == SCAN_HEX)
        return radix;
    if ((*at)[0] == '0' && ((*at)[1] | ('a' ^ 'A')) == 'x' && digit_value((*at)[2]) < 16) {
        *at += 2;
        return 16;
    }
    return radix == SCAN_C && (*at)[0] == '0' ? 8 : 10;
}

bool scan_number(struct scan *scan, enum scan_radix radix, uint64_t min, uint64_t max,
                 uint64_t *number, const char *expected)
{
    const char *at = scan->at;
    unsigned base = radix_of(&at, radix);
    const char *first = at;
    uint64_t value = 0;

    for (; digit_value(*at) < base; at++)
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit_value(*at), &value))
            return scan_fail(scan, expected);
    if (scan->expected || at == first || value < min || value > max)
        return scan_fail(scan, expected);
    scan->at = at;
    *number = value;
    return true;
}

bool scan_end(struct scan *scan)
{
    return !scan->expected && *scan->at == '\0' ? true : scan_fail(scan, "the end");
}
